"""Which error to expect of a mix at a count: by its own mean, and its means at other counts."""

import numpy as np
import pandas as pd

SHARED = 2  # mixes that two counts must have, to say anything of each other
REACH = 0.7  # of the logarithm of the count: twice as many real images say 37 % of what its own do


def expected(summary: pd.DataFrame, images: int) -> pd.Series:
    """The error that is expected of each cell on other test images and other draws, a fraction.

    A mix that is better than others at one count is likely so at the next. So its logarithm is a
    weighted mean over the mix's counts (Nadaraya 1964, Theory Probab. Appl. 9:141; Watson 1964,
    Sankhya A 26:359), each first shifted by how much the mixes that both counts have differ between
    them on average. Cells without labelled images, at N = 0, lean on none.

    Parameters
    ----------
    summary : columns ``mix``, ``n_real`` and ``test_error``, one row a cell
    images : how many were tested, since no error is as good as half an image's
    """
    logs = np.log(summary["test_error"].clip(lower=0.5 / images))
    logs = summary.assign(log=logs).pivot_table(index="mix", columns="n_real", values="log")
    made = {}
    for n in logs:
        total, weights = 0.0, 0.0
        for other in logs:
            shift = logs[n] - logs[other]
            leans = n and other and shift.count() >= SHARED
            if other != n and not leans:
                continue
            weight = np.exp(-abs(np.log(other / n)) / REACH) if leans else 1.0
            total = total + weight * (logs[other] + shift.mean()).fillna(0)
            weights = weights + weight * logs[other].notna()
        made[n] = np.exp(total / weights)
    cells = zip(summary["mix"], summary["n_real"], strict=True)
    return pd.Series([made[n][mix] for mix, n in cells], summary.index, dtype=float)
