"""Inputs tried in a process that may crash, hang or grow, and what became of each."""

import multiprocessing
import os
import resource
import signal
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

SECONDS, BYTES = 10.0, 1_500_000_000  # of the processor, and of memory
PATIENCE = 300.0  # seconds
# Beyond it memory is refused, so that this machine lives.
MOST = 4_000_000_000

FORK = multiprocessing.get_context("fork")


def outcomes(attempt: Callable[[int], str], numbers: range) -> Iterator[tuple[int, str]]:
    """Try each number in a process that is watched; give it and its outcome.

    An outcome is what `attempt` returns, or ``crashed``, ``hung`` or ``too large``, all with the
    reason.
    """
    pending = list(numbers)
    while pending:
        receiving, sending = FORK.Pipe(duplex=False)
        process = FORK.Process(target=_work, args=(attempt, pending, sending), daemon=False)
        process.start()
        sending.close()
        while pending:
            outcome = _next(receiving, process)
            yield pending.pop(0), outcome
            if outcome.startswith(FATAL):
                break
        receiving.close()
        process.kill()
        process.join()


FATAL = ("crashed", "hung")


def _next(receiving: Connection, process: multiprocessing.Process) -> str:
    # It may wait for something; or for the processor, where others have work for it too.
    if not receiving.poll(PATIENCE):
        return f"hung: over {PATIENCE:g} s"
    try:
        return receiving.recv()
    except EOFError:
        process.join()
        code = process.exitcode or 0
        if code == -signal.SIGPROF:
            return f"hung: over {2 * SECONDS:g} s of the processor"
        return f"crashed: {signal.Signals(-code).name if code < 0 else f'exit status {code}'}"


def _work(attempt: Callable[[int], str], numbers: list[int], sending: Connection) -> None:
    # An end by a signal is what is looked for, and needs no core dump.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MOST + _status("VmSize"), -1))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    for number in numbers:
        signal.setitimer(signal.ITIMER_PROF, 2 * SECONDS)
        Path("/proc/self/clear_refs").write_text("5")  # forget the highest
        # Its children's too, in which fonts are read.
        started, before, children = sum(os.times()[:4]), _status("VmRSS"), _largest_child()
        outcome = attempt(number)
        seconds, grown = sum(os.times()[:4]) - started, _status("VmHWM") - before
        if _largest_child() > children:
            grown = max(grown, _largest_child() - before)
        if seconds > SECONDS:
            outcome = f"hung: {seconds:.0f} s of the processor, {outcome}"
            sending.send(outcome)
            os._exit(0)
        if grown > BYTES:
            outcome = f"too large: {grown / 1e9:.1f} GB, {outcome}"
        sending.send(outcome)


def _largest_child() -> int:
    """The most memory that any child had that has ended, in bytes."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def _status(field: str) -> int:
    """A size of this process, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(field)
