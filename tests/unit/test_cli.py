"""The commands: what a person sees of a mistake, and what a job may run."""

import gc
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from realink import cli
from realink.artifacts import write_digits
from realink.digits import Digits
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


@pytest.mark.parametrize(
    ("mix", "share", "policy"),
    [("real", "concatenate", None), ("real-font", 0.5, None), ("real-font-aug", 0.5, 10)],
)
def test_share_and_augmentation_reach_the_training(tmp_path, monkeypatch, mix, share, policy):
    from realink import classifier
    from realink.provenance import code_hash

    digits = Digits(np.zeros((4, 28, 28), np.uint8), np.arange(4))
    write_digits(tmp_path / "four", digits)
    seen = {}

    def train(parts, settings, **options):
        seen.update(options, parts=len(parts))
        raise FloatingPointError

    monkeypatch.setattr(classifier, "train", train)
    config = yaml.safe_load((Path(__file__).parents[2] / "config/config.yaml").read_text())
    with pytest.raises(FloatingPointError):
        cli.train_classifier(
            study="s", mix=mix, n_real=4, n_synthetic=4, replicate=1, real_share=share,
            settings=json.dumps(config["classifier"]),
            augmentation=json.dumps(config["augmentation"] if policy else None),
            validation=tmp_path, test=tmp_path, seed=1, code=code_hash("train_classifier"),
            checkpoint=tmp_path, predictions=tmp_path, metrics=tmp_path,
            real=[tmp_path / "four"], synthetic=[tmp_path / "four"] * (mix != "real"),
        )  # fmt: skip
    assert seen["parts"] == 1 + (mix != "real")
    assert seen["real_share"] == (None if share == "concatenate" else share)
    assert (seen["augment"] and seen["augment"].rotation) == policy


def test_code_edited_during_a_run_is_not_run_under_its_old_name():
    absent = Path("absent")
    with pytest.raises(InputError, match=r"code of train_classifier is \w{12}, not 0{12}.*again"):
        cli.train_classifier(
            study="s", mix="real", n_real=1, n_synthetic=0, replicate=1, settings="{}",
            real_share="concatenate", augmentation="null",
            validation=absent, test=absent, seed=1, code="0" * 12, checkpoint=absent,
            predictions=absent, metrics=absent, real=[absent], synthetic=[],
        )  # fmt: skip


def test_garbage_is_not_looked_for_while_libraries_are_imported(monkeypatch):
    seen = []

    def job(arguments):
        seen.append(gc.isenabled())
        cli._device("cpu")
        seen.extend([gc.isenabled(), gc.get_freeze_count() > 100_000])

    monkeypatch.setattr(cli, "app", job)
    try:
        cli.main()
    finally:
        gc.enable()
    assert seen == [False, True, True]
