"""The commands: what a person sees of a mistake, and what a job may run."""

import gc
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from rich.console import Console

from realink import commands
from realink.commands import classifier as command
from realink.commands import support
from realink.errors import InputError
from realink.images.imagesets import ImageSet
from realink.running import provenance
from realink.store.files import write_images, write_tensors
from tests import HANGS, made_up

ROOT = Path(__file__).parents[2]


def message_of(monkeypatch, *arguments):
    """What is written to stderr, with exit status 1 (Python's meaning of a text as status)."""
    monkeypatch.setattr(sys, "argv", ["realink", *map(str, arguments)])
    try:
        with pytest.raises(SystemExit) as stop:
            commands.main()
    finally:
        gc.enable()
    return stop.value.code


def test_a_mistake_is_one_line(tmp_path, monkeypatch):
    arguments = ["--n", 5, "--replicate", 1, "--seed", 1, "--output", tmp_path / "out"]
    message = message_of(monkeypatch, "draw-real", "--pool", tmp_path / "absent", *arguments)
    assert message == f"error: {tmp_path}/absent: no such file; build it with snakemake"
    assert list(tmp_path.iterdir()) == []


def test_a_diverged_training_says_what_to_change(monkeypatch):
    def diverge(tokens):
        raise FloatingPointError("the loss is nan at step 7, cycle")

    monkeypatch.setattr(commands, "app", diverge)
    message = message_of(monkeypatch, "train-translator")
    assert message.startswith("error: training diverged: the loss is nan at step 7, cycle; lower")


def test_an_interrupt_that_a_library_swallows_comes_again():
    job = """
import time
from realink import commands

def app(tokens):
    print("here", flush=True)
    try:
        time.sleep(2 * 3600)
    except KeyboardInterrupt:
        time.sleep(2 * 3600)

commands.check_code, commands.app = lambda *_: None, app
commands.main()
"""
    with subprocess.Popen(
        [sys.executable, "-c", job],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT / "workflow")},
        # A shell has its background jobs ignore Ctrl-C, which their children inherit.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stdout.readline() == "here\n"
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=HANGS)[1]
    assert process.returncode == -signal.SIGINT
    assert said.splitlines()[-1] == "KeyboardInterrupt"


def recipe(mix, share):
    """A recipe of four real and four synthetic images, as a rule writes it."""
    found = made_up.recipe(mix, 4, n_synthetic=4, real_share=share)
    return json.dumps(found._asdict())


@pytest.mark.parametrize(
    ("mix", "share", "policy"),
    [("real", "concatenate", None), ("real-rendered", 0.5, None), ("real-rendered-aug", 0.5, 10)],
)
def test_share_and_augmentation_reach_the_training(tmp_path, monkeypatch, mix, share, policy):
    from realink.learners.small import model as small

    images = ImageSet(np.zeros((4, 24, 20, 3), np.uint8), np.arange(4), tuple("abcd"))
    write_images(tmp_path / "four", images)
    four = [tmp_path / "four"]
    seen = {}

    def train(parts, settings, **options):
        seen.update(options, parts=len(parts))
        raise FloatingPointError

    monkeypatch.setattr(small, "train", train)
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    with pytest.raises(FloatingPointError):
        command.train_classifier(
            study="s", learner="small", recipe=recipe(mix, share), settings="{}",
            augmentation=json.dumps(config["augmentation"] if policy else None),
            validation=four, test=four, seed=1, device="cpu",
            checkpoint=tmp_path, scores=tmp_path, metrics=tmp_path,
            real=four, synthetic=() if mix == "real" else four,
        )  # fmt: skip
    assert seen["parts"] == 1 + (mix != "real")
    assert seen["real_share"] == (None if share == "concatenate" else share)
    assert (seen["augment"] and seen["augment"].rotation) == policy


@pytest.mark.parametrize(
    ("mix", "labels"),
    [
        ("real-warp", [0, 1, 2, 3]),
        ("real-warp-reread", [3, 3, 3, 3]),
        ("real-warp-confirmed", [3, 3, 3, 3]),
        ("real-warp-pretrained", None),
    ],
)
def test_a_control_reaches_the_training(tmp_path, monkeypatch, mix, labels):
    from realink.learners.small import model as small

    images = ImageSet(np.zeros((4, 24, 20, 3), np.uint8), np.arange(4), tuple("abcd"))
    write_images(tmp_path / "four", images)
    four = [tmp_path / "four"]
    write_tensors(tmp_path / "predicted", {"predicted": np.full(4, 3, np.uint8)})
    seen = []

    def train(parts, settings, *, start=None, **options):
        seen.append((parts, start))
        if labels is None and start is None:
            return "pretrained", []
        raise FloatingPointError

    monkeypatch.setattr(small, "train", train)
    with pytest.raises(FloatingPointError):
        command.train_classifier(
            study="s", learner="small", recipe=recipe(mix, 0.5), settings="{}",
            augmentation="null",
            validation=four, test=four, seed=1, device="cpu",
            checkpoint=tmp_path, scores=tmp_path, metrics=tmp_path,
            real=four, synthetic=four, judged=tmp_path / "predicted",
        )  # fmt: skip
    parts, start = seen[-1]
    if labels is None:
        # First the translated images by another task, then the real ones alone.
        assert [part.classes for part in seen[0][0]] == [("as it is", "over", "sideways", "both")]
        assert (len(parts), start) == (1, "pretrained")
    else:
        assert (len(seen), len(parts), start) == (1, 2, None)
        assert sorted(parts[1].labels.tolist()) == labels
    assert sorted(parts[0].labels.tolist()) == [0, 1, 2, 3]  # the real ones stay as they are


def test_code_edited_during_a_run_is_not_run_under_its_old_name(monkeypatch):
    monkeypatch.setenv(support.CODE, "0" * 12)
    with pytest.raises(InputError, match=r"code of train_classifier is \w{12}, not 0{12}.*again"):
        support.check_code(["train-classifier", "--mix=real"])


@pytest.mark.parametrize(("ran", "same"), [("warp", True), ("cyclegan", False)])
def test_the_translators_code_counts(monkeypatch, ran, same):
    monkeypatch.setenv(support.CODE, provenance.code_hash("translate", translator="warp"))
    arguments = ["translate", f"--translator={ran}", "--n=1"]
    if same:
        support.check_code(arguments)
    else:
        with pytest.raises(InputError, match="start snakemake again"):
            support.check_code(arguments)


def test_the_learners_code_counts(monkeypatch):
    asked = []
    monkeypatch.setattr(provenance, "code_hash", lambda *a, **loaded: asked.append(loaded) or "one")
    monkeypatch.setenv(support.CODE, "one")
    support.check_code(["train-classifier", "--learner=small", "--n=1"])
    several = ["--every-learner=small", "--every-learner=frozen", "--every-translator=warp"]
    support.check_code(["train-final", *several])
    assert asked == [
        {"translator": [], "learner": ["small"]},
        {"translator": ["warp"], "learner": ["small", "frozen"]},
    ]


def test_without_a_recorded_hash_a_command_just_runs(monkeypatch):
    monkeypatch.delenv(support.CODE, raising=False)
    support.check_code([])
    support.check_code(["--help"])


def test_garbage_is_not_looked_for_while_libraries_are_imported(monkeypatch):
    seen = []

    def job(arguments):
        seen.append(gc.isenabled())
        support.device_for("cpu")
        seen.extend([gc.isenabled(), gc.get_freeze_count() > 100_000])

    monkeypatch.setattr(commands, "app", job)
    monkeypatch.setattr(sys, "argv", ["realink"])
    try:
        commands.main()
    finally:
        gc.enable()
    assert seen == [False, True, True]


def test_objects_that_are_kept_from_the_search_for_garbage_are_let_go_at_the_end(monkeypatch):
    """Else nanobind calls them leaked, in fifty lines after a failed job's error."""
    monkeypatch.setattr(commands, "app", lambda arguments: support.device_for("cpu"))
    monkeypatch.setattr(sys, "argv", ["realink"])
    try:
        commands.main()
    finally:
        gc.enable()
    assert gc.get_freeze_count() == 0


def helped(capsys, *arguments):
    """The lines of a command's help, without the frames."""
    commands.app.help_print(arguments, console=Console(width=200, color_system=None))
    return [line.strip("│ ") for line in capsys.readouterr().out.splitlines()]


def test_help_shows_what_a_person_uses_before_the_jobs(capsys):
    """Whatever no rule calls is for a person, and one command is for both."""
    texts = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    of_rules = {name.replace("_", "-") for name in re.findall(r'call\(\s*"(\w+)"', texts)}
    lines = helped(capsys)
    (border,) = [place for place, line in enumerate(lines) if "which Snakemake calls" in line]
    listed = [line.split("  ")[0] for line in lines]
    shown = [name for name in listed[:border] if re.fullmatch(r"\w[\w-]+", name)]
    assert shown == [
        "init", "classify", "next", "export", "compare", "regret", "backtest", "plot-studies",
        "gather",
    ]  # fmt: skip
    assert set(filter(None, listed[border:])) >= of_rules - {"export"}
    assert of_rules.isdisjoint(set(shown) - {"export"})


@pytest.mark.parametrize("command", ["classify", "export", "compare", "gather"])
def test_help_shows_one_way_to_name_what_comes_by_its_place(capsys, command):
    text = "\n".join(helped(capsys, command))
    for name in re.findall(r"^\*? *([A-Z]{2,}\b.*)", text, re.MULTILINE):
        assert "--" not in name
    assert re.search(r"^Usage: .* [A-Z]+( |$)", text, re.MULTILINE)
