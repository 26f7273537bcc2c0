"""What further labelled images would bring: a recipe's curve of errors, carried on.

Pure functions over arrays; errors are fractions.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from realink.answer.equivalent import Errors
from realink.answer.recommended import recommended
from realink.answer.result import Answer
from realink.answer.statistics import LEVEL, Interval, spread_of
from realink.answer.words import percent

FEWEST = 3  # counts of a curve that is carried on
TIMES = 1.5, 2.0  # the largest count, that is said on the page
REACH = 1.0  # of the logarithm of the count: a third as many images weigh 1 / e in the slope
KEPT = 0.5  # of the gain that the power law promises
# Standard deviations of the logarithm of what comes: of the gain (all shares from none to the whole
# of it alike likely), and for each e-fold of the count, set so that `realink backtest` is covered.
OF_GAIN, OF_DISTANCE = 12**-0.5, 0.15
UNIT = "\N{NO-BREAK SPACE}"
COLUMNS = ["mix", "error", "n_real", "more", "expected_error", "low", "high"]


def more_labels(answer: Answer, curves: Mapping[tuple[str, int], Errors]) -> pd.DataFrame:
    """Which errors to expect of the advised recipe at 1.5 and 2 times the largest count.

    The recipe is what is advised at the largest count with real images. Nothing is said where it
    has fewer than `FEWEST` counts, or where replicates do not tell how much its errors spread.

    Parameters
    ----------
    curves : the errors of each mix and count, as `realink.answer.worth.errors_of_cells` gives them

    Returns
    -------
    One row a count: ``mix``, with its mean ``error`` at the largest count; ``n_real``, in all;
    ``more``, beyond what the study has; the ``expected_error`` with its interval, of a mean over as
    many replicates as there are, on the same test images.
    """
    advised = [one for one in recommended(answer) if one.n_real and one.mix.real]
    if not advised:
        return pd.DataFrame(columns=COLUMNS)
    mix, largest = advised[-1].mix.name, advised[-1].n_real
    curve = {n: errors for (name, n), errors in curves.items() if name == mix and n}
    rows = []
    for times in TIMES:
        more = _rounded((times - 1) * largest)
        found = carried_on(curve, largest + more)
        if found is not None:
            rows.append((mix, advised[-1].error, largest + more, more, *found))
    return pd.DataFrame(rows, columns=COLUMNS)


def carried_on(curve: Mapping[int, Errors], n: int, *, fewest: int = FEWEST) -> Interval | None:
    """The mean error that is expected at a larger count, a fraction, with its interval.

    Errors fall as a power of the count, down to a floor that few counts cannot show (Hestness et
    al. 2017, arXiv:1712.00409; Viering & Loog 2022, IEEE TPAMI 45:7799): as the floor comes near, a
    power law promises too much, and no change at all too little. So the slope of a power law, to
    which the largest counts matter most, is followed half of the way, and the interval holds what
    lies between, the spread of the replicates, and more the further it goes.

    Parameters
    ----------
    curve : errors of one recipe at each count of real images
    n : more than the largest of these
    fewest : counts that have to be there

    Returns
    -------
    None with too few counts, or where nothing tells how much replicates spread.
    """
    counts = sorted(curve)
    if len(counts) < max(fewest, 2) or n <= counts[-1]:
        return None
    cells = [curve[count] for count in counts]
    variances, freedoms = np.array([spread_of(*cell) for cell in cells]).T
    if not freedoms.all():
        return None
    means = np.array([log_mean(cell) for cell in cells])
    variances = variances / [len(cell.logs) for cell in cells]
    places = np.log(counts) - np.log(counts[-1])
    distance = np.log(n / counts[-1])
    # Least squares as a matrix of the means, so that their variances can be followed through it.
    terms, weights = np.stack([np.ones(len(places)), places], axis=1), np.exp(places / REACH)
    solve = np.linalg.solve((terms.T * weights) @ terms, terms.T * weights)
    last, slope = solve @ means
    gain = max(-slope, 0.0) * distance
    towards = np.array([1.0, KEPT * distance if slope < 0 else 0.0]) @ solve
    spread = np.sum(towards**2 * variances) + variances[-1]
    spread += (OF_GAIN * gain) ** 2 + (OF_DISTANCE * distance) ** 2
    reach = stats.norm.ppf((1 + LEVEL) / 2) * np.sqrt(spread)
    middle = last - KEPT * gain
    value, low, high = np.exp([middle, middle - reach, middle + reach]).clip(max=1).tolist()
    return Interval(value, low, high)


def log_mean(errors: Errors) -> float:
    """Logarithm of the mean error of a cell's replicates."""
    return float(np.log(np.mean(np.exp(errors.logs))))


def said(table: pd.DataFrame) -> list[str]:
    """What is said of the table of `more_labels`: one sentence, or none."""
    if table.empty:
        return []
    first, *others = (
        f"{percent(row.expected_error)}{{}} ({percent(row.low).split(UNIT)[0]} to "
        f"{percent(row.high)})"
        for row in table.itertuples()
    )
    counts, nearest = table["more"].tolist(), table.iloc[0]
    fewer = nearest["expected_error"] < nearest["error"]
    than_now = " instead of" if fewer else ", no fewer than now:"
    words = [
        f"Beyond {nearest['n_real'] - counts[0]:,} labelled images to train on: with "
        f"{counts[0]:,} more {first.format(' errors expected')}{than_now} "
        f"{percent(nearest['error'])}",
        *(f"with {n:,} more: {one.format('')}" for n, one in zip(counts[1:], others, strict=True)),
    ]
    return [f"{'; '.join(words)}."]


def _rounded(count: float) -> int:
    """To two digits, and one at least: nobody labels 1,107 pictures."""
    return max(int(float(f"{count:.2g}")), 1)
