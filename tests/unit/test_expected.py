"""Which error is expected of a mix, and what advice by it costs on studies that are published."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from realink.answer import analysis, cells, regret, sentences
from realink.answer.expected import expected
from realink.answer.recommended import recommended
from realink.store.predictions import Predictions, read_predictions
from realink.store.tables import read_metrics

RESULTS = Path("results")


def summary(errors):
    rows = [(mix, n, error) for mix, own in errors.items() for n, error in own.items()]
    return pd.DataFrame(rows, columns=["mix", "n_real", "test_error"])


def of(errors, images=1000):
    table = summary(errors)
    return table.assign(expected=expected(table, images)).set_index(["mix", "n_real"])["expected"]


def test_one_count_is_its_own_mean():
    found = of({"real": {55: 0.2}, "real-rendered": {55: 0.0}})
    assert found["real", 55] == pytest.approx(0.2)
    assert found["real-rendered", 55] == pytest.approx(0.0005)  # half an image of 1,000


def test_parallel_curves_stay_as_they_are():
    curves = {"real": {55: 0.4, 110: 0.2, 220: 0.1}, "gan": {55: 0.2, 110: 0.1, 220: 0.05}}
    found = of(curves)
    assert all(
        found[mix, n] == pytest.approx(error)
        for mix, own in curves.items()
        for n, error in own.items()
    )


def test_a_mean_that_both_neighbours_speak_against_is_drawn_towards_them():
    curves = {"real": {55: 0.4, 80: 0.21, 110: 0.15}, "gan": {55: 0.2, 80: 0.2, 110: 0.075}}
    found = of(curves)
    assert found["gan", 80] / found["real", 80] < 0.8 < 0.2 / 0.21
    # The more so the nearer they are.
    far = of({mix: {n**3: error for n, error in own.items()} for mix, own in curves.items()})
    assert found["gan", 80] < far["gan", 80**3]


def test_without_labels_no_other_count_says_anything():
    found = of({"gan": {0: 0.3}, "rendered": {0: 0.4}, "real": {55: 0.2}, "real-gan": {55: 0.1}})
    assert found["gan", 0] == pytest.approx(0.3)
    assert found["real", 55] == pytest.approx(0.2)


def published(study):
    metrics = read_metrics(RESULTS / study / "metrics.csv")
    predictions = read_predictions(RESULTS / study / "predictions.safetensors")
    return cells.usable(cells.fitting(metrics, predictions))[0], predictions


@pytest.mark.parametrize(
    ("study", "splits"),
    # Each half of the bricks has five parts of eleven pieces: few, so that ten halves say little.
    [
        ("meters", 10),
        ("signs", 10),
        ("bricks", 50),
        ("flowers", 10),
        ("meters-unlabelled", 10),
        ("mnist-unlabelled", 10),
    ],
)
def test_regret_on_published_studies_is_small_and_not_above_that_of_the_lowest_mean(study, splits):
    found = regret.regret(*published(study), splits=splits, seed=1)
    best = found["best"]
    points = 100 * (found["advised"] - best).mean()
    assert points <= 0.3 or ((found["advised"] - best) / best).mean() <= 0.1
    assert found["advised"].mean() <= found["lowest"].mean() + 1e-4
    assert (best <= found["advised"]).all()


MIXES = ["real", "real-aug", "real-rendered-aug", "real-gan-aug", "rendered", "gan-aug"]


def made(seed):
    """Metrics and predictions of any mixes, counts, learners, groups and replicates."""
    random = np.random.default_rng(seed)
    mixes = random.choice(MIXES, random.integers(1, len(MIXES) + 1), replace=False)
    counts = random.choice([5, 20, 55, 400], random.integers(1, 4), replace=False)
    learners = [[""], ["small:", "frozen:"]][seed % 2]
    replicates, classes = random.integers(1, 4), random.integers(2, 6)
    labels = random.integers(0, classes, random.choice([6, 30, 120]))
    groups = [None, 1, 2, 3, 6, 12, 40][seed % 7]
    highest = random.choice([0.0, 0.1, 0.9])
    rows, predicted = [], []
    for mix in sorted(mixes):
        for learner in learners:
            rate = random.uniform(0, highest)
            for n in sorted(counts):
                for replicate in range(1, replicates + 1):
                    wrong = random.random(len(labels)) < rate
                    predicted.append((labels + wrong) % classes)
                    rows.append((learner + mix, n, 20 * (mix != "real"), replicate, wrong.mean()))
    table = pd.DataFrame(rows, columns=["mix", "n_real", "n_synthetic", "replicate", "test_error"])
    names = tuple(f"group {number}" for number in range(groups or 0))
    places = None if groups is None else np.arange(len(labels)) % groups
    table["validation_error"] = table["test_error"]
    return table, Predictions(
        np.array(predicted), labels, tuple(map(str, range(classes))), places, names
    )


@pytest.mark.parametrize("seed", range(42))
def test_any_study_gives_advice_that_is_one_of_its_cells_and_nothing_surely_beats(seed):
    metrics, predictions = made(seed)
    found = analysis.analyse(metrics, predictions, pd.DataFrame(), pool=400, seed=1)
    advised = recommended(found)
    with_baseline = {
        n for mix, n in metrics[["mix", "n_real"]].itertuples(index=False)
        if found.mixes[mix].is_baseline
    }  # fmt: skip
    assert {one.n_real for one in advised} == with_baseline
    for one in advised:
        assert found.has(one.mix, one.n_real)
        at = found.comparisons[found.comparisons["n_real"] == one.n_real]
        same = at[at["n_real"] == at["reference_n_real"]]
        lost = {
            *same.loc[same["verdict"] == "worse", "mix"],
            *same.loc[same["verdict"] == "better", "reference"],
        }
        tried = set(found.summary.loc[found.summary["n_real"] == one.n_real, "mix"])
        assert one.mix.name not in lost or tried <= lost
        # No pair is decided in one table and not in the other.
        pairs = ["mix", "reference", "n_real"]
        twice = found.rivals.merge(same, on=pairs, suffixes=("", "_known")) if len(same) else same
        assert (twice["verdict"] == twice.get("verdict_known", twice["verdict"])).all()
        for said in [sentences.advice(found, one), *sentences.certainty(found, one)]:
            assert "nan" not in said.lower()
            assert said.endswith(".")
