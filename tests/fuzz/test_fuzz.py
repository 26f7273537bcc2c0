"""A part of the fuzz, the same every time; all of it by `make fuzz`."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.fuzz import watching
from tests.fuzz.kind import GOOD, ROOT
from tests.fuzz.kinds import KINDS
from tests.fuzz.watching import outcomes

# Inputs of each kind, a few seconds.
COUNTS = {"pictures": 300, "fonts": 30, "IDX files": 60, "checkpoints": 100, "configs": 40}
USUAL = 120


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_damaged_input_is_read_rightly_or_refused(kind):
    made, seed = kind(), 1
    numbers = range(COUNTS.get(kind.name, USUAL))
    found = list(outcomes(lambda number: made.attempt(seed, number), numbers))
    assert [number for number, _ in found] == list(numbers)
    assert [fault for fault in found if fault[1] not in GOOD] == []
    assert "refused" in {outcome for _, outcome in found}


def killed():
    os.kill(os.getpid(), signal.SIGKILL)


def endless():
    while True:
        pass


def slow():
    end = time.process_time() + 1.2
    while time.process_time() < end:
        pass


def waiting():
    time.sleep(60)


def large():
    assert len(b"x" * 100_000_000)


@pytest.mark.parametrize(
    ("fault", "limit", "said"),
    [
        (killed, {}, "crashed: SIGKILL"),
        (endless, {"SECONDS": 0.3}, "hung: over 0.6 s of the processor"),
        (slow, {"SECONDS": 1.0}, "hung: 1 s of the processor, same"),
        (waiting, {"PATIENCE": 2.0}, "hung: over 2 s"),
        (large, {"BYTES": 50_000_000}, "too large: 0.1 GB, same"),
    ],
)
def test_the_watch_sees_what_it_is_for(monkeypatch, fault, limit, said):
    for name, value in limit.items():
        monkeypatch.setattr(watching, name, value)

    def attempt(number):
        if number == 1:
            fault()
        return "same"

    assert list(outcomes(attempt, range(3))) == [(0, "same"), (1, said), (2, "same")]


@pytest.mark.parametrize(
    ("call", "name", "damage"),
    [
        ("draw-real --pool {} --n 1 --replicate 1 --seed 1 --output out", "a\nb", b"no tensors"),
        ("gather {} --source . --output out", "a\nb", b"source,\xff\n"),
        ("compare . other", "metrics.csv", b"mix,n_real\n1,2,3\n"),
    ],
)
def test_a_command_ends_in_one_line_and_leaves_nothing(tmp_path, call, name, damage):
    (tmp_path / name).write_bytes(damage)
    done = subprocess.run(
        [sys.executable, "-m", "realink", *(word.format(name) for word in call.split())],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT / "workflow")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith(f"error: {name}".replace("\n", r"\n")), done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert list(tmp_path.iterdir()) == [tmp_path / name]
