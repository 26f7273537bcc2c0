"""Statistics where each replicate is tested on images of its own."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from realink.answer import nested
from realink.answer.analysis import analyse
from realink.answer.cells import errors_by_class, errors_by_group, fitting
from realink.answer.comparisons import compare_mixes
from realink.answer.regret import regret
from realink.answer.statistics import mean_interval, pool
from realink.answer.studies import Study, compare_studies
from realink.errors import InputError
from realink.images.rotation import turns
from realink.page.examples import examples
from realink.store.predictions import Predictions, read_predictions, write_predictions

LONG = pytest.mark.long
COUNTS = (55, 165, 385, 1000)
MIXES = ("real", "rendered", "real-rendered", "warp", "real-warp", "harvest")
CLASSES = 4


class Truth:
    """Studies in which no mix is better than another, over all groups and draws.

    Parameters
    ----------
    groups, replicates, images : how many
    differ : standard deviation of a group's own log ratio of errors
    draws : of a replicate's, at 55 real images
    """

    def __init__(self, groups, replicates, images, differ, draws, error=0.2):
        self.groups, self.replicates, self.images = groups, replicates, images
        self.differ, self.draws, self.error = differ, draws, error

    def study(self, random):
        """What each cell got wrong, {(mix, n): bool [n]}, the turn of each image and its group."""
        shares = np.exp(random.normal(0, 0.8, self.groups))
        sizes = np.maximum(2, np.round(self.images * shares / shares.sum())).astype(int)
        group = np.repeat(np.arange(self.groups), sizes)
        n = len(group)
        labels = random.integers(0, CLASSES, n)
        units = [(str(place), str(label)) for place, label in zip(group, labels, strict=True)]
        turn = np.array([own.tested for own in turns(units, self.replicates, 0.1)])
        hard, noise = random.standard_normal(n), (0.35, 0.3)
        reach = np.sqrt(1 + noise[0] ** 2 + noise[1] ** 2)
        of_group = random.normal(-0.125, 0.5, self.groups)
        of_mix = random.normal(0, self.differ / np.sqrt(2), (len(MIXES), self.groups))
        wrong = {}
        for step, count in enumerate(COUNTS):
            spreads = self.draws * (55 / count) ** 0.25
            shared = spreads / 2 * random.standard_normal(self.replicates + 1)
            for mix, own in zip(MIXES, of_mix, strict=True):
                drawn = spreads / np.sqrt(2) * random.standard_normal(self.replicates + 1)
                logs = (shared + drawn)[turn] + (of_group + own)[group] - 0.2 * step
                latent = hard + noise[0] * random.standard_normal(n)
                latent = latent + noise[1] * random.standard_normal(n)
                rate = np.minimum(self.error * np.exp(logs), 0.9)
                wrong[mix, count] = latent > reach * stats.norm.isf(rate)
        return wrong, turn, group, labels


def laid_out(wrong, turn, replicates):
    """bool [replicates, n] of one cell, and which images each replicate tests."""
    tested = turn == np.arange(1, replicates + 1)[:, None]
    return wrong & tested, tested


def p_values(truth, random):
    """p of each mix against the first, at all counts."""
    wrong, turn, group, _ = truth.study(random)
    cells = {cell: laid_out(own, turn, truth.replicates) for cell, own in wrong.items()}
    pairs = [(n, cells[mix, n][0], *cells[MIXES[0], n]) for n in COUNTS for mix in MIXES[1:]]
    found = [nested.log_ratios(*pair, groups=group) for _, *pair in pairs]
    priors = pool(found, [n for n, *_ in pairs])
    return [
        nested.compare(*pair, prior=prior, groups=group).p
        for (_, *pair), prior in zip(pairs, priors, strict=True)
    ]


@pytest.mark.parametrize(
    ("groups", "replicates", "differ", "draws", "times"),
    [
        (5, 5, 0.3, 0.15, 30),
        (12, 5, 0.3, 0.15, 30),
        (40, 5, 0.3, 0.15, 30),
        *[
            pytest.param(groups, replicates, differ, draws, 60, marks=LONG)
            for replicates in (5, 3)
            for groups in (5, 8, 12, 20, 40)
            for differ, draws in ((0, 0), (0, 0.15), (0.5, 0.15), (0.3, 0.3))
        ],
    ],
)
def test_few_are_decided_where_mixes_are_alike(groups, replicates, differ, draws, times):
    random = np.random.default_rng([groups, replicates, int(100 * differ), int(100 * draws)])
    truth = Truth(groups, replicates, 500, differ, draws)
    found = np.array([p_values(truth, random) for _ in range(times)])
    rates = np.mean(found < 0.05, axis=1)
    # 20 comparisons of a study have their groups in common.
    doubt = 2 * rates.std(ddof=1) / np.sqrt(times)
    share = rates.mean()
    print(
        f"\n| {groups} | {replicates} | {differ} | {draws} | {100 * share:.1f} | {50 * doubt:.1f} |"
    )
    # Where nothing differs, neither groups nor draws, it is more careful than it need be.
    assert (0.03 if draws else 0.015) - doubt < share < 0.07 + doubt


def test_a_difference_is_found():
    random, p = np.random.default_rng(3), []
    truth = Truth(25, 5, 600, 0.2, 0.1)
    for _ in range(10):
        wrong, turn, group, _ = truth.study(random)
        # Of the first mix's errors, half are right.
        less = wrong["real", 55] & (random.random(len(turn)) < 0.5)
        pair = laid_out(less, turn, 5)[0], *laid_out(wrong["warp", 55], turn, 5)
        p.append(nested.compare(*pair, groups=group).p)
    assert np.mean(np.array(p) < 0.05) > 0.8


@pytest.fixture
def rotated():
    """A made-up study of two mixes at two counts, in 4 replicates of 10 groups, and its table."""
    return study_of(Truth(10, 4, 200, 0.2, 0.1), 1)


def study_of(truth, seed, mixes=MIXES[:3], counts=COUNTS[:2]):
    wrong, turn, group, labels = truth.study(np.random.default_rng(seed))
    rows, found = [], []
    for mix in mixes:
        for n in counts:
            for replicate in range(1, truth.replicates + 1):
                own = turn == replicate
                missed = wrong[mix, n] & own
                # 0 of images that it was not tested on.
                found.append((((labels + missed) % CLASSES) * own).astype(np.uint8))
                rows.append((mix, n, 20, replicate, missed[own].mean()))
    table = pd.DataFrame(rows, columns=["mix", "n_real", "n_synthetic", "replicate", "test_error"])
    names = tuple(f"g{place}" for place in range(truth.groups))
    return table, Predictions(
        np.stack(found),
        labels,
        tuple("abcd"),
        group,
        names,
        turn,
        table["replicate"].to_numpy(),
    )


def test_the_ratio_is_that_of_the_mean_errors_of_replicates(rotated):
    table, predictions = rotated
    found = compare_mixes(fitting(table, predictions), predictions)
    means = table.groupby(["mix", "n_real"])["test_error"].mean()
    for row in found.itertuples():
        expected = means[row.mix, row.n_real] / means[row.reference, row.reference_n_real]
        assert row.ratio == pytest.approx(expected)
        assert row.low < row.ratio < row.high
    assert set(found["test"]) == {"groups within replicates"}


def test_the_same_predictions_are_no_difference(rotated):
    _, predictions = rotated
    tested = predictions.replicates[:4, None] == predictions.turns
    own = predictions.wrong[:4]
    found = nested.compare(own, own, tested, groups=predictions.groups)
    assert (found.ratio, found.p) == (1, 1)


def test_both_directions_agree(rotated):
    _, predictions = rotated
    tested = predictions.replicates[:4, None] == predictions.turns
    one, other = predictions.wrong[:4], predictions.wrong[8:12]
    there = nested.compare(one, other, tested, groups=predictions.groups)
    back = nested.compare(other, one, tested, groups=predictions.groups)
    assert there.ratio == pytest.approx(1 / back.ratio)
    assert there.p == pytest.approx(back.p)


def test_no_error_is_as_uncertain_as_one_wrong_image():
    turn = np.repeat([1, 2, 3], 4)
    none, tested = laid_out(np.zeros(12, bool), turn, 3)
    some, _ = laid_out(np.arange(12) == 5, turn, 3)
    found = nested.compare(none, some, tested)
    assert found.p > 0.3
    assert np.isfinite([found.ratio, found.low, found.high]).all()


def test_one_group_in_each_replicate_or_but_one_replicate_left():
    random = np.random.default_rng(0)
    turn = np.repeat([1, 2, 3], 20)
    one, tested = laid_out(random.random(60) < 0.5, turn, 3)
    other, _ = laid_out(random.random(60) < 0.2, turn, 3)
    assert 0 < nested.compare(one, other, tested, groups=turn).p < 1
    for rows in (slice(0, 1), slice(0, 2)):
        found = nested.compare(one[rows], other[rows], tested[rows], groups=turn)
        assert np.isfinite(found.ratio)
        assert 0 < found.p <= 1


def test_replicates_that_differ_much_make_a_difference_unsure():
    turn = np.repeat(np.arange(1, 6), 100)
    random = np.random.default_rng(1)
    steady = random.random(500) < 0.3
    less = random.random(500) < 0.2
    # As many errors, but all in two of the replicates.
    moody = np.isin(turn, [1, 4]) & (random.random(500) < 0.5)
    sure, unsure = (
        nested.compare(laid_out(own, turn, 5)[0], *laid_out(steady, turn, 5)).p
        for own in (less, moody)
    )
    assert sure < 0.05 < unsure


def test_every_image_counts_once_by_group_and_class(rotated):
    table, predictions = rotated
    for rows in (
        errors_by_group(table, predictions),
        errors_by_class(table, predictions),
    ):
        assert set(rows.groupby(["mix", "n_real"])["images"].sum()) == {len(predictions.labels)}
        wrong = rows["images"] * rows["test_error"]
        whole = wrong.groupby([rows["mix"], rows["n_real"]]).sum()
        for (mix, n), own in table.groupby(["mix", "n_real"]):
            assert whole[mix, n] == pytest.approx(predictions.wrong[own.index].sum())


def test_what_each_image_was_taken_for_by_the_one_that_tested_it(rotated):
    _, predictions = rotated
    found, some = predictions.once(np.arange(4))
    assert some.all()
    assert (found != predictions.labels).sum() == predictions.wrong[:4].sum()
    _, some = predictions.once(np.arange(3))
    assert (some == (predictions.turns < 4)).all()


def test_predictions_survive_the_disk(rotated, tmp_path):
    _, predictions = rotated
    write_predictions(tmp_path / "p.safetensors", predictions)
    again = read_predictions(tmp_path / "p.safetensors")
    for name, value in predictions._asdict().items():
        assert np.array_equal(getattr(again, name), value), name


def test_a_whole_answer(rotated):
    table, predictions = rotated
    found = analyse(table, predictions, pd.DataFrame(), pool=150, seed=1)
    assert len(found.summary) == 6
    assert found.summary["expected_error"].between(0, 1).all()
    assert np.isfinite(found.worth[["low", "high"]].to_numpy(float)).any()
    # Two replicates train on other parts: 150 of 150 are not the same in both.
    (shared,) = [note for note in found.limits if "of which two share" in note]
    assert "about 73" in shared
    assert "100" not in shared


def test_regret_cuts_each_replicates_images(rotated):
    table, predictions = rotated
    found = regret(fitting(table, predictions), predictions, splits=3, seed=1)
    assert (found[["advised", "lowest"]].to_numpy() >= found[["best"]].to_numpy() - 1e-12).all()


def test_regret_of_one_group_in_each_replicate():
    table, predictions = study_of(Truth(3, 3, 60, 0.2, 0.1), 2)
    found = regret(fitting(table, predictions), predictions, splits=4, seed=1)
    assert found[["advised", "lowest", "best"]].notna().all(axis=None)


def test_examples_are_of_the_classifier_that_tested_them(rotated):
    table, predictions = rotated
    found = examples(table, predictions, 55, "real-rendered", "real")
    own = {mix: table.index[(table["mix"] == mix) & (table["n_real"] == 55)] for mix in MIXES[:3]}
    right, _ = predictions.once(own["real-rendered"].to_numpy())
    wrong, _ = predictions.once(own["real"].to_numpy())
    clear = (right == predictions.labels) & (wrong != predictions.labels)
    assert found.count == clear.sum()
    assert clear[found.places].all()
    assert (found.predicted == wrong[found.places]).all()


def test_two_rotated_studies_are_compared_if_their_turns_are_the_same(rotated):
    table, predictions = rotated
    other, later = study_of(Truth(10, 4, 200, 0.2, 0.1), 1)
    found, _ = compare_studies(Study("a", table, predictions), Study("b", other, later))
    assert set(found["verdict"]) == {"identical"}
    later = later._replace(turns=later.turns[::-1].copy())
    with pytest.raises(InputError, match="not tested on the same images"):
        compare_studies(Study("a", table, predictions), Study("b", other, later))
    fixed = later._replace(turns=None, replicates=None)
    with pytest.raises(InputError, match="not tested on the same images"):
        compare_studies(Study("a", table, predictions), Study("b", other, fixed))


@pytest.mark.parametrize("groups", [pytest.param(n, marks=LONG) for n in (5, 12, 40)])
def test_intervals_of_a_mean_error_cover(groups):
    """Of replicates that test other groups, Student's interval holds for other groups, too."""
    random = np.random.default_rng(groups)
    truth = Truth(groups, 5, 500, 0.3, 0.15)
    means = []
    for _ in range(400):
        wrong, turn, *_ = truth.study(random)
        means.append([wrong["real", 55][turn == own].mean() for own in range(1, 6)])
    real = np.mean(means)  # over so many studies
    bounds = [mean_interval(np.array(own)) for own in means]
    covered = np.mean([own.low <= real <= own.high for own in bounds])
    print(f"\n{groups} groups: {100 * covered:.1f} % of intervals of a mean error cover")
    assert 0.90 < covered < 0.985
