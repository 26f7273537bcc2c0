"""Each key of the config reaches a job: changed, it changes what some job is called with."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from realink.declared import LEARNERS
from realink.translation.settings import complete, names
from tests import HANGS, drawn

from .conftest import ROOT, Project

CONFIG = yaml.safe_load((ROOT / "config/config.yaml").read_text())
CONFIG["translators"] = {name: complete(name, {}) for name in names()}
CONFIG["learner_settings"] = {name: LEARNERS.complete(name, {}) for name in LEARNERS.names()}
DIGITS, FOLDERS = ["small.yaml"], ["small.yaml", "folders.yaml"]
LARGE = [*FOLDERS, "large.yaml"]
# Laid over small.yaml: the same study of the pictures of tests/drawn.py.
PICTURES = {
    "study": "folders",
    "unlabelled": {"source": "folder", "directory": "data/further"},
    "images": {"height": 24, "width": 20, "channels": 3},
    "real": {"source": "folder", "directory": "data/real"},
    "rendered": {"source": "folder", "directory": "data/rendered", "count": 50},
    "counts": [0, 10],
    "replicates": 2,
    "synthetic": {"total": 40},
    "rendered_counts": [],
    "mixes": ["rendered", "real", "real-cyclegan-aug", "patchgan", "harvest", "randomised"],
}
# Laid over that: the same by pretrained networks.
PRETRAINED = {
    "study": "large",
    "images": {"height": 48, "width": 40},
    "learners": ["small", "frozen", "finetuned"],
}
# Of each key another value, and the study in which it is tried.
CHANGED = {
    "study": (DIGITS, "other"),
    "seed": (DIGITS, 2),
    "images: height": (FOLDERS, 30),
    "images: width": (FOLDERS, 30),
    "images: channels": (FOLDERS, 1),
    "images: fit": (FOLDERS, "crop"),
    "images: background": (FOLDERS, 0),
    "real: source": (DIGITS, "mnist"),
    "real: directory": (FOLDERS, "data/more"),
    "real: validation": (FOLDERS, 0.15),
    "real: test": (FOLDERS, 0.3),
    "real: group": (FOLDERS, "^camera.."),
    "real: duplicates": (FOLDERS, "drop"),
    "real: split": (FOLDERS, "rotate"),
    "unlabelled: source": (FOLDERS, "pool"),
    "unlabelled: directory": (FOLDERS, "data/more"),
    "unlabelled: count": (FOLDERS, 7),
    "rendered: source": (DIGITS, "folder"),
    "rendered: directory": (FOLDERS, "data/more"),
    "rendered: count": (FOLDERS, 45),
    "rendered: characters": (DIGITS, "9876543210"),
    "rendered: geometry": (DIGITS, "frame"),
    "rendered: families": (DIGITS, "resources/fonts/families.txt"),
    "rendered: folder": (DIGITS, "resources"),
    "counts": (DIGITS, [20, 200]),
    "synthetic: total": (DIGITS, 210),
    "rendered_counts": (DIGITS, [30]),
    "replicates": (DIGITS, 2),
    "mixes": (DIGITS, ["real", "warp"]),
    "controls": (DIGITS, {"real-warp-shuffled": [20]}),
    "real_share: default": (DIGITS, "concatenate"),
    "doses": (
        DIGITS,
        {"mix": "real-warp", "learner": "small", "n": [100]}
        | {"synthetic": [50], "share": [0.5], "order": ["mixed"]},
    ),
    "translators: cyclegan: steps": (DIGITS, 5),
    "translators: cyclegan: batch_size": (DIGITS, 9),
    "translators: cyclegan: learning_rate": (DIGITS, 0.1),
    "translators: cyclegan: average": (DIGITS, 0.1),
    "translators: cyclegan: channels": (DIGITS, 5),
    "translators: cyclegan: discriminator_channels": (DIGITS, 5),
    "translators: cyclegan: blocks": (DIGITS, 3),
    "translators: cyclegan: cycle_weight": (DIGITS, 9),
    "translators: cyclegan: identity_weight": (DIGITS, 1),
    "translators: patchgan: steps": (FOLDERS, 500),
    "translators: patchgan: batch_size": (FOLDERS, 9),
    "translators: patchgan: learning_rate": (FOLDERS, 0.1),
    "translators: patchgan: average": (FOLDERS, 0.1),
    "translators: patchgan: channels": (FOLDERS, 5),
    "translators: patchgan: discriminator_channels": (FOLDERS, 5),
    "translators: patchgan: blocks": (FOLDERS, 3),
    "translators: patchgan: cycle_weight": (FOLDERS, 9),
    "translators: patchgan: identity_weight": (FOLDERS, 1),
    "translators: warp: steps": (DIGITS, 5),
    "translators: warp: batch_size": (DIGITS, 9),
    "translators: warp: learning_rate": (DIGITS, 0.1),
    "translators: warp: average": (DIGITS, 0.1),
    "translators: warp: channels": (DIGITS, 5),
    "translators: warp: reach": (DIGITS, 0.2),
    "translators: warp: smoothness_weight": (DIGITS, 2),
    "translators: warp: borrowed": (DIGITS, 0.4),
    "translators: warp: from_real": (DIGITS, 0.4),
    "translators: warp: tries": (DIGITS, 3),
    "translators: harvest: exchange": (FOLDERS, 0.4),
    "translators: harvest: contrast": (FOLDERS, 0.1),
    "translators: harvest: jitter": (FOLDERS, 0.2),
    "translators: harvest: blur": (FOLDERS, 1),
    "translators: harvest: fading": (FOLDERS, 0.1),
    "translators: randomised: contrast": (FOLDERS, 0.1),
    "translators: randomised: texture": (FOLDERS, 0.1),
    "translators: randomised: gradient": (FOLDERS, 0.2),
    "translators: randomised: blur": (FOLDERS, 2),
    "translators: randomised: noise": (FOLDERS, 0.1),
    "translators: randomised: stains": (FOLDERS, 0.1),
    "translators: randomised: confetti": (FOLDERS, 0.1),
    "translators: randomised: shadow": (FOLDERS, 0.1),
    "translators: randomised: fading": (FOLDERS, 0.1),
    "translators: randomised: cast": (FOLDERS, 0.1),
    "epochs": (DIGITS, 3),
    "trust: risk": (DIGITS, 0.02),
    "trust: false_alarms": (DIGITS, 0.05),
    "page: pictures": (DIGITS, False),
    "learners": (LARGE, ["small", "finetuned"]),
    "learner_settings: small: side": (LARGE, 24),
    "learner_settings: small: steps": (DIGITS, 41),
    "learner_settings: small: batch_size": (DIGITS, 17),
    "learner_settings: small: optimiser": (DIGITS, "adam"),
    "learner_settings: small: muon_learning_rate": (DIGITS, 0.01),
    "learner_settings: small: learning_rate": (DIGITS, 0.01),
    "learner_settings: small: warmup_fraction": (DIGITS, 0.2),
    "learner_settings: small: momentum": (DIGITS, 0.8),
    "learner_settings: small: weight_decay": (DIGITS, 0.1),
    "learner_settings: small: label_smoothing": (DIGITS, 0.1),
    "learner_settings: small: width": (DIGITS, 3),
    "learner_settings: small: dropout": (DIGITS, 0.1),
    "learner_settings: small: standardise": (DIGITS, True),
    "learner_settings: frozen: backbone": (LARGE, "resnet18"),
    "learner_settings: frozen: weights": (LARGE, "own.pth"),
    "learner_settings: frozen: side": (LARGE, 32),
    "learner_settings: frozen: views": (LARGE, 3),
    "learner_settings: frozen: synthetic": (LARGE, 20),
    "learner_settings: finetuned: backbone": (LARGE, "resnet18"),
    "learner_settings: finetuned: weights": (LARGE, "own.pth"),
    "learner_settings: finetuned: side": (LARGE, 32),
    "learner_settings: finetuned: views": (LARGE, 3),
    "learner_settings: finetuned: synthetic": (LARGE, 20),
    "learner_settings: finetuned: steps": (LARGE, 5),
    "learner_settings: finetuned: batch_size": (LARGE, 9),
    "learner_settings: finetuned: learning_rate": (LARGE, 0.1),
    "learner_settings: finetuned: head_learning_rate": (LARGE, 0.1),
    "learner_settings: finetuned: weight_decay": (LARGE, 0.1),
    "learner_settings: finetuned: label_smoothing": (LARGE, 0.2),
    "augmentation: rotation": (DIGITS, 11),
    "augmentation: scale": (DIGITS, 0.2),
    "augmentation: aspect": (DIGITS, 0.2),
    "augmentation: shear": (DIGITS, 0.1),
    "augmentation: shift": (DIGITS, 2),
    "augmentation: elastic": (DIGITS, 0.7),
    "augmentation: smoothness": (DIGITS, 5),
    "augmentation: brightness": (DIGITS, 0.1),
    "augmentation: contrast": (DIGITS, 0.1),
    "augmentation: colour": (FOLDERS, 0.1),
    "augmentation: gradient": (DIGITS, 0.1),
    "augmentation: blur": (DIGITS, 0.1),
    "augmentation: noise": (DIGITS, 0.1),
    "augmentation: invert": (DIGITS, 0.1),
    "device": (DIGITS, "auto"),
}


def leaves(config: Mapping, place: str = "") -> Iterator[str]:
    for name, value in config.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, f"{place}{name}: ")
        else:
            yield f"{place}{name}"


def test_the_table_above_has_every_key():
    assert sorted(leaves(CONFIG)) == sorted(CHANGED)


def write_plans(root: Path) -> None:
    """Do a dry run with each key changed, and one of each study as it is."""
    project = Project.create(root)
    for folder in ("real", "more", "further"):
        drawn.write_real(project.root / "data" / folder, each=20)
    drawn.write_rendered(project.root / "data/rendered", each=20)
    (project.root / "folders.yaml").write_text(json.dumps(PICTURES))
    (project.root / "large.yaml").write_text(json.dumps(PRETRAINED))
    (project.root / "own.pth").touch()
    asked = {str(study): study for study in (DIGITS, FOLDERS, LARGE)}
    for key, (study, value) in CHANGED.items():
        *sections, name = key.split(": ")
        overlay = {name: value}
        for section in reversed(sections):
            overlay = {section: overlay}
        file = f"{key.replace(': ', '.')}.json"
        (project.root / file).write_text(json.dumps(overlay))
        asked[key] = [*study, file]
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("plans.py")],
        input=json.dumps([["--configfile", *files] for files in asked.values()]),
        cwd=project.root,
        stdout=subprocess.PIPE,
        text=True,
        timeout=HANGS,
        check=True,
    )
    plans = dict(zip(asked, json.loads(done.stdout), strict=True))
    (root / "plans.json").write_text(json.dumps(plans))


@pytest.fixture(scope="module")
def plans(once) -> dict[str, tuple[int, str]]:
    """Exit status and output of each dry run, by its key or its study."""
    return json.loads((once("plans", write_plans) / "plans.json").read_text())


def calls(output: str) -> list[list[str]]:
    """What each planned job is called with, but for the copy of the whole config."""
    lines = re.findall(r"^Shell command: (.+?) >results", output, re.MULTILINE | re.DOTALL)
    assert lines
    words = sorted(map(shlex.split, lines))
    return [[word for word in call if not word.startswith("--config=")] for call in words]


@pytest.mark.parametrize("key", CHANGED)
def test_a_changed_key_changes_a_job_or_is_refused(plans, key):
    status, output = plans[key]
    before, planned = plans[str(CHANGED[key][0])]
    assert before == 0, planned
    if status:
        # Not every value goes with all others. Then the message names the key, or its neighbour.
        assert "Traceback" not in output
        assert f"config key `{key.partition(':')[0]}" in output.partition("WorkflowError")[2]
    else:
        assert calls(output) != calls(planned)


def test_most_keys_were_not_refused(plans):
    refused = [key for key in CHANGED if plans[key][0]]
    allowed = {"rendered: source", "rendered: directory", "images: channels"}
    assert set(refused) <= allowed
