"""What synthetic images are worth, in real images."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from realink.answer import designs
from realink.answer.cells import parsed
from realink.answer.equivalent import Errors, drawn_share, equivalent_count
from realink.answer.statistics import Sample, pool
from realink.store.predictions import Predictions


def worth(cells: Mapping[tuple[str, int], Errors], share: float, seed: int) -> pd.DataFrame:
    """How many real images the baseline would need for the error of each mix with real images.

    And of mixes at N = 0, which need no label. The baseline is the one that is augmented as the
    mix is. Columns: ``equals`` with ``low`` and ``high``, counts of real images (infinity: more
    than the study has; zero: fewer than its smallest count), and ``worth``, what that is beyond the
    N at hand (where ``equals`` is zero, it is at least this). Intervals hold for other draws of
    real images, on these test images; where each replicate has other ones, for other test images,
    too.

    Parameters
    ----------
    cells, share : of `errors_of_cells`
    seed : of the intervals
    """
    mixes, rows = parsed(name for name, _ in cells), []
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
    mixes = parsed(metrics["mix"])
    with_real = np.array([mixes[name].real for name in metrics["mix"]], dtype=bool)
    real = metrics[with_real | (metrics["n_real"] == 0)].sort_values("replicate")
    rows = dict(list(real.groupby(["mix", "n_real"], sort=False)))
    places, wrong = {cell: own.index.to_numpy() for cell, own in rows.items()}, predictions.wrong
    samples = {
        cell: designs.log_errors(predictions, own, wrong[own]) for cell, own in places.items()
    }
    if predictions.turns is not None:
        samples = _freed(samples)
    priors = pool(list(samples.values()), [n for _, n in samples])
    cells = {
        cell: Errors(sample.logs, prior)
        for (cell, sample), prior in zip(samples.items(), priors, strict=True)
    }
    replicates = real["replicate"].nunique()
    whole = [cell for cell, own in rows.items() if cell[1] and len(own) == replicates]
    return cells, drawn_share([cells[cell] for cell in whole], [n for _, n in whole])


def _freed(samples: Mapping[tuple[str, int], Sample]) -> dict[tuple[str, int], Sample]:
    """Log errors without what all cells of a replicate have in common: how hard its images are.

    That changes no mean. Cells that lack a replicate stay as they are.
    """
    whole = max(len(own.logs) for own in samples.values()) if samples else 0
    apart = [own.logs - own.logs.mean() for own in samples.values() if len(own.logs) == whole]
    common = np.mean(apart, axis=0) if len(apart) > 1 else np.zeros(whole)
    return {
        cell: own._replace(logs=own.logs - common) if len(own.logs) == whole else own
        for cell, own in samples.items()
    }
