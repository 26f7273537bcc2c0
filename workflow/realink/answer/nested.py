"""Statistics of test errors where each replicate is tested on images of its own.

No image is read by two replicates: replicates differ by their draws, and by the images that they
test. So these are nested in replicates, not crossed with them as in `realink.answer.statistics`,
and the mean over replicates is that of independent parts. Errors are fractions.
"""

from typing import NamedTuple

import numpy as np
from scipy import stats

from realink.answer.statistics import LEVEL, Comparison, Prior, Sample, spread_of, unevenness


class Parts(NamedTuple):
    """A logarithm of an error, or of a ratio of two, and what it is the mean of.

    value : of all replicates
    replicates : float [r], each one's; their mean is `value`, but for what makes up for uneven
        errors
    of_groups : variance of `value` by the differences between groups (or single images) alone
    freedom : degrees of freedom of that
    """

    value: float
    replicates: np.ndarray
    of_groups: float
    freedom: float


def compare(
    wrong_a: np.ndarray,
    wrong_b: np.ndarray,
    tested: np.ndarray,
    prior: Prior | None = None,
    groups: np.ndarray | None = None,
) -> Comparison:
    """Compare two mixes of which each replicate is tested on other images.

    The ratio is that of the mean errors of the replicates, on its logarithm by linearisation
    (Cochran 1977, Sampling Techniques, 6.3). Its variance has two parts. Groups differ (or single
    images, where there are no groups): the sum of squares of their parts. And replicates differ by
    their draws: by how much more their parts vary than groups alone make them; that is weighted
    with what the other comparisons say, `prior`, since few replicates hardly know it. Degrees of
    freedom are those of the sum (Satterthwaite 1946, Biometrics 2:110).

    Parameters
    ----------
    wrong_a, wrong_b : bool [r, n], false where a replicate does not test an image
    tested : bool [r, n], which images each replicate tests, none of them two
    prior : what `statistics.pool` finds for it
    groups : int [n], the place of each image's group, none of them in two replicates

    Raises
    ------
    ValueError
        No replicate has images.
    """
    found = _parts(wrong_a, wrong_b, tested, groups)
    variance, freedom, replicates = found.of_groups, found.freedom, len(found.replicates)
    if replicates > 1:
        own, _ = spread_of(found.replicates, prior)
        of_draws = max(own / replicates - found.of_groups, 0.0)
        variance += of_draws
        uncertain = found.of_groups**2 / found.freedom + of_draws**2 / (replicates - 1)
        freedom = variance**2 / uncertain if uncertain else np.inf
    # No error is as uncertain as a single wrong image.
    unseen = sum(not wrong.any() for wrong in (wrong_a, wrong_b))
    error = np.sqrt(variance + unseen)
    p = 2 * stats.t.sf(abs(found.value) / error, freedom) if error else float(found.value == 0)
    reach = stats.t.ppf((1 + LEVEL) / 2, freedom) * error
    low, ratio, high = np.exp([found.value - reach, found.value, found.value + reach]).tolist()
    what = "images" if groups is None else "groups"
    return Comparison(ratio, low, high, float(p), f"{what} within replicates")


def log_ratios(
    wrong_a: np.ndarray, wrong_b: np.ndarray, tested: np.ndarray, groups: np.ndarray | None = None
) -> Sample:
    """The log ratios of the errors of two mixes; parameters as of `compare`.

    Chance, of one replicate, is what differences between groups alone make.
    """
    return _sample(_parts(wrong_a, wrong_b, tested, groups))


def log_errors(wrong: np.ndarray, tested: np.ndarray, groups: np.ndarray | None = None) -> Sample:
    """The log errors of one mix; parameters as of `compare`."""
    return _sample(_parts(wrong, None, tested, groups))


def _sample(found: Parts) -> Sample:
    return Sample(found.replicates, found.of_groups * len(found.replicates))


def _parts(
    wrong_a: np.ndarray, wrong_b: np.ndarray | None, tested: np.ndarray, groups: np.ndarray | None
) -> Parts:
    some = tested.any(axis=1)
    read = tested.any(axis=0)
    if not some.any():
        raise ValueError("no replicate has images that it tests")
    tested = tested[some][:, read]
    turn = tested.argmax(axis=0)
    replicates, n = tested.shape
    # Each replicate counts the same, so that the mean is that of the replicates' errors.
    weight = 1 / tested.sum(axis=1)[turn] / replicates
    value, apart, found = 0.0, np.zeros(n), np.zeros(n)
    for sign, wrong in ((1, wrong_a), (-1, wrong_b)):
        if wrong is None:
            continue
        own = wrong[some][:, read].any(axis=0)
        error = own @ weight
        # Half an image for none, which has no logarithm.
        value += sign * np.log(max(error, 0.5 / n))
        apart += sign * weight * (own / max(error, 0.5 / n) - (error > 0))
        found += own * weight
    places = np.arange(n) if groups is None else np.unique(groups[read], return_inverse=True)[1]
    # A single group says nothing of how much others differ.
    places = places if places.max() else np.arange(n)
    cases = places.max() + 1
    squares, freedom = 0.0, 1.0
    if cases > 1:
        scale, freedom = unevenness(np.bincount(places, found) + 0.5 / n)
        squares = np.sum((scale * np.bincount(places, apart)) ** 2) * cases / (cases - 1)
    by_replicate = np.bincount(turn, apart, replicates)
    if replicates > 1:
        by_replicate *= unevenness(np.bincount(turn, found, replicates) + 0.5 / n)[0]
    return Parts(value, value + replicates * by_replicate, float(squares), freedom)
