"""How many synthetic images are enough: the fewest from which more are not expected to matter.

Pure functions over arrays; errors are fractions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from realink.answer.statistics import LEVEL
from realink.plan.recipe import MIXED

MARGIN = 0.05  # of the errors: what fewer synthetic images may cost, and still be enough
DRAWS = 2000
AT_ONCE = 250  # draws in memory


class Line(NamedTuple):
    """The doses of one share of real images and one order.

    share : None where a learner without steps sees synthetic images first
    order : ``mixed`` or ``first``
    """

    share: float | None
    order: str


Dose = tuple[int, Line]  # how many synthetic images, and how


@dataclass(frozen=True)
class Enough:
    """How many synthetic images are enough at one count of real ones.

    Attributes
    ----------
    counts
        Synthetic images of the doses, in order.
    n_synthetic, low, high
        Of these the smallest from which more are not expected to save `MARGIN` of the errors, and
        its 95 % interval.
    line
        The share and the order that it is told of: those that are expected to err least, or simpler
        ones that are expected to be within `MARGIN` of them.
    lines
        Of each other line the ratio of its errors to these, over all counts, with its interval.
    replicates
        How many the intervals are from; of one, they hold for these very classifiers only.
    """

    counts: tuple[int, ...]
    n_synthetic: int
    low: int
    high: int
    line: Line
    lines: Mapping[Line, tuple[float, float, float]]
    replicates: int

    @property
    def told(self) -> bool:
        """Whether the doses tell anything of the number: else all of them may be enough."""
        return (self.low, self.high) != (self.counts[0], self.counts[-1])

    def record(self) -> dict[str, Any]:
        """All but the other lines, as a record of JSON."""
        return {
            "n_synthetic": self.n_synthetic,
            "low": self.low,
            "high": self.high,
            "told": self.told,
            "real_share": self.line.share,
            "order": self.line.order,
            "replicates": self.replicates,
        }


def enough(
    cells: Mapping[Dose, np.ndarray], groups: np.ndarray | None, share: float, seed: int
) -> Enough | None:
    """Find how many synthetic images are enough at one count of real ones.

    Of log errors, all lines together tell what a count does; what a line does beside that is kept
    as far as it is more than chance (a James-Stein estimator: Efron & Morris 1973, JASA 68:117).
    The line and the number are chosen anew in each of the `draws`, which gives the interval.

    Parameters
    ----------
    cells : of each dose, which test images each replicate got wrong, bool [r, n]
    groups : int [n], the place of each test image's group, if they come in groups
    share : of real images that the study has anyway
    seed : of the draws

    Returns
    -------
    None where the doses are of one number.
    """
    counts = sorted({count for count, _ in cells})
    # The grid's own classifier may be of a share that no other dose has.
    lines = sorted(
        {line for _, line in cells if all((count, line) in cells for count in counts)},
        key=lambda line: _simplicity(line, share),
    )
    if len(counts) < 2 or not lines:
        return None
    wrong = np.stack([cells[count, line] for count in counts for line in lines])
    means, drawn = draws(wrong, groups, seed)
    shape = len(counts), len(lines)
    table, tables = means.reshape(shape), drawn.reshape(-1, *shape)
    kept = _kept(table, tables)
    line, place = _chosen(_shrunken(table, kept))
    low, high = _ends(np.array([_chosen(one)[1] for one in _shrunken(tables, kept)]))
    apart = table.mean(axis=0) - table[:, line].mean()
    drawn_apart = tables.mean(axis=1) - tables[:, :, line].mean(axis=1)[:, None]
    return Enough(
        counts=tuple(counts),
        n_synthetic=counts[place],
        # The number itself is among what is likely.
        low=counts[min(low, place)],
        high=counts[max(high, place)],
        line=lines[line],
        lines={
            other: tuple(np.exp([apart[i], *_ends(drawn_apart[:, i])]).tolist())
            for i, other in enumerate(lines)
            if i != line
        },
        replicates=wrong.shape[1],
    )


def _simplicity(line: Line, share: float) -> tuple[bool, float, float]:
    """Sorts lines: mixed ones first, and of these the share that the study has anyway."""
    own = share if line.share is None else line.share
    return line.order != MIXED, abs(own - share), own


def _chosen(table: np.ndarray) -> tuple[int, int]:
    """The line to take, and the smallest count that is enough, of log errors [counts, lines]."""
    means, most = table.mean(axis=0), np.log1p(MARGIN)
    line = int(np.argmax(means <= means.min() + most))
    return line, int(np.argmax(table[:, line] <= table[:, line].min() + most))


def _kept(table: np.ndarray, tables: np.ndarray) -> float:
    """How much of what lines do from count to count is more than chance, 0..1."""
    seen = np.sum(_crossed(table) ** 2)
    chance = np.mean(np.sum(_crossed(tables - table) ** 2, axis=(-2, -1)))
    return float(max(0.0, 1 - chance / seen)) if seen > 0 else 0.0


def _shrunken(tables: np.ndarray, kept: float) -> np.ndarray:
    return tables - (1 - kept) * _crossed(tables)


def _crossed(tables: np.ndarray) -> np.ndarray:
    """What is left of [..., a, b] beside an effect of each a and one of each b."""
    over_a, over_b = (tables.mean(axis=axis, keepdims=True) for axis in (-2, -1))
    return tables - over_a - over_b + tables.mean(axis=(-2, -1), keepdims=True)


def _ends(found: np.ndarray) -> np.ndarray:
    """The ends of an interval of draws, two of these: a mean of places would be none."""
    tail = int(len(found) * (1 - LEVEL) / 2)
    return np.sort(found)[[tail - 1, -tail]]


def draws(wrong: np.ndarray, groups: np.ndarray | None, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean log errors of cells, and how they might have come out with other images and replicates.

    Test images, or their groups, are drawn anew by the Bayesian bootstrap (Rubin 1981, Ann. Stat.
    9:130), in which none is lost. Two or three replicates cannot be drawn from: what a replicate
    does to one cell is taken to be Gaussian, of one variance for all cells, less what single images
    make of it, which the bootstrap has already. Both are scaled to Student's t of the degrees of
    freedom by which they are known. What a replicate does to all cells alike tells no dose from
    another, and is left out.

    Parameters
    ----------
    wrong : bool [cells, r, n]
    groups : int [n], the place of each test image's group, if they come in groups

    Returns
    -------
    float [cells] and [`DRAWS`, cells]
    """
    cells, replicates, images = wrong.shape
    random = np.random.default_rng(seed)
    places = np.arange(images) if groups is None else np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(places)
    sums = np.stack([np.bincount(places, one) for one in wrong.reshape(-1, images)])
    own = _logs(np.ones((1, len(sizes))), sums, sizes).reshape(cells, replicates)
    means, freedom = own.mean(axis=1), max(len(sizes) - 1, 1)
    made = []
    for start in range(0, DRAWS, AT_ONCE):
        weights = random.standard_exponential((min(AT_ONCE, DRAWS - start), len(sizes)))
        made.append(_logs(weights, sums, sizes).reshape(-1, cells, replicates).mean(axis=2))
    # The bootstrap's variance is smaller than that of a mean of so many.
    scale = np.sqrt((freedom + 2) / random.chisquare(freedom, (DRAWS, 1)))
    drawn = means + (np.concatenate(made) - means) * scale
    degrees = (cells - 1) * (replicates - 1)
    if degrees:
        chance = _chance(sums.reshape(cells, replicates, -1), degrees)
        variance = max(0.0, np.sum(_crossed(own) ** 2) / degrees - chance)
        noise = random.standard_normal((DRAWS, cells)) * np.sqrt(variance / replicates)
        drawn += noise * np.sqrt(degrees / random.chisquare(degrees, (DRAWS, 1)))
    return means, drawn


def _logs(weights: np.ndarray, sums: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Log errors, float [draws, classifiers], no error at all being half an image's."""
    errors = (weights @ sums.T) / (weights @ sizes)[:, None]
    return np.log(np.maximum(errors, 0.5 / sizes.sum()))


def _chance(sums: np.ndarray, degrees: int) -> float:
    """Variance of a cell's log error in a replicate that single images, or groups, make of it.

    By linearisation, as in `realink.answer.statistics.compare`.

    Parameters
    ----------
    sums : float [cells, r, cases], errors
    degrees : of freedom of what a replicate does to a cell
    """
    cases = sums.shape[2]
    rest = cases * sums / np.maximum(sums.sum(axis=2, keepdims=True), 0.5)
    for axis in range(3):
        rest = rest - rest.mean(axis=axis, keepdims=True)
    return float(np.sum(rest**2) / (degrees * max(cases - 1, 1)) / cases)
