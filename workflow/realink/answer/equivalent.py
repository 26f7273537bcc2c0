"""Errors as counts of real images: at how many of them another mix has the same error.

Pure functions over arrays; errors are fractions.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import optimize

from realink.answer.statistics import LEVEL, Interval, Prior, spread_of


class Errors(NamedTuple):
    """Logarithms of the errors of one cell's replicates, and what others say of their spread."""

    logs: np.ndarray  # float [r]
    prior: Prior | None = None


def drawn_share(cells: Sequence[Errors], counts: Sequence[int]) -> float:
    """Share of the spread between replicates, 0..1, that cells have in common by their draws.

    Cells of one replicate and count are trained on the same real images, and the images of a
    smaller count are among those of a larger one: two means over nested draws of n and m images
    correlate by sqrt(n / m). The share is what is left of that in the log errors, by least squares
    over all pairs of cells.

    Parameters
    ----------
    cells : of the same replicates in the same order, with their priors
    counts : the real images of each
    """
    spreads = np.array([np.sqrt(cell.prior.variance) for cell in cells if cell.prior])
    if len(spreads) < max(len(cells), 2):
        return 0.0
    logs = np.array([cell.logs for cell in cells])
    apart = (logs - logs.mean(axis=1, keepdims=True)) / spreads[:, None]
    products = apart @ apart.T / (logs.shape[1] - 1)
    nested = _nested(np.asarray(counts))
    pairs = np.triu_indices(len(cells), 1)
    share = np.sum(products[pairs] * nested[pairs]) / np.sum(nested[pairs] ** 2)
    return float(np.clip(share, 0, 1))


def _nested(counts: np.ndarray) -> np.ndarray:
    """Correlation of means over nested draws of so many images, float [c, c]."""
    smaller, larger = np.minimum.outer(counts, counts), np.maximum.outer(counts, counts)
    # Where none is drawn, means correlate with themselves alone.
    return np.maximum(np.sqrt(smaller / larger.clip(min=1)), np.eye(len(counts)))


def equivalent_count(
    baseline: Mapping[int, Errors],
    n: int,
    errors: Errors,
    *,
    seed: int,
    share: float = 0.0,
    level: float = LEVEL,
    draws: int = 2000,
) -> Interval:
    """At how many real images the baseline reaches the error of a mix.

    The baseline's geometric mean errors, made to fall with the count by isotonic regression, are
    interpolated between counts, both on logarithmic axes. The interval comes from redrawing all
    means together: the logarithm of an error is taken to be Gaussian, with the cell's own
    variance, weighted with its prior's, and cells correlate as far as they share their draws.

    Parameters
    ----------
    baseline : of the baseline at each count
    n, errors : the count of the mix, and its errors
    seed : of the redrawing
    share : of the spread that comes from the draws, as `drawn_share` finds it
    draws : of the redrawing; 40 are the fewest that reach a level of 0.95

    Returns
    -------
    Counts of real images. Infinity: more than the baseline's largest count; zero: fewer than its
    smallest. NaN bounds where nothing tells how much a cell spreads.
    """
    counts = sorted(baseline)
    cells = [*(baseline[count] for count in counts), errors]
    means = np.array([cell.logs.mean() for cell in cells])
    value = _invert(counts, means)
    variances, freedoms = np.array([spread_of(*cell) for cell in cells]).T
    if not freedoms.all():
        return Interval(value, np.nan, np.nan)
    random = np.random.default_rng(seed)
    together = share * _nested(np.array([*counts, n])) + (1 - share) * np.eye(len(cells))
    noise = random.multivariate_normal(np.zeros(len(cells)), together, draws, method="eigh")
    noise *= np.sqrt(variances / [len(cell.logs) for cell in cells])
    noise /= np.sqrt(random.chisquare(freedoms, noise.shape) / freedoms)
    found = np.sort([_invert(counts, drawn) for drawn in means + noise])
    # Order statistics, since a mean of two of them could mix a number with infinity: one more draw
    # would fall below the k-th of them with probability k / (draws + 1).
    tail = int(draws * (1 - level) / 2)
    return Interval(value, float(found[tail - 1]), float(found[-tail]))


def _invert(counts: list[int], logs: np.ndarray) -> float:
    """Count at which the curve `logs[:-1]`, made to fall, has the height `logs[-1]`."""
    curve, target = optimize.isotonic_regression(logs[:-1], increasing=False).x, logs[-1]
    if target < curve[-1]:
        return np.inf
    if target > curve[0]:
        return 0.0
    # From the largest count down: where the curve is level, its smallest count reaches the target.
    return float(np.exp(np.interp(target, curve[::-1], np.log(counts)[::-1])))
