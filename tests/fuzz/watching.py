"""Inputs tried in a process that may crash, hang or grow, and what became of each."""

import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

SECONDS, BYTES = 10.0, 1_500_000_000
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
    # Of its own time: this machine may have others to work for.
    if not receiving.poll(6 * SECONDS):
        return f"hung: over {6 * SECONDS:g} s"
    try:
        return receiving.recv()
    except EOFError:
        process.join()
        code = process.exitcode or 0
        return f"crashed: {signal.Signals(-code).name if code < 0 else f'exit status {code}'}"


def _work(attempt: Callable[[int], str], numbers: list[int], sending: Connection) -> None:
    # An end by a signal is what is looked for, and needs no core dump.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MOST + _status("VmSize"), -1))
    for number in numbers:
        Path("/proc/self/clear_refs").write_text("5")  # forget the highest
        started, before = time.process_time(), _status("VmRSS")
        outcome = attempt(number)
        seconds, grown = time.process_time() - started, _status("VmHWM") - before
        if seconds > SECONDS:
            outcome = f"hung: {seconds:.0f} s of the processor, {outcome}"
            sending.send(outcome)
            os._exit(0)
        if grown > BYTES:
            outcome = f"too large: {grown / 1e9:.1f} GB, {outcome}"
        sending.send(outcome)


def _status(field: str) -> int:
    """A size of this process, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(field)
