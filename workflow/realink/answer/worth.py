"""What synthetic images are worth, in real images."""

import numpy as np
import pandas as pd

from realink.answer.cells import parsed
from realink.answer.equivalent import Errors, drawn_share, equivalent_count
from realink.answer.statistics import log_errors, pool
from realink.store.predictions import Predictions


def worth(metrics: pd.DataFrame, predictions: Predictions, seed: int) -> pd.DataFrame:
    """How many real images the baseline would need for the error of each mix with real images.

    And of mixes at N = 0, which need no label. The baseline is the one that is augmented as the
    mix is. Columns: ``equals`` with ``low`` and ``high``, counts of real images (infinity: more
    than the study has; zero: fewer than its smallest count), and ``worth``, what that is beyond the
    N at hand (where ``equals`` is zero, it is at least this). Intervals hold for other draws of
    real images, on these test images.
    """
    mixes = parsed(metrics["mix"])
    cells, share = errors_of_cells(metrics, predictions)
    rows = []
    for (name, n), errors in cells.items():
        mix = mixes[name]
        if mix.is_baseline:
            continue
        baseline = {
            count: own for (other, count), own in cells.items() if other == mix.baseline.name
        }
        if len(baseline) < 2:
            continue
        found = equivalent_count(baseline, n, errors, seed=seed, share=share)
        rows.append(
            {
                "mix": name,
                "n_real": n,
                "baseline": mix.baseline.name,
                "equals": found.value,
                "low": found.low,
                "high": found.high,
                "worth": found.value - n,
            }
        )
    columns = ["mix", "n_real", "baseline", "equals", "low", "high", "worth"]
    return pd.DataFrame(rows, columns=columns).sort_values(["mix", "n_real"], ignore_index=True)


def errors_of_cells(
    metrics: pd.DataFrame, predictions: Predictions
) -> tuple[dict[tuple[str, int], Errors], float]:
    """The log errors of mixes with real images, what all say of their spread, and `drawn_share`.

    And of those at N = 0.
    """
    wrong, mixes = predictions.wrong, parsed(metrics["mix"])
    with_real = np.array([mixes[name].real for name in metrics["mix"]], dtype=bool)
    real = metrics[with_real | (metrics["n_real"] == 0)].sort_values("replicate")
    rows = dict(list(real.groupby(["mix", "n_real"], sort=False)))
    samples = {cell: log_errors(wrong[own.index]) for cell, own in rows.items()}
    priors = pool(list(samples.values()), [n for _, n in samples])
    cells = {
        cell: Errors(sample.logs, prior)
        for (cell, sample), prior in zip(samples.items(), priors, strict=True)
    }
    replicates = real["replicate"].nunique()
    whole = [cell for cell, own in rows.items() if cell[1] and len(own) == replicates]
    return cells, drawn_share([cells[cell] for cell in whole], [n for _, n in whole])
