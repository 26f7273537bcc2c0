"""What the advice costs those who follow it: tried on halves of a study's test images."""

import numpy as np
import pandas as pd

from realink.answer.analysis import compared
from realink.answer.cells import summarise
from realink.answer.recommended import recommended
from realink.store.predictions import Predictions

COLUMNS = ["n_real", "advised", "lowest", "best"]


def regret(
    metrics: pd.DataFrame, predictions: Predictions, *, splits: int, seed: int
) -> pd.DataFrame:
    """Take the advice from half of the test images, and the error from the other half.

    Halves of groups, where the images come in groups, and within each replicate, where these test
    other ones each. Each half advises and judges once a split.

    Parameters
    ----------
    metrics : usable rows, whose index leads to the predictions
    splits : how many, each at random

    Returns
    -------
    One row a count, mean errors on the half that advised nothing: ``advised``, of the mix that was
    recommended; ``lowest``, of the one with the lowest mean on the other half; ``best``, of the
    best that there was, which nobody could know.
    """
    random, rows = np.random.default_rng(seed), []
    for _ in range(splits):
        half = _half(predictions, random)
        # Where each replicate has one group, one half may have them all.
        if half.all() or not half.any():
            continue
        for seen, judging in ((half, ~half), (~half, half)):
            answer = compared(*_part(metrics, predictions, seen))
            judged = summarise(_part(metrics, predictions, judging)[0])
            for one in recommended(answer):
                known, own = (
                    table[table["n_real"] == one.n_real].set_index("mix")["test_error"]
                    for table in (answer.summary, judged)
                )
                # What was tested in one half alone says nothing of the other.
                tried = [
                    name
                    for name in known.index.intersection(own.index)
                    if not answer.mixes[name].is_variant
                ]
                if one.mix.name not in tried:
                    continue
                lowest = known[tried].idxmin()
                rows.append((one.n_real, own[one.mix.name], own[lowest], own[tried].min()))
    return pd.DataFrame(rows, columns=COLUMNS).groupby("n_real", as_index=False).mean()


def _half(predictions: Predictions, random: np.random.Generator) -> np.ndarray:
    cases = predictions.cases
    cases = np.arange(len(predictions.labels)) if cases is None else cases
    if predictions.turns is None:
        names = np.unique(cases)
        return np.isin(cases, random.permutation(names)[: len(names) // 2])
    chosen: list[np.ndarray] = []
    for turn in np.unique(predictions.turns):
        names = np.unique(cases[predictions.turns == turn])
        # Of an odd number one half has one more, and not always the same.
        some = (len(names) + random.integers(2)) // 2
        chosen.append(random.permutation(names)[:some])
    return np.isin(cases, np.concatenate(chosen))


def _part(
    metrics: pd.DataFrame, predictions: Predictions, seen: np.ndarray
) -> tuple[pd.DataFrame, Predictions]:
    part = predictions.part(seen)
    rows = metrics.assign(test_error=part.errors[metrics.index])
    # A replicate may have all its images in the other half.
    return rows[np.isfinite(rows["test_error"])], part
