"""What is said of doses: how many synthetic images are enough; and the page's section on it."""

import json
import re
from itertools import product

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats

from realink.answer import dose_sentences
from realink.answer.doses import KEYS, NONE, WHOLE, analyse
from realink.answer.enough import Line, draws, enough
from realink.errors import InputError
from realink.page import doses as page
from realink.store.predictions import Predictions
from tests import made_up

HALF = Line(0.5, "mixed")


def read(rates: dict, replicates: int = 3, images: int = 400, seed: int = 0) -> dict:
    """What made-up classifiers get wrong, bool [r, n], by cell; of one difficulty for all."""
    random = np.random.default_rng(seed)
    hard = random.random((replicates, images))
    return {
        cell: np.clip(0.7 * hard + 0.3 * random.random((replicates, images)), 0, 1)
        < np.quantile(0.7 * hard + 0.3 * random.random((replicates, images)), rate)
        for cell, rate in rates.items()
    }


def test_where_more_gain_nothing_fewer_are_enough():
    rates = {(100, HALF): 0.3, (1000, HALF): 0.15, (4000, HALF): 0.15, (9000, HALF): 0.15}
    found = enough(read(rates, 5, 2000), None, 0.5, 1)
    assert found.n_synthetic == 1000
    assert found.low == 1000
    assert found.told
    still = {(k, HALF): 0.4 / (place + 1) for place, k in enumerate((100, 1000, 4000))}
    found = enough(read(still, 5, 2000), None, 0.5, 1)
    assert (found.n_synthetic, found.low, found.high) == (4000, 4000, 4000)


def test_of_few_images_nothing_is_told():
    rates = {(100, HALF): 0.3, (1000, HALF): 0.3, (4000, HALF): 0.3}
    found = [enough(read(rates, 2, 40, seed), None, 0.5, 1) for seed in range(12)]
    assert sum(not one.told for one in found) >= 4


def test_the_line_of_the_study_is_kept_unless_another_is_better():
    quarter, first = Line(0.25, "mixed"), Line(0.5, "first")
    alike = {(k, line): 0.2 for k in (100, 1000) for line in (first, quarter, HALF)}
    assert enough(read(alike, 3, 4000), None, 0.5, 1).line == HALF
    assert enough(read(alike, 3, 4000), None, 0.25, 1).line == quarter
    better = alike | {(k, first): 0.1 for k in (100, 1000)}
    found = enough(read(better, 3, 4000), None, 0.5, 1)
    assert found.line == first
    ratio, low, high = found.lines[HALF]
    assert 1.5 < low < ratio < high < 2.7


def test_groups_tell_less_than_as_many_single_images():
    # One dose errs in other groups than the other.
    groups, random = np.arange(400) // 50, np.random.default_rng(0)
    rates = np.where(np.array([[0], [1]]) == groups % 2, 0.3, 0.1)
    wrong_of = random.random((2, 3, 400)) < rates[:, None]
    spread = [np.std(np.diff(draws(wrong_of, by, 1)[1], axis=1)) for by in (None, groups)]
    assert spread[1] > 2 * spread[0]


def test_draws_are_the_same_again_and_as_far_apart_as_the_cells_are():
    wrong_of = np.stack(list(read({(k, HALF): 0.2 for k in (1, 2, 3)}, 3, 500).values()))
    means, drawn = draws(wrong_of, None, 7)
    assert np.array_equal(drawn, draws(wrong_of, None, 7)[1])
    assert not np.array_equal(drawn, draws(wrong_of, None, 8)[1])
    np.testing.assert_allclose(drawn.mean(axis=0), means, atol=0.02)


# How errors follow the counts 100, 300, 1,000 and 4,000, and the fewest that are enough.
CURVES = {
    "flat": ((1, 1, 1, 1), 100),
    "saturating": ((1, 0.8, 0.78, 0.77), 300),
    "gaining": ((1, 0.75, 0.6, 0.5), 4000),
}


def covered(curve: str, replicates: int, images: int, lines: int, groups: int, runs: int) -> float:
    """Share of simulated studies, 20 % errors at the fewest, whose interval has the truth."""
    random = np.random.default_rng(5)
    factors, truth = CURVES[curve]
    named = [HALF, Line(0.25, "mixed"), Line(0.75, "mixed"), Line(0.5, "first")][:lines]
    reach, hits = np.sqrt(1 + 0.5**2 + 0.4**2), 0
    for run in range(runs):
        places = np.sort(random.integers(0, groups, images)) if groups else None
        hard, cells = random.standard_normal(images), {}
        for count, factor in zip((100, 300, 1000, 4000), factors, strict=True):
            for line in named:
                own = 0.1 * random.standard_normal((replicates, 1))
                if groups:
                    own = own + 0.15 * random.standard_normal(groups)[places]
                rate = np.clip(0.2 * factor * np.exp(own), 0, 0.9)
                noise = random.standard_normal((replicates, images))
                latent = hard + 0.5 * random.standard_normal(images) + 0.4 * noise
                cells[count, line] = latent > reach * stats.norm.isf(rate)
        found = enough(cells, places, 0.5, run)
        hits += found.low <= truth <= found.high
    return hits / runs


def test_the_interval_has_the_truth():
    for curve in CURVES:
        assert covered(curve, 3, 150, 2, 0, 12) >= 0.75, curve


@pytest.mark.long
@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize(
    ("replicates", "images", "lines", "groups"),
    [
        (2, 40, 1, 0),
        (2, 150, 1, 0),
        (3, 150, 4, 0),
        (3, 1000, 4, 0),
        (3, 300, 4, 8),
        (5, 500, 3, 0),
    ],
)
def test_how_often_the_interval_has_the_truth(curve, replicates, images, lines, groups):
    """The table of docs/lab/doses.md."""
    found = covered(curve, replicates, images, lines, groups, 200)
    print(
        f"{curve}, {replicates} replicates, {images} images, {lines} lines, {groups}: {found:.1%}"
    )
    assert found >= 0.85


ONES = [1, 2, 3]


def made(seed: int) -> tuple[dict, tuple, tuple]:
    """A study of doses, made up at random: what it asks, its doses, and its grid."""
    random = np.random.default_rng(seed)
    counts = random.choice([10, 50, 200, 999], random.integers(1, 5), replace=False)
    counts = sorted(counts.tolist())
    shares = random.choice([0.25, 0.5, 0.75], random.integers(1, 4), replace=False).tolist()
    orders = [["mixed"], ["first"], ["mixed", "first"]][random.integers(3)]
    ns = [[20], [20, 60]][random.integers(2)]
    replicates, images = int(random.choice(ONES)), int(random.choice([2, 7, 60]))
    stepless, groups = bool(random.integers(2)), None
    if random.integers(2):
        groups = np.sort(random.integers(0, int(random.choice([1, 2, 3, 12])), images))
    asked = {"mix": "real-warp-aug", "learner": "frozen" if stepless else "small", "n": ns}
    asked |= {"synthetic": counts, "share": shares, "order": orders}
    labels = random.integers(0, 3, images)
    ends = random.choice([0.0, 0.02, 0.4, 1.0], 2)

    def rows(cells):
        table, predicted = [], []
        for n, mix, count, share, order in cells:
            for replicate in range(1, replicates + 1):
                errs = random.random(images) < random.uniform(min(ends), max(ends))
                predicted.append((labels + errs) % 3)
                table.append(
                    {"learner": asked["learner"], "mix": mix, "n_real": n, "n_synthetic": count}
                    | {"replicate": replicate, "real_share": share, "order": order}
                    | {"test_error": float(errs.mean()), "train_steps": 0 if stepless else 5}
                )
        names = () if groups is None else tuple(f"g{number}" for number in range(12))
        found = Predictions(np.stack(predicted), labels, ("a", "b", "c"), groups, names)
        return pd.DataFrame(table), found

    cells = [
        (n, asked["mix"], count, share, order)
        for n, count, order in product(ns, counts, orders)
        for share in ([0.3] if stepless and order == "first" else shares)
    ]
    whole = [(n, asked["mix"], counts[-1], 0.5, "mixed") for n in ns]
    alone = [(n, "real-aug", 0, 1.0, "mixed") for n in ns]
    return asked, rows(cells), rows([*whole, *alone])


@pytest.mark.parametrize("seed", range(30))
def test_whatever_the_doses_are_the_sentence_names_one_of_them(seed):
    asked, of_doses, of_grid = made(seed)
    found = analyse(of_doses, of_grid, asked, 1)
    sentence, details = dose_sentences.sentence(found), dose_sentences.details(found)
    for text in (sentence, *details):
        assert "nan" not in text
        assert "?" not in text
        assert text.endswith(".")
        assert "  " not in text
    assert not found.summary.duplicated(KEYS).any()
    assert (found.summary["n_synthetic"] == 0).sum() == len(asked["n"])
    if len(asked["synthetic"]) < 2:
        assert found.enough == {}
        assert "takes two counts" in sentence
        return
    assert list(found.enough) == asked["n"]
    for n, one in found.enough.items():
        assert {one.n_synthetic, one.low, one.high} <= set(asked["synthetic"])
        assert one.low <= one.n_synthetic <= one.high
        named = re.search(rf"ith {n:,}(?: real images)?, (?:perhaps )?([\d,]+)", sentence)
        assert int(named[1].replace(",", "")) == one.n_synthetic
        assert one.line.order in asked["order"]
        assert not np.isnan(found.error(n, (one.n_synthetic, one.line)))
        for ratio, low, high in one.lines.values():
            assert 0 < low <= high < np.inf
            assert 0 < ratio < np.inf
    assert set(found.comparisons["reference"]) <= {NONE, WHOLE}
    assert found.comparisons["verdict"].isin(["better", "worse", "undecided"]).all()


def test_what_doses_are_compared_with_is_said_of_each():
    asked, of_doses, of_grid = made(3)
    found = analyse(of_doses, of_grid, asked, 1)
    taken = found.summary[found.summary["n_synthetic"] > 0]
    # Of the grid's own classifier the grid says that itself.
    for reference in (NONE, WHOLE):
        assert (found.comparisons["reference"] == reference).sum() == (~taken["whole"]).sum()
    none = found.summary[found.summary["n_synthetic"] == 0]
    n = none["n_real"].iloc[0]
    assert found.error(n, None) == none["test_error"].iloc[0]


def test_doses_that_are_not_those_of_their_table_are_refused():
    asked, (table, predictions), of_grid = made(3)
    with pytest.raises(InputError, match="the study's doses: predictions"):
        analyse((table.iloc[1:], predictions), of_grid, asked, 1)


# --- on the page ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    root = tmp_path_factory.mktemp("doses")
    asked = {
        "mix": "real-warp-aug",
        "learner": "small",
        "n": [20, 60],
        "synthetic": [10, 30, "all"],
    }
    asked |= {"share": [0.25, 0.5], "order": ["mixed", "first"]}
    config = made_up.settings(
        learner_settings={"small": {"steps": 10, "batch_size": 4}, "frozen": {}},
        doses=asked, synthetic="all", replicates=3, counts=[20, 60],
        mixes=["real-aug", "real-warp-aug", "real-rendered-aug"],
    )  # fmt: skip
    made_up.answered(root, config)
    return root


def test_the_page_has_the_sentence_the_charts_and_the_numbers(answered):
    html = (answered / "report.html").read_text()
    told = json.loads((answered / "answer/doses.json").read_text())
    assert told["sentence"] in html
    assert html.index(told["sentence"]) < html.index('id="doses-20"')
    assert 'id="doses-60"' in html
    assert 'id="doses-numbers"' in html
    assert "Add to the config" not in html
    assert {one["n_real"] for one in told["enough"]} == {20, 60}
    table = pd.read_csv(answered / "doses.csv")
    # Three counts, two shares, two orders, at two N in three draws; but for what the grid has.
    assert len(table) == 3 * 2 * 2 * 2 * 3 - 3 - 3
    assert len(pd.read_csv(answered / "answer/doses.csv")) == 2 * (3 * 2 * 2 + 1)


def test_of_each_count_the_table_has_a_row_for_each_line(answered):
    found = page.tables(page.read(answered / "answer/doses.json"))
    assert [one["n"] for one in found] == [20, 60]
    for one in found:
        assert one["counts"] == [10, 30, 100]
        names = [name.replace("\N{NO-BREAK SPACE}", " ") for name, _ in one["rows"]]
        assert names == [
            "25 % real, mixed", "50 % real, mixed",
            "rendered first, real for 25 %", "rendered first, real for 50 %",
        ]  # fmt: skip
        assert [cell["own"] for _, cells in one["rows"] for cell in cells].count(True) == 1
        for cell in (cell for _, cells in one["rows"] for cell in cells):
            assert bool(cell["none"]) is bool(cell["whole"]) is not cell["own"]


def test_a_study_without_doses_is_told_what_to_add():
    def one(n, mix):
        return {"n_real": n, "mix": mix, "error": 0.1}

    held = {("frozen:real-harvest-aug", n): 600 for n in (55, 260)} | {("real-warp", 99): 90}
    advised = [one(55, "frozen:real-harvest-aug"), one(260, "frozen:real-harvest-aug")]
    read_back = yaml.safe_load(page.proposed(advised, ["small"], held))["doses"]
    assert (read_back["mix"], read_back["learner"]) == ("real-harvest-aug", "frozen")
    assert read_back["n"] == [55, 260]
    # No more than there are: that would be refused.
    assert read_back["synthetic"] == [100, "all"]
    told = page.proposed([one(55, "real-aug"), one(99, "real-warp")], ["small"], held)
    assert "learner: small" in told
    assert "synthetic: [all]" in told
    # Nothing that could have doses is advised.
    nothing = [one(55, "real-aug"), one(0, "warp"), one(9, "real-x-pseudo")]
    assert page.proposed(nothing, ["small"], held) is None


@pytest.mark.parametrize("split", ["fixed", "rotate"])
def test_a_study_that_tests_in_turns_is_told_nothing(split):
    config = made_up.settings()
    config["real"] = config["real"] | {"split": split}
    advised = [{"n_real": 55, "mix": "real-warp-aug", "error": 0.1}]
    metrics = pd.DataFrame([("real-warp-aug", 55, 945)], columns=["mix", "n_real", "n_synthetic"])
    shown = page.shown(None, advised, config, metrics)
    assert bool(shown["proposed"]) is (split == "fixed")
