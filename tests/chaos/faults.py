"""The faults. Each is a generator: until its first `yield` before the run, then while it runs at a
random moment, then after it has ended; what is after the last `yield` cleans up."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from realink.running.outputs import WRITES


def processes(root: Path) -> list[psutil.Process]:
    """Processes at work in a folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(root):
                found.append(process)
        except psutil.Error:
            continue
    return found


def _jobs(root: Path) -> list[psutil.Process]:
    found = []
    for process in processes(root):
        try:
            if process.environ().get(WRITES) and not process.parent().environ().get(WRITES):
                found.append(process)
        except (psutil.Error, AttributeError):
            continue
    return found


def _to_a_job(number: signal.Signals):
    def strike(one) -> Iterator[None]:
        yield
        while one.run.poll() is None:
            if jobs := _jobs(one.root):
                job = one.random.choice(sorted(jobs, key=lambda process: process.pid))
                one.told["struck"] = " ".join(job.cmdline()[3:4])
                job.send_signal(number)
                break
            time.sleep(0.02)
        yield

    return strike


def _to_snakemake(number: signal.Signals):
    def strike(one) -> Iterator[None]:
        yield
        one.run.send_signal(number)
        yield

    return strike


def _to_all(number: signal.Signals):
    def strike(one) -> Iterator[None]:
        yield
        _signal_all(one.run, number)
        yield

    return strike


def _signal_all(run: subprocess.Popen, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # all have ended
        os.killpg(run.pid, number)


def full_disk(one) -> Iterator[None]:
    """No byte left for some seconds."""
    disk = one.root / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64M", "tmpfs", disk], check=True)
    try:
        one.move_results(disk / "tiny")
        yield
        ballast, room = disk / "ballast", os.statvfs(disk)
        with suppress(OSError):  # a job was quicker
            ballast.write_bytes(bytes(room.f_bavail * room.f_frsize))
        time.sleep(one.random.uniform(1, 6))
        ballast.unlink()
        yield
        yield
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def _damage(one) -> None:
    """Cut off, or change one bit of, any output that is there."""
    there = sorted(path for path in one.outputs() if path.is_file() and path.stat().st_size)
    if not there:
        return
    path = one.random.choice(there)
    content = bytearray(path.read_bytes())
    lines = bytes(content).splitlines(keepends=True)
    if one.random.random() < 0.5:
        content[one.random.randrange(len(content))] ^= 1 << one.random.randrange(8)
        how = "one bit"
    elif path.suffix == ".csv" and len(lines) > 1:
        content = b"".join(lines[: one.random.randrange(1, len(lines))])
        how = "cut off between lines"
    else:
        content = content[: one.random.randrange(len(content))]
        how = "cut off"
    path.write_bytes(content)
    one.told["struck"] = f"{path.relative_to(one.root)}: {how}"


def damaged_meanwhile(one) -> Iterator[None]:
    yield
    _damage(one)
    yield


def damaged_afterwards(one) -> Iterator[None]:
    yield
    yield
    _damage(one)
    yield


def edited_config(one) -> Iterator[None]:
    """Ctrl-C, some seconds of a run with another config, Ctrl-C, and the old one again."""
    yield
    _signal_all(one.run, signal.SIGINT)
    one.run.wait(timeout=300)
    config = one.root / "tiny.yaml"
    old = config.read_text()
    config.write_text(old.replace("steps: 40", "steps: 30"))
    run = one.start("edited")
    time.sleep(one.random.uniform(3, 20))
    _signal_all(run, signal.SIGINT)
    run.wait(timeout=300)
    config.write_text(old)
    yield


def edited_module(one) -> Iterator[None]:
    """A module that most jobs run is another one for some seconds."""
    yield
    module = one.root / "workflow/realink/store/files.py"
    old = module.read_text()
    module.write_text(f"{old}\nEDITED = True\n")
    time.sleep(one.random.uniform(1, 6))
    module.write_text(old)
    yield


def clock_set_back(one) -> Iterator[None]:
    """Some outputs look hours older than what they were made of."""
    yield
    there = sorted(path for path in one.outputs() if path.exists())
    for path in one.random.sample(there, min(5, len(there))):
        then = time.time() - one.random.uniform(1, 48) * 3600
        with suppress(FileNotFoundError):  # its job starts anew
            os.utime(path, (then, then))
    yield


def two_snakemakes(one) -> Iterator[None]:
    """The same command a second time."""
    yield
    second = one.start("second")
    yield
    one.told["second_status"] = second.wait(timeout=600)
    yield


SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT]
FAULTS = (
    {f"{number.name} to a job": _to_a_job(number) for number in SIGNALS}
    | {f"{number.name} to snakemake": _to_snakemake(number) for number in SIGNALS}
    | {f"{number.name} to all": _to_all(number) for number in SIGNALS}
    | {
        "disk full for seconds": full_disk,
        "output damaged meanwhile": damaged_meanwhile,
        "output damaged afterwards": damaged_afterwards,
        "config edited and put back": edited_config,
        "module edited and put back": edited_module,
        "clock set back": clock_set_back,
        "two snakemakes": two_snakemakes,
    }
)
