"""Statistics of test errors: intervals, paired comparisons, and errors as counts of real images.

Pure functions over arrays. Errors are fractions; replicates differ in the real images drawn and in
every other random choice, and all of them read the same test images.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import optimize, special, stats

LEVEL = 0.95
TRENDED = 12  # comparisons from which on their spread may follow the count


class Interval(NamedTuple):
    """An estimate with its confidence interval; NaN bounds where there is none."""

    value: float
    low: float
    high: float


class Comparison(NamedTuple):
    """Error of A over error of B on the same test images: below one, A is better."""

    ratio: float
    low: float
    high: float
    p: float
    test: str  # "replicates x images", "replicates x groups", "groups" or "McNemar"


class Prior(NamedTuple):
    """What a family of comparisons says about the spread between replicates in one of them."""

    variance: float  # of the log ratio
    freedom: float  # as many degrees of freedom is it worth


def mean_interval(values: np.ndarray, level: float = LEVEL) -> Interval:
    """Mean of replicates, float [r], with Student's interval, cut to 0..1.

    One replicate has no interval: its bounds are NaN.
    """
    mean = float(np.mean(values))
    if len(values) < 2:
        return Interval(mean, np.nan, np.nan)
    reach = float(stats.t.ppf((1 + level) / 2, len(values) - 1) * stats.sem(values))
    return Interval(mean, max(mean - reach, 0.0), min(mean + reach, 1.0))


def compare(
    wrong_a: np.ndarray,
    wrong_b: np.ndarray,
    level: float = LEVEL,
    prior: Prior | None = None,
    groups: np.ndarray | None = None,
) -> Comparison:
    """Compare two mixes by which test images their classifiers got wrong.

    Two or more replicates: the analysis of several readers and several cases in which both are
    random (Dorfman, Berbaum & Metz 1992, Invest. Radiol. 27:723), with the degrees of freedom of
    Hillis (2007, Stat. Med. 26:596). Readers are the replicates, which share their N real images
    between A and B, and cases are the test images. So the answer holds for other draws of real
    images and for other test images; McNemar's test over pooled replicates, or a bootstrap of the
    test images, would hold for the classifiers at hand only. It is done on the logarithm of the
    ratio of the errors, by linearisation, because errors spread in proportion to their size.
    Unlike there, replicates are never taken to differ less than chance alone makes them; else 3
    that happen to agree would decide anything.

    One replicate leaves McNemar's exact test (1947, Psychometrika 12:153), which holds for these
    two classifiers, with the interval of the same linearisation.

    Where test images come in groups (one camera, one writer), the groups are the cases, since the
    images of one are alike: each is the sum of its images' parts, as in the variance of a ratio
    over clusters (Cochran 1977, Sampling Techniques, 6.3). Few groups make few degrees of freedom,
    and fewer if most errors lie in some of them: as many as equal groups would have that err as
    unevenly (Satterthwaite 1946, Biometrics Bull. 2:110). One replicate leaves a t-test of groups.

    Parameters
    ----------
    wrong_a, wrong_b : bool [r, n], replicates in the same order, and test images
    prior : what `pool` finds for it in the family that it belongs to
    groups : int [n], the place of each test image's group, if they come in groups

    Raises
    ------
    ValueError
        The two differ in shape, or there is only one group.
    """
    if wrong_a.shape != wrong_b.shape:
        raise ValueError(f"differing replicates or images: {wrong_a.shape}, {wrong_b.shape}")
    replicates = len(wrong_a)
    error_a, error_b = _errors(wrong_a), _errors(wrong_b)
    # No error is as uncertain as a single wrong image, and the same in all replicates, or few test
    # images would decide anything.
    unseen = sum(np.mean(~wrong.any(axis=1)) for wrong in (wrong_a, wrong_b))
    logs = np.log(error_a / error_b)
    apart = wrong_a / error_a - wrong_b / error_b
    apart += logs - apart.mean(axis=1, keepdims=True)  # each image's part of the log ratio
    freedom_of_cases = np.inf  # thousands of images: as good as known
    if groups is not None:
        apart = logs + _by_group(apart - logs, groups)
        freedom_of_cases = _freedom_of_groups(wrong_a.sum(axis=0) + wrong_b.sum(axis=0), groups)
    cases = apart.shape[1]
    mean = logs.mean()
    rows, columns = logs, apart.mean(axis=0, keepdims=True)
    of_cases = replicates * np.sum((columns - mean) ** 2) / (cases - 1)
    if replicates == 1:
        spread, freedom, p = of_cases, freedom_of_cases, None
        test = "groups"
        if groups is None:
            test, p = "McNemar", _mcnemar(wrong_a[0], wrong_b[0])
    else:
        variance, own = _spread(logs, prior)
        of_replicates = cases * variance
        rest = np.sum((apart - rows - columns + mean) ** 2) / ((replicates - 1) * (cases - 1))
        spread = max(of_replicates, rest) + max(of_cases - rest, 0.0)
        uncertain = of_replicates**2 / own + of_cases**2 / freedom_of_cases
        freedom = spread**2 / uncertain if uncertain else np.inf
        test, p = f"replicates x {'images' if groups is None else 'groups'}", None
    error = np.sqrt(spread / apart.size + unseen)
    if p is None:
        # No spread at all: the two never differ, or differ alike in every replicate and image.
        p = 2 * stats.t.sf(abs(mean) / error, freedom) if error else float(mean == 0)
    reach = stats.t.ppf((1 + level) / 2, freedom) * error
    low, ratio, high = np.exp([mean - reach, mean, mean + reach]).tolist()
    return Comparison(ratio, low, high, float(p), test)


def _by_group(parts: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Sums of images' parts, float [r, n], by group, as parts of the same mean: float [r, g]."""
    names, places = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        raise ValueError("all test images are of one group: nothing says how much groups differ")
    member = places == np.arange(len(names))[:, None]
    return parts @ member.T * (len(names) / len(groups))


def _freedom_of_groups(errors: np.ndarray, groups: np.ndarray) -> float:
    """Degrees of freedom between groups that hold unequal parts of the errors, int [n]."""
    shares = np.bincount(groups, errors) / max(errors.sum(), 1)
    return max(1 / max(np.sum(shares**2), 1e-9) - 1, 1.0)


def log_ratios(wrong_a: np.ndarray, wrong_b: np.ndarray) -> np.ndarray:
    """Logarithm of the ratio of the errors in each replicate, float [r, 1]."""
    return np.log(_errors(wrong_a) / _errors(wrong_b))


def _errors(wrong: np.ndarray) -> np.ndarray:
    """Error of each replicate, float [r, 1]; half an image for none, which has no logarithm."""
    return np.maximum(wrong.mean(axis=1, keepdims=True), 0.5 / wrong.shape[1])


def pool(ratios: Sequence[np.ndarray], counts: Sequence[int]) -> list[Prior | None]:
    """Learn from many comparisons how much log ratios spread between replicates.

    Three replicates alone hardly know their spread. Over the comparisons of a family it is taken
    to be drawn from a scaled inverse chi-squared distribution, fitted by the moments of its
    logarithm (Smyth 2004, Stat. Appl. Genet. Mol. Biol. 3:3, whose t-test of many genes with few
    arrays each has the same need). It need not be the same in all of them. With more real images,
    draws of them differ less: the distribution's middle follows the count, as a straight line on
    logarithmic axes (as limma's trend: Law et al. 2014, Genome Biol. 15:R29), where there are
    comparisons enough to see it.

    Parameters
    ----------
    ratios : of each comparison, float [r, 1], as `log_ratios` gives them, or of each cell its
        replicates' log errors
    counts : of each comparison, the real images that its replicates drew

    Returns
    -------
    A prior for each comparison; None for all if fewer than three have two replicates or more. From
    three it learns nothing that helps yet; from nine it does (simulated).
    """
    none: list[Prior | None] = [None] * len(ratios)
    several = np.array([len(logs) > 1 for logs in ratios], dtype=bool)
    variances = np.array([np.var(logs, ddof=1) for logs in ratios if len(logs) > 1])
    if len(variances) < 3 or not variances.any():
        return none
    half = np.array([len(logs) - 1 for logs in ratios if len(logs) > 1]) / 2
    # As in limma: replicates that agree exactly have no logarithm of a variance.
    variances = np.maximum(variances, 1e-5 * np.median(variances[variances > 0]))
    shifted = np.log(variances) - special.digamma(half) + np.log(half)
    places = np.log(np.maximum(counts, 1))
    follows = len(variances) >= TRENDED and len(set(places[several])) > 2
    terms = np.stack([np.ones(len(places)), places][: 1 + follows], axis=1)
    line, *_ = np.linalg.lstsq(terms[several], shifted)
    rest = shifted - terms[several] @ line
    excess = np.sum(rest**2) / (len(rest) - len(line)) - np.mean(special.polygamma(1, half))
    middles, most = terms @ line, 1e6  # the most freedom: spreads differ by no more than chance
    prior = most / 2
    if excess > special.polygamma(1, prior):
        prior = optimize.brentq(lambda x: special.polygamma(1, x) - excess, 1e-6, prior)
        middles += special.digamma(prior) - np.log(prior)
    return [Prior(float(np.exp(middle)), float(2 * prior)) for middle in middles]


def _mcnemar(wrong_a: np.ndarray, wrong_b: np.ndarray) -> float:
    """p of McNemar's exact test of two classifiers, each bool [n]."""
    only_a, only_b = int(np.sum(wrong_a & ~wrong_b)), int(np.sum(wrong_b & ~wrong_a))
    # The test looks at no other images.
    return stats.binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0


def adjust(p: np.ndarray) -> np.ndarray:
    """Correct p-values of many comparisons for the false discovery rate.

    Benjamini & Hochberg (1995, J. R. Stat. Soc. B 57:289): of the comparisons called decided,
    about one in twenty at 0.05 may be wrong, if their p-values are right far below 0.05. With few
    replicates those of `compare` are too small there without a prior. Simulated with 3 replicates,
    40 comparisons with shared baselines, a fifth of them different: up to a third of the decided
    ones was wrong without the prior of `pool`, at most one in twenty with it. Rates of at least
    one error (Holm) would leave fewer decided.
    """
    return stats.false_discovery_control(p) if len(p) else p


class Errors(NamedTuple):
    """Logarithms of the errors of one cell's replicates, and what others say of their spread."""

    logs: np.ndarray  # float [r]
    prior: Prior | None = None


def equivalent_count(
    baseline: Mapping[int, Errors],
    errors: Errors,
    *,
    seed: int,
    level: float = LEVEL,
    draws: int = 2000,
) -> Interval:
    """At how many real images the baseline reaches the error of a mix.

    The baseline's geometric mean errors, made to fall with the count by isotonic regression, are
    interpolated between counts, both on logarithmic axes. The interval comes from redrawing all
    means: the logarithm of an error is taken to be Gaussian, with the cell's own variance, weighted
    with its prior's. Means are redrawn one by one, though cells of a count share their draws.

    Parameters
    ----------
    baseline : of the baseline at each count
    errors : of the mix
    seed : of the redrawing

    Returns
    -------
    Counts of real images. Infinity: more than the baseline's largest count; zero: fewer than its
    smallest. NaN bounds where nothing tells how much a cell spreads.
    """
    counts = sorted(baseline)
    cells = [*(baseline[n] for n in counts), errors]
    means = np.array([cell.logs.mean() for cell in cells])
    value = _invert(counts, means)
    spreads = [_spread(*cell) for cell in cells]
    if not all(freedom for _, freedom in spreads):
        return Interval(value, np.nan, np.nan)
    random = np.random.default_rng(seed)
    noise = [
        np.sqrt(variance / len(cell.logs)) * random.standard_t(freedom, draws)
        for cell, (variance, freedom) in zip(cells, spreads, strict=True)
    ]
    redrawn = means + np.stack(noise, axis=1)
    found = np.sort([_invert(counts, drawn) for drawn in redrawn])
    # Order statistics, since a mean of two of them could mix a number with infinity.
    tail = int(draws * (1 - level) / 2)
    return Interval(value, float(found[tail]), float(found[-tail - 1]))


def _spread(logs: np.ndarray, prior: Prior | None) -> tuple[float, float]:
    """Variance between replicates, float [r] or [r, 1], and its degrees of freedom."""
    own = len(logs) - 1
    variance = float(np.var(logs, ddof=1)) if own else 0.0
    if prior is None:
        return variance, own
    weights = [own, prior.freedom]
    return float(np.average([variance, prior.variance], weights=weights)), sum(weights)


def _invert(counts: list[int], logs: np.ndarray) -> float:
    """Count at which the curve `logs[:-1]`, made to fall, has the height `logs[-1]`."""
    curve, target = optimize.isotonic_regression(logs[:-1], increasing=False).x, logs[-1]
    if target < curve[-1]:
        return np.inf
    if target > curve[0]:
        return 0.0
    # From the largest count down: where the curve is level, its smallest count reaches the target.
    return float(np.exp(np.interp(target, curve[::-1], np.log(counts)[::-1])))
