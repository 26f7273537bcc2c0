"""A study with doses: they are trained beside the grid, and the page says how many are enough."""

import json

import pandas as pd
import pytest

from realink.store.files import read_tensors

from .conftest import Project

CONFIGS = "small.yaml", "doses.yaml"
DOSES = {"collect_doses": 1, "analyse_doses": 1}
TRAINED = {"train_classifier", "train_translator", "draw_real", "prepare_rendered"}


@pytest.fixture(scope="module")
def dosed(ran) -> Project:
    """The small study with doses. Read it; copy it to change it."""
    return ran("doses", CONFIGS)


def test_from_doses_to_the_sentence(dosed, tmp_path):
    table = pd.read_csv(dosed.results / "doses.csv")
    keys = ["n_synthetic", "real_share", "order"]
    assert set(table[keys].itertuples(index=False, name=None)) == {
        (count, share, order)
        for count in (30, 200)
        for share in (0.25, 0.5)
        for order in ("mixed", "first")
        if (count, share, order) != (200, 0.5, "mixed")  # the grid's own
    }
    assert set(table["train_steps"]) == {40}
    assert (table["n_real"] == 20).all()
    told = json.loads((dosed.results / "answer/doses.json").read_text())
    (enough,) = told["enough"]
    assert enough["n_synthetic"] in (30, 200)
    page = (dosed.results / "report.html").read_text()
    assert told["sentence"] in page
    assert "How many rendered images, and how much real" in page
    metrics = pd.read_csv(dosed.results / "metrics.csv")
    assert set(metrics["mix"]) == {"real-aug", "real-rendered-aug"}
    assert len(metrics) == 2  # doses are none of the grid's
    assert dosed.copy(tmp_path).planned() == {}


def test_each_dose_is_another_classifier(dosed):
    """Count, share and order each change what is trained."""
    grid = dosed.results / "classifier/small/real-rendered-aug/n20/rep1/scores.safetensors"
    doses = list(dosed.results.glob("dose/small/real-rendered-aug/n20/*/*/*/rep1"))
    assert len(doses) == 7
    scores = [read_tensors(path / "scores.safetensors")[0]["test"].tobytes() for path in doses]
    assert len({read_tensors(grid)[0]["test"].tobytes(), *scores}) == 8


def test_a_further_dose_is_all_that_is_trained(dosed, tmp_path):
    project = dosed.copy(tmp_path)
    project.edit("doses.yaml", "synthetic: [30, all]", "synthetic: [30, 60, all]")
    planned = project.planned()
    assert planned.items() >= (DOSES | {"train_dose": 4, "report": 1}).items()
    assert not planned.keys() & TRAINED


def test_without_doses_nothing_of_them_is_made(dosed, tmp_path):
    project = dosed.copy(tmp_path)
    before, _, _ = (tmp_path / "doses.yaml").read_text().partition("doses:\n")
    (tmp_path / "doses.yaml").write_text(before)
    planned = project.planned()
    assert not planned.keys() & {*DOSES, "train_dose", *TRAINED}
    assert planned["report"] == 1
