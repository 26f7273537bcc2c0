"""What further labels bring: curves carried on, and how right that was on published studies."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from realink.answer import backtest, cells
from realink.answer.equivalent import Errors
from realink.answer.more_labels import carried_on, more_labels, said
from realink.answer.result import Answer
from realink.commands import studies
from realink.page import charts, plotted
from realink.store.predictions import read_predictions
from realink.store.tables import read_metrics

RESULTS = Path("results")


def curve(errors, spread=0.0, replicates=3, seed=0):
    random = np.random.default_rng(seed)
    return {
        n: Errors(np.log(error) + spread * random.standard_normal(replicates))
        for n, error in errors.items()
    }


def answer(mixes, **errors):
    """A study whose advice is the mix with the lowest errors, which are alike at all replicates."""
    rows = [
        {"mix": mix, "n_real": n, "test_error": error, "expected_error": error}
        for mix, own in mixes.items()
        for n, error in own.items()
    ]
    empty = pd.DataFrame(columns=["mix", "n_real", "reference", "reference_n_real", "verdict"])
    return Answer(pd.DataFrame(rows), empty)


def test_half_of_what_a_power_law_promises_is_expected():
    falling = {n: n**-0.5 for n in (100, 200, 400)}
    found = carried_on(curve(falling), 800)
    assert found.value == pytest.approx(800**-0.25 * 400**-0.25)
    # All of it, and nothing, are held to be possible.
    assert found.low < 800**-0.5 < found.value < 400**-0.5 < found.high


def test_the_largest_counts_matter_most():
    def gain(*errors):
        found = curve(dict(zip((100, 200, 400, 800), errors, strict=True)))
        return 1 - carried_on(found, 1600).value / carried_on(found, 801).value

    assert gain(0.4, 0.4, 0.4, 0.2) > 1.3 * gain(0.4, 0.2, 0.2, 0.2) > 0


def test_errors_that_rise_are_not_expected_to_rise_further_nor_to_fall():
    rising = {100: 0.1, 200: 0.12, 400: 0.15}
    found = carried_on(curve(rising), 800)
    assert found.value == pytest.approx(carried_on(curve(rising), 500).value)
    assert 0.13 < found.value < 0.17


def test_the_further_it_goes_and_the_more_replicates_differ_the_wider_the_interval():
    falling = {n: n**-0.3 for n in (100, 200, 400)}
    near, far = (carried_on(curve(falling, 0.1), n) for n in (500, 800))
    noisy = carried_on(curve(falling, 0.5), 500)
    assert near.high / near.low < far.high / far.low
    assert near.high / near.low < noisy.high / noisy.low


@pytest.mark.parametrize(
    "given",
    [
        curve({100: 0.3, 200: 0.2}),
        curve({100: 0.3, 200: 0.2, 400: 0.1}, replicates=1),
        {},
    ],
    ids=["two counts", "one replicate", "nothing"],
)
def test_nothing_is_said_where_it_cannot_be_told(given):
    assert carried_on(given, 800) is None


def test_a_count_that_was_measured_is_not_foretold():
    assert carried_on(curve({100: 0.3, 200: 0.2, 400: 0.1}), 400) is None


def test_curves_with_a_floor_are_covered():
    random, inside = np.random.default_rng(0), []
    for seed in range(400):
        floor, power, scale = (
            random.uniform(0, 0.03),
            random.uniform(0.2, 0.7),
            random.uniform(1, 2),
        )
        truth = {n: floor + scale * n**-power for n in (50, 100, 200, 400, 700)}
        seen = {n: error for n, error in truth.items() if n < 700}
        found = carried_on(curve(seen, 0.1, seed=seed), 700)
        inside.append(found.low <= truth[700] <= found.high)
    assert np.mean(inside) >= 0.95


def test_the_advised_recipe_is_carried_on_to_half_and_twice_as_many():
    own = {100: 0.1, 200: 0.08, 400: 0.06}
    made = answer({"real-aug": {n: 2 * error for n, error in own.items()}, "real-warp-aug": own})
    curves = {
        (mix, n): Errors(np.log(error) + np.array([-0.1, 0, 0.1]))
        for mix, given in {"real-aug": own, "real-warp-aug": own}.items()
        for n, error in given.items()
    }
    table = more_labels(made, curves)
    assert table["mix"].tolist() == ["real-warp-aug"] * 2
    assert table["more"].tolist() == [200, 400]
    assert table["n_real"].tolist() == [600, 800]
    (sentence,) = said(table)
    typed = sentence.replace("\N{NO-BREAK SPACE}", " ")
    assert typed.startswith("Beyond 400 labelled images to train on: with 200 more 5.")
    assert "instead of 6.00 %; with 400 more: 5." in typed
    # The curve goes on from its course, which the last count may lie below.
    (sentence,) = said(table.assign(error=0.05))
    typed = sentence.replace("\N{NO-BREAK SPACE}", " ")
    assert "%), no fewer than now: 5.00 %; with 400 more" in typed
    # Of fewer counts nothing is said.
    few = {cell: errors for cell, errors in curves.items() if cell[1] > 100}
    assert said(more_labels(made, few)) == []


def test_nothing_is_said_of_a_study_without_a_baseline_or_without_labels():
    assert said(more_labels(answer({"rendered": {100: 0.1, 200: 0.1, 300: 0.1}}), {})) == []
    assert said(more_labels(answer({"rendered": {0: 0.1}}), {})) == []


def test_any_curve_gives_an_interval_around_its_middle_and_words():
    random = np.random.default_rng(1)
    for seed in range(100):
        counts = np.unique(random.integers(1, 10 ** random.integers(1, 6), random.integers(1, 8)))
        errors = {int(n): float(random.uniform(1e-5, 1)) for n in counts}
        given = curve(errors, random.choice([0, 0.1, 1.0]), int(random.integers(1, 6)), seed)
        curves = {("real", n): errors for n, errors in given.items()}
        table = more_labels(answer({"real": errors}), curves)
        assert (table["low"] <= table["expected_error"]).all()
        assert (table["expected_error"] <= table["high"]).all()
        assert table["high"].max() <= 1 or table.empty
        assert not any("nan" in words or "?" in words for words in said(table))
        assert len(table) in (0, 2)
        assert bool(len(table)) == (len(counts) >= 3 and len(given[int(counts[0])].logs) > 1)


def published(study):
    metrics = read_metrics(RESULTS / study / "metrics.csv")
    predictions = read_predictions(RESULTS / study / "predictions.safetensors")
    return cells.usable(cells.fitting(metrics, predictions))[0], predictions


STUDIES = ["mnist", "meters", "mnist-unlabelled", "meters-unlabelled"]


@pytest.fixture(scope="module")
def read():
    return {study: published(study) for study in STUDIES}


@pytest.mark.parametrize(("fewest", "reach", "cases"), [(3, 3.2, 58), (2, 15, 195)])
def test_intervals_hold_what_larger_counts_of_published_studies_measured(
    read, fewest, reach, cases
):
    table = pd.concat(
        backtest.backtest(*study, reach=reach, fewest=fewest, advice=False)
        for study in read.values()
    )
    found = backtest.covered(table)
    assert found["cases"] == cases
    assert found["covered"] >= 0.95
    assert found["apart"] < 1.25
    if fewest == 3:
        assert found["width"] < 2.2  # else it would hold anything


def test_what_was_advised_is_foretold_within_a_tenth(read):
    table = backtest.backtest(*read["meters"], reach=3.2)
    advised = table[table["advised"]]
    assert advised["n_real"].tolist() == [1000, 2215]
    assert backtest.covered(advised)["covered"] == 1
    assert backtest.covered(advised)["apart"] < 1.1


def test_the_command_says_so_where_there_is_nothing_to_test(capsys):
    studies.backtest(RESULTS / "meters-unlabelled")
    assert capsys.readouterr().out.startswith("no study has 3 counts and another within 3.2 times")
    studies.backtest(RESULTS / "meters-unlabelled", fewest=2, reach=6)
    shown = capsys.readouterr().out
    assert "meters-unlabelled      6     1.00" in shown
    assert "nan" not in shown.lower()


def test_the_chart_goes_on_from_the_last_mean(read):
    metrics, _ = read["meters"]
    curves = plotted.errors(metrics)
    columns = ["mix", "error", "n_real", "more", "expected_error", "low", "high"]
    rows = [("real-aug", 0.03, n, n - 2215, 0.03, 0.02, 0.04) for n in (3315, 4415)]
    ahead = plotted.ahead(pd.DataFrame(rows, columns=columns), curves)
    assert ahead["n_real"].tolist() == [2215, 3315, 4415]
    last = metrics[(metrics["mix"] == "real-aug") & (metrics["n_real"] == 2215)]
    expected = [100 * last["test_error"].mean(), 3, 3]
    assert ahead["percent"].tolist() == pytest.approx(expected)
    panels = plotted.panels(curves["mix"])
    comparisons = pd.DataFrame(columns=["mix", "n_real", "reference", "verdict"])
    drawn = {p.key: str(charts.error(curves, comparisons, p, ahead)) for p in panels}
    assert ["4415" in drawn[key] for key in ("plain", "aug")] == [False, True]
    nothing = plotted.ahead(pd.DataFrame(columns=columns), curves)
    assert all(len(p.of(nothing)) == 0 for p in panels)
    assert "'low'" in str(charts.error(curves, comparisons, panels[1], nothing))
