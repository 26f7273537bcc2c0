"""Statistics of test errors: intervals, paired comparisons, and what many say of one's spread.

Pure functions over arrays. Errors are fractions; replicates differ in the real images drawn and in
every other random choice, and all of them read the same test images.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import optimize, special, stats

LEVEL = 0.95
TRENDED = 12  # samples from which on their spread may follow the count
SHARING = 2  # so many times less sure is a prior whose comparisons share baselines (simulated)


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
    # "replicates x images", "replicates x groups", "groups", "McNemar", and of nested test images
    # "images within replicates" or "groups within replicates"
    test: str


class Sample(NamedTuple):
    """What replicates say of a log error, or of a log ratio of errors."""

    logs: np.ndarray  # float [r]
    chance: float  # variance of one of them that comes from single images read right or wrong


class Prior(NamedTuple):
    """What a family of samples says about the spread between replicates in one of them."""

    variance: float  # of one replicate
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
    over clusters (Cochran 1977, Sampling Techniques, 6.3). Of few and unequal groups that is too
    small, since those with most errors draw the mean towards themselves, and it has few degrees of
    freedom: see `unevenness`. One replicate leaves a t-test of groups.

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
    # No error is as uncertain as a single wrong image, and the same in all replicates, or few test
    # images would decide anything.
    unseen = sum(np.mean(~wrong.any(axis=1)) for wrong in (wrong_a, wrong_b))
    logs, apart = _ratio(wrong_a, wrong_b, groups)
    freedom_of_cases = np.inf  # thousands of images: as good as known
    if groups is not None:
        errors = wrong_a.sum(axis=0) + wrong_b.sum(axis=0)
        # Half an error more in each, as `_errors` has it: one group may hold all, or all none.
        found = np.bincount(np.unique(groups, return_inverse=True)[1], errors) + 0.5
        scale, freedom_of_cases = unevenness(found)
        apart *= scale
    cases = apart.shape[1]
    mean = logs.mean()
    of_cases = replicates * np.sum(apart.mean(axis=0) ** 2) / (cases - 1)
    if replicates == 1:
        spread, freedom, p = of_cases, freedom_of_cases, None
        test = "groups"
        if groups is None:
            test, p = "McNemar", _mcnemar(wrong_a[0], wrong_b[0])
    else:
        variance, own = spread_of(logs, prior)
        of_replicates = cases * variance
        rest = _rest(apart)
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
    sums = np.stack([np.bincount(places, row) for row in parts])
    return sums * (len(names) / len(groups))


def unevenness(found: np.ndarray) -> tuple[np.ndarray, float]:
    """What the parts of groups are too small by, float [g], and their degrees of freedom.

    With shares s of the errors, float [g], of which none is 0, the mean log ratio of groups that
    each have their own is its average by s, and the part of one group is s times its distance from
    that mean, whose variance is 1 - 2 s + sum s^2 of that of a group's own. The factors make the
    sum of squares unbiased (as the adjusted residuals of Bell & McCaffrey 2002, Surv. Methodol.
    28:169). Its degrees of freedom are as many as equal groups have that err as unevenly.
    """
    shares = found / found.sum()
    uneven = np.sum(shares**2)
    scale = np.sqrt((1 - 1 / len(shares)) / (1 - 2 * shares + uneven))
    return scale, max(float(1 / uneven - 1), 1.0)


def log_ratios(
    wrong_a: np.ndarray, wrong_b: np.ndarray, groups: np.ndarray | None = None
) -> Sample:
    """The log ratios of the errors of two mixes, of bool [r, n] and places of groups, int [n]."""
    logs, apart = _ratio(wrong_a, wrong_b, groups)
    # One replicate has nothing to be compared with, and takes no part in a prior.
    return Sample(logs[:, 0], float(_rest(apart) / apart.shape[1]) if len(logs) > 1 else 0.0)


def log_errors(wrong: np.ndarray) -> Sample:
    """The log errors of one mix, of bool [r, n]."""
    logs, apart = _logs(wrong)
    if len(logs) > 1:
        return Sample(logs[:, 0], float(_rest(apart) / apart.shape[1]))
    return Sample(logs[:, 0], float((np.exp(-logs[0, 0]) - 1) / wrong.shape[1]))  # binomial


def _logs(wrong: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log errors, float [r, 1], and how far each image's part is from that mean, float [r, n]."""
    errors = _errors(wrong)
    parts = wrong / errors
    return np.log(errors), parts - parts.mean(axis=1, keepdims=True)


def _ratio(
    wrong_a: np.ndarray, wrong_b: np.ndarray, groups: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Log ratios of errors, and how far each image's, or group's, part is from them."""
    (logs_a, apart_a), (logs_b, apart_b) = _logs(wrong_a), _logs(wrong_b)
    apart = apart_a - apart_b
    return logs_a - logs_b, apart if groups is None else _by_group(apart, groups)


def _rest(apart: np.ndarray) -> float:
    """Mean square of what is neither a replicate's nor a case's, of parts, float [r, cases]."""
    replicates, cases = apart.shape
    return np.sum((apart - apart.mean(axis=0)) ** 2) / ((replicates - 1) * (cases - 1))


def _errors(wrong: np.ndarray) -> np.ndarray:
    """Error of each replicate, float [r, 1]; half an image for none, which has no logarithm."""
    return np.maximum(wrong.mean(axis=1, keepdims=True), 0.5 / wrong.shape[1])


def pool(samples: Sequence[Sample], counts: Sequence[int]) -> list[Prior | None]:
    """Learn from many samples how much logarithms spread between replicates.

    Three replicates alone hardly know their spread. Over the samples of a family it is taken to be
    drawn from a scaled inverse chi-squared distribution (Smyth 2004, Stat. Appl. Genet. Mol. Biol.
    3:3, whose t-test of many genes with few arrays each has the same need), so that a sample's own
    variance follows an F distribution. Its middle is the sum of two parts: chance, by which single
    images are read right or wrong, as the sample itself shows it; and the draw of real images,
    which matters less the more of them there are: a straight line in the count on logarithmic axes
    (limma's trend: Law et al. 2014, Genome Biol. 15:R29), where there are samples enough to see
    it. Fitted by maximum likelihood. How surely the middle is known (Fisher's information, halved
    since comparisons that share a baseline share half of their spread) is taken off the freedom.

    Parameters
    ----------
    samples : of each comparison, as `log_ratios` gives them, or of each cell, as `log_errors` does
    counts : of each, the real images that its replicates drew; where they drew none, they say
        nothing of how much draws matter, and spread at most as those that drew fewest

    Returns
    -------
    A prior for each sample; None for all if fewer than three have two replicates or more.
    """
    own = np.array([len(logs) - 1 for logs, _ in samples], dtype=float)
    drawn = np.asarray(counts) > 0
    known = (own > 0) & drawn
    own = own[known]
    variances = np.array(
        [np.var(logs, ddof=1) for (logs, _), knows in zip(samples, known, strict=True) if knows]
    )
    if len(variances) < 3 or not variances.any():
        return [None] * len(samples)
    typical = np.median(variances[variances > 0])
    # As in limma: replicates that agree exactly have no logarithm of a variance.
    variances = np.maximum(variances, 1e-5 * typical)
    chance = np.array([chance for _, chance in samples])
    places = np.log(np.where(drawn, counts, np.min(counts, where=drawn, initial=max(counts))))
    places -= places[known].mean()
    follows = len(variances) >= TRENDED and len(set(places[known])) > 2
    terms = np.stack([np.ones(len(places)), places][: 1 + follows], axis=1)

    def cost(fit: np.ndarray) -> float:
        middles = np.exp(terms[known] @ fit[:-1]) + chance[known]
        return -float(np.sum(_log_f(variances / middles, own, np.exp(fit[-1])) - np.log(middles)))

    # From no draw part that could be seen to all of the largest variance; from a freedom that
    # says hardly anything to one with which samples differ by no more than chance.
    lowest, highest = np.log(1e-3 * typical), np.log(10 * variances.max())
    bounds = [(lowest, highest), (-2.0, 0.5), (np.log(0.5), np.log(1e4))]
    start = [np.log(max(np.mean(variances - chance[known]), 0.01 * typical)), 0.0, np.log(8)]
    chosen = [0, 1, 2] if follows else [0, 2]
    fit = optimize.minimize(
        cost,
        [start[i] for i in chosen],
        method="L-BFGS-B",
        jac="3-point",
        bounds=[bounds[i] for i in chosen],
        options={"ftol": 1e-13, "gtol": 1e-7},  # so exact that no order of the samples matters
    ).x
    of_draws, freedom = np.exp(terms @ fit[:-1]), float(np.exp(fit[-1]))
    middles = of_draws + chance
    slopes = terms * (of_draws / middles)[:, None]  # of the logarithm of the middle
    weights = own * freedom / (2 * (own + freedom + 2))
    doubt = np.linalg.pinv(slopes[known].T @ (slopes[known] * weights[:, None]))
    unsure = SHARING * np.einsum("si,ij,sj->s", slopes, doubt, slopes)
    # A variance of d degrees of freedom has a logarithm whose variance is nearly 2 / d.
    worth = 1 / (1 / freedom + unsure / 2)
    return [Prior(float(m), float(d)) for m, d in zip(middles, worth, strict=True)]


def spread_of(logs: np.ndarray, prior: Prior | None) -> tuple[float, float]:
    """Variance between replicates, float [r] or [r, 1], and its degrees of freedom."""
    own = len(logs) - 1
    variance = float(np.var(logs, ddof=1)) if own else 0.0
    if prior is None:
        return variance, own
    weights = [own, prior.freedom]
    return float(np.average([variance, prior.variance], weights=weights)), sum(weights)


def _log_f(x: np.ndarray, own: np.ndarray, freedom: float) -> np.ndarray:
    """Logarithm of the F density, without the checks that make SciPy's slow."""
    ratio = own / freedom
    return (
        own / 2 * np.log(ratio)
        + (own / 2 - 1) * np.log(x)
        - (own + freedom) / 2 * np.log1p(ratio * x)
        - special.betaln(own / 2, freedom / 2)
    )


def _mcnemar(wrong_a: np.ndarray, wrong_b: np.ndarray) -> float:
    """p of McNemar's exact test of two classifiers, each bool [n]."""
    only_a, only_b = int(np.sum(wrong_a & ~wrong_b)), int(np.sum(wrong_b & ~wrong_a))
    # The test looks at no other images.
    return stats.binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0


def adjust(p: np.ndarray) -> np.ndarray:
    """Correct p-values of many comparisons for the false discovery rate.

    Benjamini & Hochberg (1995, J. R. Stat. Soc. B 57:289): of the comparisons called decided,
    about one in twenty at 0.05 may be wrong, if their p-values are right far below 0.05. With few
    replicates those of `compare` are too small there without the prior of `pool`. Rates of at least
    one error (Holm) would leave fewer decided.
    """
    return stats.false_discovery_control(p) if len(p) else p
