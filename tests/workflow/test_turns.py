"""A study in which each replicate tests other pictures, from `realink init` to the classifier."""

import csv
import json
import re

import numpy as np
import pandas as pd
import pytest

from realink.store.files import read_images, read_tensors
from realink.store.places import read_places
from realink.store.predictions import read_predictions
from realink.store.reader import Reader
from tests import drawn
from tests.workflow.conftest import Project

REPLICATES = (1, 2, 3)
CONFIGS = "config/mine.yaml", "turns.yaml"


@pytest.fixture(scope="module")
def turned(once) -> Project:
    """The study, run to its end. Read it, or copy it."""

    def make(root):
        project = Project.create(root, CONFIGS)
        drawn.write_real(root / "data/real", each=40)
        drawn.write_rendered(root / "data/rendered")
        done = project.init("--group", "^camera..", "--output", "config/mine.yaml")
        assert done.returncode == 0, done.stdout
        assert "dealt into 5 parts" in " ".join(done.stdout.split())
        planned = project.planned()
        # The whole set is seen once in each view, the rendered and the translated ones once.
        assert planned["encode"] == 2 + 1 + 6
        assert planned["split_real"] == planned["split_features_frozen"] == 3
        assert planned["train_judge"] == 3
        done = project.run_in_forks("--cores", "2")
        assert done.returncode == 0, done.stdout

    return Project(once("turned", make), CONFIGS)


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_each_picture_is_tested_once_and_no_group_is_in_two_splits(turned):
    real = turned.results / "real"
    whole = read_images(real / "all.safetensors")
    places = read_places(real / "places.safetensors")
    assert len(whole) == 120
    tested = []
    for replicate in REPLICATES:
        parts = {
            name: read_images(real / f"rep{replicate}/{name}.safetensors")
            for name in ("pool", "validation", "test")
        }
        assert sum(map(len, parts.values())) == len(whole)
        groups = [set(part.groups) for part in parts.values()]
        assert sum(map(len, groups)) == len(set().union(*groups)) == drawn.GROUPS
        assert all(map(len, groups))
        own = places.of(replicate)["test"]
        assert np.array_equal(parts["test"].images, whole.images[own])
        tested += own.tolist()
    assert sorted(tested) == list(range(len(whole)))
    manifest = rows(real / "images.csv")
    assert {row["tested"] for row in manifest} == {"1", "2", "3"}
    assert len({(row["group"], row["tested"]) for row in manifest}) == drawn.GROUPS


def test_draws_are_of_what_a_replicate_may_train_on(turned):
    for replicate in REPLICATES:
        pool = read_images(turned.results / f"real/rep{replicate}/pool.safetensors")
        seen = {image.tobytes() for image in pool.images}
        for n in (10, 60):
            drawn_ = read_images(turned.results / f"real/n{n}/rep{replicate}/images.safetensors")
            assert len(drawn_) == n
            assert {image.tobytes() for image in drawn_.images} <= seen


def test_features_are_those_of_the_replicates_images(turned):
    features = turned.results / "features/frozen/real"
    whole, _ = read_tensors(features / "all/view1.safetensors")
    places = read_places(turned.results / "real/places.safetensors")
    for replicate in REPLICATES:
        for kind, split in (("pool", "train"), ("validation", "validation"), ("test", "test")):
            part, _ = read_tensors(features / f"rep{replicate}/{kind}/view1.safetensors")
            own = places.of(replicate)[split]
            assert np.array_equal(part["features"], whole["features"][own])


def test_tables_hold_each_picture_once(turned):
    predictions = read_predictions(turned.results / "predictions.safetensors")
    assert len(predictions.labels) == 120
    metrics = pd.read_csv(turned.results / "metrics.csv")
    assert np.allclose(predictions.errors, metrics["test_error"])
    sizes = metrics.groupby("replicate")["n_test"].unique().map(list)
    assert sum(own[0] for own in sizes) == 120
    for name, column in (("classes", "label"), ("groups", "group")):
        found = pd.read_csv(turned.results / f"answer/{name}.csv")
        assert set(found.groupby(["mix", "n_real"])["images"].sum()) == {120}
        assert found[column].nunique() == {"label": 3, "group": drawn.GROUPS}[column]
    compared = pd.read_csv(turned.results / "answer/comparisons.csv")
    assert set(compared["test"]) == {"groups within replicates"}
    assert compared["p"].between(0, 1).all()


def test_the_classifier_was_trained_on_all_of_them(turned):
    final = turned.results / "final"
    record = json.loads((final / "training.json").read_text())
    assert record["n_real"] == 120
    card = (final / "README.md").read_text()
    assert "trained on all labelled pictures, with the mix" in card
    assert "together they tested each of 120 once" in card
    assert "not measured" in card
    assert Reader(final / "model.onnx").classes == drawn.SHAPES


def test_the_page_says_what_was_tested(turned):
    page = (turned.results / "report.html").read_text()
    # Pictures are in attributes, whose letters say anything.
    assert not re.search(r"\bnan\b", re.sub(r"<[^>]*>", " ", page.partition("<script")[0]))
    assert "each of the 120 labelled images was tested once" in page


def test_nothing_is_left_to_do_and_a_new_picture_changes_all(turned, tmp_path):
    project = turned.copy(tmp_path)
    assert project.planned() == {}
    picture = drawn.photographed("circle", 99)
    picture.save(tmp_path / "data/real/circle/camera00_099.png")
    planned = project.planned()
    assert planned["prepare_real"] == planned["train_final"] == 1
    assert planned["split_real"] == 3
