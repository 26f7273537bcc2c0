"""Work done in another process: its results, and what becomes of items over which that ends."""

import os
import signal
import time

import pytest

from realink.errors import InputError
from realink.images import isolated


def test_results_come_in_order_and_what_is_raised_is_raised_here():
    assert list(isolated.each(lambda n: n * n, range(5))) == [0, 1, 4, 9, 16]
    assert list(isolated.each(len, [])) == []

    def refuse(n):
        if n == 2:
            raise InputError("two: take another")
        return n

    found = isolated.each(refuse, range(4))
    assert [next(found), next(found)] == [0, 1]
    with pytest.raises(InputError, match="two: take another"):
        next(found)


def test_a_crash_costs_its_item_only():
    def work(n):
        if n == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        if n == 3:
            os._exit(7)
        return n, os.getpid()

    first, segfault, second, ended, third = isolated.each(work, range(5))
    assert [first[0], second[0], third[0]] == [0, 2, 4]
    assert len({first[1], second[1], third[1], os.getpid()}) == 4
    assert str(segfault) == "it ends the process that reads it (SIGKILL)"
    assert str(ended) == "it ends the process that reads it (status 7)"


def test_an_item_that_takes_too_long_is_ended(monkeypatch):
    monkeypatch.setattr(isolated, "SECONDS", 0.2)

    def work(n):
        while n == 1:
            pass
        time.sleep(0.3)  # waiting takes no time of the processor
        return n

    first, endless, last = isolated.each(work, range(3))
    assert (first, last) == (0, 2)
    assert isinstance(endless, isolated.Ended)
    assert str(endless) == "it takes over 0.2 s"


def test_no_process_is_left_when_no_more_is_wanted():
    found = isolated.each(lambda n: os.getpid(), range(100))
    process = next(found)
    found.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
