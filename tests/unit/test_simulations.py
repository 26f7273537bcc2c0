"""Simulations of whole studies, whose truth is known: how often a verdict or an interval is wrong.

A few of each run in `make test`. Those in docs/lab/answer.md, with thousands of comparisons:
`python -m pytest tests/unit/test_simulations.py -m long -s`, which prints them.
"""

import numpy as np
import pytest
from scipy import stats

from realink.answer.equivalent import Errors, drawn_share, equivalent_count
from realink.answer.statistics import (
    Sample,
    adjust,
    compare,
    log_ratios,
    pool,
)

# Counts, and errors of a mix at them, as in results/mnist.
CURVE = {55: 0.15, 165: 0.07, 550: 0.035, 1650: 0.02, 5500: 0.012, 16_500: 0.008, 38_500: 0.006}
CURVE[55_000] = 0.0055
COUNTS = list(CURVE)
LONG = pytest.mark.long


def drawn(n):
    """Variance of a log ratio between replicates that comes from the draw of n real images.

    As in results/mnist: 0.021 at 55, and from 5,500 on hardly anything beside the chance of single
    test images.
    """
    return 0.021 * (n / 55) ** -0.5


def heterogeneous(random):
    """What the variance of one mix is multiplied by: mean 1, as of 8 degrees of freedom."""
    return 6 / random.chisquare(8)


def family(random, replicates, images, less=1.0):
    """40 comparisons: at eight counts five mixes with one baseline, of which one may err less.

    Returns the count, whether there is a difference, and the pair that `compare` takes, of each.
    """
    hard, noise = random.standard_normal(images, dtype=np.float32), (0.35, 0.3)
    reach = np.sqrt(1 + noise[0] ** 2 + noise[1] ** 2)
    for n, error in CURVE.items():
        shared = np.sqrt(drawn(n) / 4) * random.standard_normal(replicates)
        wrong = []
        for mix in range(6):
            own = np.sqrt(drawn(n) / 2 * heterogeneous(random)) * random.standard_normal(replicates)
            rate = error * np.exp(shared + own) * (less if mix == 1 else 1)
            latent = hard + noise[0] * random.standard_normal(images, dtype=np.float32)
            latent = latent + noise[1] * random.standard_normal(
                (replicates, images), dtype=np.float32
            )
            wrong.append(latent > reach * stats.norm.isf(rate)[:, None])
        for mix in range(1, 6):
            yield n, less != 1 and mix == 1, (wrong[mix], wrong[0])


def p_values(seed, times, replicates, images, less=1.0):
    """p and whether there is a difference, float and bool [times, counts, 5]."""
    random = np.random.default_rng(seed)
    p, different = [], []
    for _ in range(times):
        counts, truth, pairs = zip(*family(random, replicates, images, less), strict=True)
        priors = pool([log_ratios(*pair) for pair in pairs], counts)
        p.append([compare(*pair, prior=q).p for pair, q in zip(pairs, priors, strict=True)])
        different.append(truth)
    shape = times, len(COUNTS), 5
    return np.reshape(p, shape), np.reshape(different, shape)


def shown(name, shares):
    print(f"\n{name:>40} | " + " | ".join(f"{100 * share:.1f}" for share in shares), flush=True)


# Of the rates of 1,500 and more comparisons a count the standard error at 5 % is under 0.6 points,
# and somewhat more since five share a baseline.
@pytest.mark.parametrize(
    ("replicates", "times", "low", "high"),
    [
        (3, 60, 0.015, 0.1),
        pytest.param(2, 400, 0.02, 0.07, marks=LONG),
        pytest.param(3, 400, 0.03, 0.07, marks=LONG),
        pytest.param(5, 300, 0.03, 0.07, marks=LONG),
    ],
)
def test_without_a_difference_few_are_decided_at_every_count(replicates, times, low, high):
    p, _ = p_values(replicates, times, replicates, images=10_000 if times > 100 else 4000)
    rates = np.mean(p < 0.05, axis=(0, 2))
    shown(f"{replicates} replicates, no difference: p < 0.05", rates)
    assert (rates > low).all()
    assert (rates < high).all()
    # Far out, too, where the correction for many comparisons looks: one family in twenty decides.
    assert np.mean([adjust(own.ravel()).min() < 0.05 for own in p]) < 0.05 + 3 * np.sqrt(
        0.0475 / times
    )


@pytest.mark.parametrize(
    ("replicates", "times"),
    [
        (3, 40),
        pytest.param(2, 400, marks=LONG),
        pytest.param(3, 400, marks=LONG),
        pytest.param(5, 300, marks=LONG),
    ],
)
def test_of_what_is_decided_at_every_count_few_are_wrong(replicates, times):
    """A fifth of the comparisons has 30 % less error."""
    p, different = p_values(10 + replicates, times, replicates, 10_000, less=0.7)
    decided = np.array([adjust(own.ravel()) for own in p]).reshape(p.shape) < 0.05
    wrong, called = np.sum(decided & ~different, axis=2), np.sum(decided, axis=2)
    found = decided[different].reshape(-1, len(COUNTS)).mean(axis=0)
    share = np.mean(wrong / np.maximum(called, 1), axis=0)  # what the false discovery rate is
    shown(f"{replicates} replicates, wrong of decided, mean", share)
    shown("... of all families together", wrong.sum(axis=0) / called.sum(axis=0))
    shown("... found of different", found)
    whole = np.mean(wrong.sum(axis=1) / np.maximum(called.sum(axis=1), 1))
    shown(
        "all counts: wrong, mean; together; found",
        [whole, wrong.sum() / called.sum(), found.mean()],
    )
    # 40 families: the standard error of a count's share is up to 1.5 points, of the whole 0.9.
    assert (share < (0.05 if times > 100 else 0.095)).all()
    assert whole < (0.055 if times > 100 else 0.07)
    assert found.mean() > (0.55 if replicates == 2 else 0.7)


def cells(random, replicates, share, counts, mixes=7):
    """Log errors, float [mixes, counts, replicates], of mixes that share draws, which are nested.

    Also the variance of each that comes from single images. The first mix is a baseline whose
    error falls as 2 / sqrt(n); the others have the error that it has at more images.
    """
    counts = np.array(counts, dtype=float)
    steps = np.sqrt(np.diff(counts, prepend=0))[:, None] * random.standard_normal(
        (len(counts), replicates)
    )
    draw = np.cumsum(steps, axis=0) / np.sqrt(counts)[:, None]
    middle = np.log(2 / np.sqrt(counts * np.array([1, *[1.7] * (mixes - 1)])[:, None]))
    chance = 0.4 / (np.array([np.interp(n, COUNTS, list(CURVE.values())) for n in counts]) * 10_000)
    variance = drawn(counts) * np.array([[heterogeneous(random)] for _ in range(mixes)])
    own = random.standard_normal((mixes, len(counts), replicates))
    both = np.sqrt(share) * draw + np.sqrt(1 - share) * own
    spread = np.sqrt(variance + chance)
    return middle[:, :, None] + spread[:, :, None] * both, chance


@pytest.mark.parametrize(
    ("replicates", "share", "times"),
    [
        (3, 0.5, 200),
        *[
            pytest.param(replicates, share, 2000, marks=LONG)
            for replicates in (2, 3, 5)
            for share in (0, 0.25, 0.5)
        ],
    ],
)
def test_intervals_of_worth_cover_at_every_count(replicates, share, times):
    random = np.random.default_rng([replicates, int(100 * share)])
    counts = [55, 165, 385, 550, 1650, 3850, 5500, 16_500, 38_500, 55_000]
    asked = counts[:8] if times > 1000 else [55, 5500]
    covered = []
    for time in range(times):
        logs, chance = cells(random, replicates, share, counts)
        samples = [Sample(own, c) for mix in logs for own, c in zip(mix, chance, strict=True)]
        priors = pool(samples, counts * len(logs))
        known = [Errors(own.logs, prior) for own, prior in zip(samples, priors, strict=True)]
        together = drawn_share(known, counts * len(logs))
        baseline = dict(zip(counts, known, strict=False))
        intervals = [
            equivalent_count(
                baseline, n, known[len(counts) + place], seed=time, share=together, draws=200
            )
            for place, n in enumerate(counts)
            if n in asked
        ]
        covered.append(
            [own.low <= 1.7 * n <= own.high for n, own in zip(asked, intervals, strict=True)]
        )
    rates = np.mean(covered, axis=0)
    shown(f"{replicates} replicates, share {share}: covered", rates)
    doubt = 2 * np.sqrt(0.05 * 0.95 / times)  # standard errors: 0.5 points of 2,000 studies
    assert (rates > 0.93 - doubt).all()
    assert (rates < 0.97 + doubt).all()
