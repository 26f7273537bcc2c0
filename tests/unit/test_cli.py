"""The commands: what a person sees of a mistake, and what a job may run."""

import sys
from pathlib import Path

import pytest

from realink import cli
from realink.errors import InputError


def message_of(monkeypatch, *arguments):
    """What is written to stderr, with exit status 1 (Python's meaning of a text as status)."""
    monkeypatch.setattr(sys, "argv", ["realink", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    return stop.value.code


def test_a_mistake_is_one_line(tmp_path, monkeypatch):
    arguments = ["--n-real", 5, "--replicate", 1, "--seed", 1, "--output", tmp_path / "out"]
    message = message_of(monkeypatch, "draw-real", "--pool", tmp_path / "absent", *arguments)
    assert message == f"error: {tmp_path}/absent: no such file; build it with snakemake"
    assert list(tmp_path.iterdir()) == []


def test_a_diverged_training_says_what_to_change(monkeypatch):
    def diverge(tokens):
        raise FloatingPointError("the loss is nan at step 7, cycle")

    monkeypatch.setattr(cli, "app", diverge)
    message = message_of(monkeypatch, "train-translator")
    assert message.startswith("error: training diverged: the loss is nan at step 7, cycle; lower")


def test_code_edited_during_a_run_is_not_run_under_its_old_name():
    absent = Path("absent")
    with pytest.raises(InputError, match=r"code of train_classifier is \w{12}, not 0{12}.*again"):
        cli.train_classifier(
            study="s", mix="real", n_real=1, n_synthetic=0, replicate=1, settings="{}",
            validation=absent, test=absent, seed=1, code="0" * 12, checkpoint=absent,
            predictions=absent, metrics=absent, real=[absent], synthetic=[],
        )  # fmt: skip
