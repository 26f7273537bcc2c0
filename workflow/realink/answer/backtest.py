"""How well curves carried on foretell errors that a study has measured."""

import numpy as np
import pandas as pd

from realink.answer.analysis import compared
from realink.answer.cells import parsed
from realink.answer.equivalent import Errors
from realink.answer.more_labels import FEWEST, carried_on, log_mean
from realink.answer.recommended import recommended
from realink.answer.worth import errors_of_cells
from realink.store.predictions import Predictions

COLUMNS = ["mix", "last", "n_real", "advised", "expected", "low", "high", "measured"]


def backtest(
    metrics: pd.DataFrame,
    predictions: Predictions,
    *,
    reach: float,
    fewest: int = FEWEST,
    advice: bool = True,
) -> pd.DataFrame:
    """Carry each mix's curve on from its smaller counts, beside what its larger ones measured.

    Mixes with real images; controls and other budgets take no part. What replicates spread is told
    by the smaller counts alone, too.

    Parameters
    ----------
    metrics : usable rows, whose index leads to the predictions
    reach : how many times the last count that was fitted the next may be
    fewest : counts that are fitted
    advice : whether to find which mix the study cut off there would have advised, which takes most
        of the time

    Returns
    -------
    One row a mix, ``last`` count that was fitted and larger count ``n_real``: errors as fractions.
    ``advised`` is missing if it was not asked for.
    """
    mixes = parsed(metrics["mix"])
    own = metrics["mix"].map(lambda name: mixes[name].real and not mixes[name].is_variant)
    real = metrics[own.astype(bool) & (metrics["n_real"] > 0)]
    measured = _by_mix(real, predictions)
    counts = sorted(real["n_real"].unique())
    rows = []
    for last in counts[fewest - 1 : -1]:
        further = [n for n in counts if last < n <= reach * last]
        if not further:
            continue
        chosen = pd.NA
        if advice:
            part = metrics[metrics["n_real"] <= last]
            chosen = recommended(compared(part, predictions))[-1].mix.name
        for name, curve in _by_mix(real[real["n_real"] <= last], predictions).items():
            for n in further:
                if last not in curve or n not in measured[name]:
                    continue
                found = carried_on(curve, int(n), fewest=fewest)
                if found is not None:
                    error = float(np.exp(log_mean(measured[name][n])))
                    advised = name == chosen if advice else pd.NA
                    rows.append((name, last, n, advised, *found, error))
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype(dict.fromkeys(COLUMNS[4:], float) | {"advised": "boolean"})


def covered(table: pd.DataFrame) -> pd.Series:
    """Of rows of `backtest`: how often the interval holds the error, and how wide it is.

    ``cases``; ``covered``, a fraction; ``apart``, the mean factor between what is expected and what
    was measured; ``width``, the median of the interval's upper end over the lower one.
    """
    inside = table["measured"].between(table["low"], table["high"])
    apart = np.exp(np.abs(np.log(table["measured"] / table["expected"])).mean())
    width = (table["high"] / table["low"]).median()
    return pd.Series(
        {"cases": len(table), "covered": inside.mean(), "apart": apart, "width": width}
    )


def _by_mix(metrics: pd.DataFrame, predictions: Predictions) -> dict[str, dict[int, Errors]]:
    found: dict[str, dict[int, Errors]] = {}
    for (name, n), errors in errors_of_cells(metrics, predictions)[0].items():
        found.setdefault(name, {})[n] = errors
    return found
