"""When to say nothing: the confidence above which answers err no more often than is stated.

Selective classification with guaranteed risk (Geifman & El-Yaniv 2017, arXiv:1705.08500), its
threshold found by fixed-sequence testing (Angelopoulos et al. 2021, Learn then Test,
arXiv:2110.01052): thresholds are tested in an order that no label has a say in, from few answers
to many, and the last before the first that fails is taken, so that no test costs another one power.
The bound is Clopper and Pearson's for as many images as those at hand are worth, since images of
one group, and several classifiers on one image, err together (Korn & Graubard 1998, Survey
Methodology 24).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

CONFIDENCE = 0.9
FIRST = 0.5  # share of images that is answered at the first threshold tested, at least
ROOM = 1.25  # times as many as of which none may be wrong: one of a few classifiers may err once
STEP = 0.025  # of images, from a threshold to the next
LADDER = (0.01, 0.02, 0.05, 0.1, 0.2)  # risks that are tried where a lower one is not allowed


class Threshold(NamedTuple):
    """Above which confidence to answer.

    risk : that is promised, a fraction of the answers
    confidence : the least of an answer, in 0..1
    answered : share of the validation images that it answers
    """

    risk: float
    confidence: float
    answered: float


def design_effect(values: np.ndarray, units: np.ndarray) -> float:
    """How many times fewer images would say as much, had each been drawn by itself (Kish 1965).

    The variance of their mean if units are drawn, over that if single images are; at least 1, and
    at most what makes each unit count as one image.

    Parameters
    ----------
    values : float [n], one or more
    units : int [n], which images belong together
    """
    _, places = np.unique(units, return_inverse=True)
    n, count = len(values), places.max() + 1
    off = values - values.mean()
    alone = (off**2).sum() / max(n - 1, 1) / n
    if count == 1 or alone == 0:
        return n / count
    together = count / (count - 1) * (np.bincount(places, off) ** 2).sum() / n**2
    return float(np.clip(together / alone, 1, n / count))


def highest(wrong: float, answered: float, confidence: float = CONFIDENCE) -> float:
    """Upper bound of a share of which `wrong` of `answered` were seen; neither need be whole."""
    if answered <= wrong:
        return 1.0
    return float(stats.beta.ppf(confidence, wrong + 1, answered - wrong))


def threshold(
    confidence: np.ndarray, wrong: np.ndarray, effect: float, risk: float
) -> Threshold | None:
    """The threshold that answers most, of those at which the risk is at most `risk`, surely.

    None where there are too few images, or too many errors among the surest half.

    Parameters
    ----------
    confidence, wrong : float and bool [n], of validation images of one or several classifiers
    effect : of the images, see `design_effect`
    risk : a fraction in (0, 1)
    """
    n = len(confidence)
    if not n:
        return None
    # The share of images of which none may be wrong.
    fewest = effect * np.log(1 - CONFIDENCE) / np.log(1 - risk) / n
    if fewest > 1:
        return None
    start = max(FIRST, min(1, ROOM * fewest))
    ordered = np.sort(confidence)[::-1]
    found = None
    for share in np.append(np.arange(start, 1, STEP), 1):
        least = ordered[min(n, int(np.ceil(share * n))) - 1]
        taken = confidence >= least
        seen = wrong[taken].sum() / effect
        if highest(seen, taken.sum() / effect) > risk:
            break
        found = Threshold(risk, float(least), float(taken.mean()))
    return found


def allowed(
    confidence: np.ndarray, wrong: np.ndarray, effect: float, risk: float
) -> Threshold | None:
    """`threshold` at a risk, or else at the lowest of `LADDER` above it that images allow."""
    for one in (risk, *(other for other in LADDER if other > risk)):
        if found := threshold(confidence, wrong, effect, one):
            return found
    return None


def coverage(confidences: Sequence[np.ndarray], wrongs: Sequence[np.ndarray]) -> pd.DataFrame:
    """Risk against coverage (El-Yaniv & Wiener 2010, JMLR 11), a mean over classifiers.

    ``answered``, the share of images, from 0.01 to 1, and ``risk``, the share of these that is
    wrong.

    Parameters
    ----------
    confidences, wrongs : float and bool [n] of the same images, of each classifier
    """
    shares = np.arange(1, 101) / 100
    rows = []
    for confidence, wrong in zip(confidences, wrongs, strict=True):
        order = np.argsort(-confidence, kind="stable")
        counts = np.ceil(shares * len(order)).astype(int)
        rows.append(wrong[order].cumsum()[counts - 1] / counts)
    return pd.DataFrame({"answered": shares, "risk": np.mean(rows, axis=0)})
