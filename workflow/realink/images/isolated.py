"""Work that may end its process, done in another one: a C library reads what people hand in."""

import multiprocessing
import resource
import signal
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection
from typing import Any

SECONDS = 60  # of the processor's time, that an item may take

# The child sees what its parent holds, and is there in milliseconds.
FORK = multiprocessing.get_context("fork")


class Ended(Exception):
    """The process ended over an item; the message says how."""


def each(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """Call a function of each item in another process; give each result, or an `Ended`.

    An item over which the process crashes, or is ended for its time, costs nothing but its own
    result: the next ones have a new process. What the function raises is raised here.
    """
    pending = list(items)
    while pending:
        receiving, sending = FORK.Pipe(duplex=False)
        process = FORK.Process(target=_work, args=(function, pending, sending), daemon=True)
        process.start()
        sending.close()
        try:
            while pending:
                error, result = _received(receiving, process)
                if error is not None:
                    raise error
                pending.pop(0)
                yield result
                if isinstance(result, Ended):
                    break
        finally:
            process.kill()
            process.join()
            receiving.close()


def _received(receiving: Connection, process: multiprocessing.Process) -> tuple[Any, Any]:
    try:
        return receiving.recv()
    except EOFError:
        process.join()
        code = process.exitcode or 0
        if code == -signal.SIGPROF:
            return None, Ended(f"it takes over {SECONDS} s")
        how = signal.Signals(-code).name if code < 0 else f"status {code}"
        return None, Ended(f"it ends the process that reads it ({how})")


def _work(function: Callable[[Any], Any], items: list[Any], sending: Connection) -> None:
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for item in items:
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            message = None, function(item)
        except Exception as error:
            message = error, None
        sending.send(message)
