"""What synthetic images are worth: in real images, and against what is measured of them."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from realink.answer.cells import CELL
from realink.answer.statistics import Errors, equivalent_count, pool
from realink.study.mixes import RENDERED, Mix


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


def gains(metrics: pd.DataFrame, translators: pd.DataFrame, gaps: pd.DataFrame) -> pd.DataFrame:
    """One row a translator and its images' measures, beside what these images did to the error.

    ``alone`` is the test error of these images alone, ``ratio`` the error of them and N real
    images over that of the same real images alone; NaN where the study has no such mix. Rendered
    images as they are join in, at every count, as a translator named rendered that keeps all
    labels.
    """
    errors = metrics.set_index(CELL)["test_error"]
    rendered = gaps[gaps["images"] == RENDERED].drop(columns="n_real")
    counts = pd.DataFrame({"n_real": sorted(translators["n_real"].unique())})
    rendered = rendered.rename(columns={"images": "translator"}).assign(label_retention=1.0)
    rows = pd.concat([translators, rendered.merge(counts, how="cross")], ignore_index=True)
    columns = [column for column in rows if column in translators.columns]

    def of(mixes: Iterable[Mix]) -> list[float]:
        names = (mix.name for mix in mixes)
        cells = zip(names, rows["n_real"], rows["replicate"], strict=True)
        return [errors.get(cell, np.nan) for cell in cells]

    beside = [Mix(source, True) for source in rows["translator"]]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.divide(of(beside), of(mix.baseline for mix in beside))
    # A ratio of or to zero has no place on a logarithmic axis.
    ratio[(ratio == 0) | np.isinf(ratio)] = np.nan
    alone = of(Mix(source, False) for source in rows["translator"])
    return rows[columns].assign(alone=alone, ratio=ratio)
