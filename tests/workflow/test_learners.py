"""A study of several learners: each image set is encoded once, and the page has them all."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest
import safetensors.torch
import timm
import torch

from realink.store.features import read_features
from realink.store.files import read_tensors
from realink.store.reader import Reader
from tests import drawn

from .conftest import Project

CONFIGS = ("learners.yaml",)
MIXES = {"rendered", "real-aug", "real-rendered-aug"}
VIT = "vit_tiny_patch16_224"


def create(root: Path) -> Project:
    project = Project.create(root, CONFIGS)
    drawn.write_real(root / "data/real", each=10)
    drawn.write_rendered(root / "data/rendered", each=5)
    return project


@pytest.fixture(scope="module")
def learned(once) -> Project:
    """The study of three learners, run to its end. Read it; copy it to change it."""

    def make(root: Path) -> None:
        done = create(root).run_in_forks("--cores", "2")
        assert done.returncode == 0, done.stdout

    return Project(once("learners", make), CONFIGS)


def write_weights(path: Path, seed: int) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        safetensors.torch.save_file(timm.create_model(VIT).state_dict(), path)


def encoded(project: Project, learner: str) -> set[str]:
    root = project.results / "features" / learner
    return {str(path.relative_to(root)) for path in root.rglob("*.safetensors")}


def test_from_pictures_to_the_page(learned, tmp_path):
    metrics = pd.read_csv(learned.results / "metrics.csv")
    for learner in ("small", "frozen", "finetuned"):
        own = metrics[metrics["learner"] == learner]
        assert set(own["mix"]) == MIXES
        assert set(own["n_real"]) == {6, 12}
    assert metrics["test_error"].between(0, 1).all()
    page = (learned.results / "report.html").read_text()
    assert all(name in page for name in ("frozen", "finetuned"))
    best = json.loads((learned.results / "answer/answer.json").read_text())["recommended"][-1]
    assert best["mix"].partition(":")[0] in ("small", "frozen", "finetuned")
    reader = Reader(learned.results / "final/model.onnx")
    assert reader.classes == drawn.SHAPES
    assert learned.copy(tmp_path).planned() == {}


def test_each_set_is_encoded_once_whatever_reads_it(learned):
    views = {"real/pool": 3, "real/validation": 2, "real/test": 2, "rendered/images": 1}
    expected = {f"{of}/view{n}.safetensors" for of, number in views.items() for n in range(number)}
    for learner in ("frozen", "finetuned"):
        assert encoded(learned, learner) == expected
        pool = read_features(
            [learned.results / f"features/{learner}/real/pool/view{n}.safetensors" for n in (0, 1)]
        )
        assert pool.classes == drawn.SHAPES
        assert len(pool) >= 12
    assert encoded(learned, "small") == set()


@pytest.mark.parametrize(
    ("setting", "rules"),
    [
        ("finetuned={steps: 4, batch_size: 8, views: 3}", {"finetuned"}),
        ("frozen={views: 2}", {"frozen"}),
        ("small={steps: 11, batch_size: 8, width: 2}", {"small"}),
    ],
)
def test_a_heads_setting_encodes_nothing_anew(learned, tmp_path, setting, rules):
    project = learned.copy(tmp_path)
    name, _, knobs = setting.partition("=")
    text = (tmp_path / "learners.yaml").read_text()
    changed = re.sub(rf"  {name}:\n(    .*\n)+", f"  {name}: {knobs}\n", text)
    assert changed != text
    (tmp_path / "learners.yaml").write_text(changed)
    planned = project.planned()
    assert "encode" not in planned
    assert planned["train_classifier"] > 0
    listed = project.run("--dry-run", "-p", "--cores", "1").stdout
    trained = set(re.findall(r"train-classifier .*--learner=(\w+)", listed))
    assert trained == rules


def test_a_setting_of_the_features_encodes_anew(learned, tmp_path):
    project = learned.copy(tmp_path)
    project.edit("learners.yaml", "  frozen:\n", "  frozen:\n    side: 48\n")
    assert project.planned()["encode"] == len(encoded(learned, "frozen"))


def test_a_transformer_with_weights_of_ones_own(tmp_path):
    project = create(tmp_path)
    write_weights(tmp_path / "vit.safetensors", 0)
    own = f"  frozen:\n    backbone: {VIT}\n    weights: vit.safetensors\n"
    project.edit("learners.yaml", "  frozen:\n", own)
    project.edit("learners.yaml", "[small, frozen, finetuned]", "[frozen]")
    done = project.run_in_forks("--cores", "2")
    assert done.returncode == 0, done.stdout
    path = project.results / "features/frozen/real/pool/view0.safetensors"
    assert read_tensors(path)[0]["features"].shape[1] == 3 * 192
    assert (project.results / "report.html").is_file()
    assert VIT in (project.results / "final/README.md").read_text()
    assert Reader(project.results / "final/model.onnx").classes == drawn.SHAPES
    # Other weights are other features.
    write_weights(tmp_path / "vit.safetensors", 1)
    assert project.planned()["encode"] == len(encoded(project, "frozen"))
