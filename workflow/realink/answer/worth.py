"""What synthetic images are worth, in real images."""

import numpy as np
import pandas as pd

from realink.answer.statistics import Errors, equivalent_count, pool
from realink.study.mixes import Mix


def worth(metrics: pd.DataFrame, n_test: int, seed: int) -> pd.DataFrame:
    """How many real images the baseline would need for the error of each mix with real images.

    The baseline is the one that is augmented as the mix is. Columns: ``equals`` with ``low`` and
    ``high``, counts of real images (infinity: more than the study has; zero: fewer than its
    smallest count), and ``worth``, what that is beyond the N at hand (where ``equals`` is zero,
    it is at least this).
    """
    cells = _cells(metrics, 0.5 / n_test)
    rows = []
    for (name, n), errors in cells.items():
        mix = Mix.parse(name)
        if mix.is_baseline or not mix.real:
            continue
        baseline = {
            count: own for (other, count), own in cells.items() if other == mix.baseline.name
        }
        if len(baseline) < 2:
            continue
        found = equivalent_count(baseline, errors, seed=seed)
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


def _cells(metrics: pd.DataFrame, smallest: float) -> dict[tuple[str, int], Errors]:
    """The log errors of every mix and count, and what all of them say of their spread.

    `smallest` stands for an error of zero, which has no logarithm: half a test image.
    """
    logs = {
        cell: np.log(own["test_error"].clip(lower=smallest).to_numpy())
        for cell, own in metrics.groupby(["mix", "n_real"], sort=False)
    }
    priors = pool(list(logs.values()), [n for _, n in logs])
    return {
        cell: Errors(own, prior) for (cell, own), prior in zip(logs.items(), priors, strict=True)
    }
