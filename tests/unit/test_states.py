"""An interrupted training: it goes on from its saved state, to the same bytes, or not at all."""

import json
import logging
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from realink.store import checkpoints, states
from realink.store.files import read_tensors, write_images, write_tensors
from realink.store.states import State
from realink.translation.loop import train

from .test_translation import SETTINGS, THICK, THIN, WARP, cyclegan, warp

# Intervals of two steps, and a running mean with a long memory.
LONGER = {"steps": 76, "average": 0.94}


@pytest.fixture(autouse=True)
def saved_at_every_interval(monkeypatch, caplog):
    monkeypatch.setattr(states, "EVERY", 0)
    caplog.set_level(logging.INFO)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as in a job
    yield
    torch.set_num_threads(threads)


@pytest.fixture(params=[(cyclegan, SETTINGS), (warp, WARP)], ids=["cyclegan", "warp"])
def case(request):
    module, settings = request.param
    return module, replace(settings, **LONGER)


def trained(case, folder: Path, *, stop: int = 0, **changes):
    """Train with a state in `folder`, up to an exception at step `stop`: checkpoint and history."""
    module, settings = case
    rendered, real = changes.pop("rendered", THIN), changes.pop("real", THICK)
    seed = changes.pop("seed", 0)
    state = State(folder / "state", code=changes.pop("code", "0"))
    settings = replace(settings, **changes)

    def report(step, steps, row):
        if step == stop:
            raise InterruptedError

    try:
        model, history = train(
            module, rendered, real, settings, seed=seed, report=report, state=state
        )
    except InterruptedError:
        return None
    checkpoints.save(folder / "model", model, module.__name__, settings, THIN.shape)
    return (folder / "model").read_bytes(), json.dumps(history)


def straight(case, folder: Path):
    """Train without any state."""
    module, settings = case
    model, history = train(module, THIN, THICK, settings, seed=0)
    checkpoints.save(folder / "straight", model, module.__name__, settings, THIN.shape)
    return (folder / "straight").read_bytes(), json.dumps(history)


def test_a_resumed_training_ends_in_the_same_bytes(case, tmp_path, caplog):
    for stop, last in (6, 4), (40, 38), (76, 74):
        assert trained(case, tmp_path, stop=stop) is None
        assert read_tensors(tmp_path / "state")[1]["history"][-1][0] == ["step", last]
    # Interrupted with all steps done, but nothing written.
    assert trained(case, tmp_path) == straight(case, tmp_path)
    assert trained(case, tmp_path) == straight(case, tmp_path)
    assert [f"resumed at step {step}" for step in (4, 38, 74, 76)] == caplog.messages


SHORT = (warp, replace(WARP, steps=4))  # where nothing is resumed, any training does


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"learning_rate": 1e-4}, "settings"),
        ({"seed": 1}, "seed"),
        ({"code": "1"}, "code"),
        ({"rendered": replace(THIN, images=255 - THIN.images)}, "rendered"),
        ({"rendered": replace(THIN, masks=THIN.images)}, "rendered"),
        ({"real": replace(THICK, labels=9 - THICK.labels)}, "real"),
    ],
)
def test_a_state_of_another_training_is_not_used(tmp_path, caplog, change, named):
    assert trained(SHORT, tmp_path, stop=3, **change) is None
    assert trained(SHORT, tmp_path) == straight(SHORT, tmp_path)
    assert caplog.messages == [f"{tmp_path}/state: of other {named}; starting at step 1"]


@pytest.mark.parametrize(
    ("place", "what", "named"),
    [
        (torch, "get_num_threads", "threads"),
        (torch.backends.cpu, "get_cpu_capability", "processor"),
    ],
)
def test_nor_is_one_whose_sums_were_taken_otherwise(
    tmp_path, caplog, monkeypatch, place, what, named
):
    with monkeypatch.context() as patch:
        patch.setattr(place, what, lambda: 99)
        assert trained(SHORT, tmp_path, stop=3) is None
    assert trained(SHORT, tmp_path) == straight(SHORT, tmp_path)
    assert caplog.messages == [f"{tmp_path}/state: of other {named}; starting at step 1"]


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def without_contents(content: bytes) -> bytes:
    """The right length, as a file system may leave a file after a crash."""
    return content[:-5000] + bytes(5000)


@pytest.mark.parametrize("damage", [half, without_contents, lambda content: b""])
def test_a_damaged_state_is_not_used(tmp_path, caplog, damage):
    assert trained(SHORT, tmp_path, stop=3) is None
    path = tmp_path / "state"
    path.write_bytes(damage(path.read_bytes()))
    assert trained(SHORT, tmp_path) == straight(SHORT, tmp_path)
    assert str(path) in caplog.messages[0]
    assert "starting at step 1" in caplog.messages[0]


def test_a_file_of_something_else_is_not_used(tmp_path, caplog):
    write_tensors(tmp_path / "state", {"images": THIN.images})
    assert trained(SHORT, tmp_path) == straight(SHORT, tmp_path)
    assert "starting at step 1" in caplog.messages[0]


def test_a_state_that_cannot_be_written_ends_no_training(tmp_path, caplog, monkeypatch):
    def full(*arguments):
        raise OSError("No space left on device")

    monkeypatch.setattr(states, "write_tensors", full)
    assert trained(SHORT, tmp_path) == straight(SHORT, tmp_path)
    assert "cannot save the training's state: No space left on device" in caplog.messages


def test_short_trainings_save_nothing(case, tmp_path, monkeypatch):
    monkeypatch.setattr(states, "EVERY", 30)
    trained(SHORT, tmp_path)
    assert not (tmp_path / "state").exists()


def test_the_time_before_the_interruption_counts(tmp_path):
    first = State(tmp_path / "state")
    first.started -= 100
    first.save({}, [{"step": 1}])
    again = State(tmp_path / "state")
    again.resume({})
    assert 100 <= again.seconds < 110
    again.discard()
    assert list(tmp_path.iterdir()) == []


# The command, saving at every interval; it kills itself at a step. There is no more sudden death.
COMMAND = """if True:
    import os, signal, sys
    from realink.commands import main, support
    from realink.store import states
    states.EVERY, last, report = 0, int(sys.argv.pop(1)), support.report_step

    def report_and_die(step, *rest):
        report(step, *rest)
        if step == last:
            os.kill(os.getpid(), signal.SIGKILL)

    support.report_step = report_and_die
    main()
"""


def test_a_killed_command_resumes_and_leaves_its_outputs_alone(case, tmp_path):
    module, settings = case
    name = module.__name__.rpartition(".")[2]
    write_images(tmp_path / "rendered", THIN)
    write_images(tmp_path / "real", THICK)

    def run(folder: str, last: int) -> subprocess.CompletedProcess:
        out = tmp_path / folder
        settings_json = json.dumps(asdict(settings))
        arguments = ["train-translator", "--translator", name, "--settings", settings_json]
        for key, value in {
            "rendered": tmp_path / "rendered", "real": tmp_path / "real", "study": "s", "n": 40,
            "replicate": 1, "seed": 1, "device": "cpu", "state": out / "states/one.safetensors",
            "checkpoint": out / "model", "history": out / "history", "metrics": out / "metrics",
        }.items():  # fmt: skip
            arguments += [f"--{key}", str(value)]
        command = [sys.executable, "-c", COMMAND, str(last), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert run("straight", 0).returncode == 0
    assert run("killed", 40).returncode == -9
    assert {path.name for path in (tmp_path / "killed").iterdir()} == {"states"}
    done = run("killed", 0)
    assert done.returncode == 0, done.stderr
    assert "resumed at step 38\nstep 40 of 76" in done.stderr
    for output in "model", "history":
        paths = [tmp_path / folder / output for folder in ("killed", "straight")]
        assert paths[0].read_bytes() == paths[1].read_bytes()
    assert list((tmp_path / "killed/states").iterdir()) == []
    records = [json.loads((tmp_path / f / "metrics").read_text()) for f in ("killed", "straight")]
    assert records[0].pop("train_seconds") > 0
    assert records[1].pop("train_seconds") > 0
    assert records[0] == records[1]
