"""What the advice costs those who follow it: tried on halves of a study's test images."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from realink.answer import learners
from realink.answer.cells import summarise
from realink.answer.comparisons import compare_mixes
from realink.answer.expected import expected
from realink.answer.recommended import recommended
from realink.answer.result import Answer
from realink.store.predictions import Predictions

COLUMNS = ["n_real", "advised", "lowest", "best"]


def regret(
    metrics: pd.DataFrame, predictions: Predictions, *, splits: int, seed: int
) -> pd.DataFrame:
    """Take the advice from half of the test images, and the error from the other half.

    Halves of groups, where the images come in groups. Each half advises and judges once a split.

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
        for seen, judging in ((half, ~half), (~half, half)):
            errors = _summary(metrics, predictions, judging).set_index(["n_real", "mix"])
            summary = _summary(metrics, predictions, seen).set_index(["n_real", "mix"])
            for n, advised, tried in _advised(metrics, predictions, seen):
                own, known = errors["test_error"][n], summary["test_error"][n][tried]
                rows.append((n, own[advised], own[known.idxmin()], own[tried].min()))
    return pd.DataFrame(rows, columns=COLUMNS).groupby("n_real", as_index=False).mean()


def _half(predictions: Predictions, random: np.random.Generator) -> np.ndarray:
    cases = predictions.cases
    cases = np.arange(len(predictions.labels)) if cases is None else cases
    names = np.unique(cases)
    return np.isin(cases, random.permutation(names)[: len(names) // 2])


def _part(
    metrics: pd.DataFrame, predictions: Predictions, seen: np.ndarray
) -> tuple[pd.DataFrame, Predictions]:
    groups = None if predictions.groups is None else predictions.groups[seen]
    part = predictions._replace(
        predicted=predictions.predicted[:, seen], labels=predictions.labels[seen], groups=groups
    )
    return metrics.assign(test_error=part.wrong.mean(axis=1)[metrics.index]), part


def _summary(metrics: pd.DataFrame, predictions: Predictions, seen: np.ndarray) -> pd.DataFrame:
    rows, part = _part(metrics, predictions, seen)
    summary = summarise(rows)
    return summary.assign(expected_error=expected(summary, len(part.labels)))


def _advised(
    metrics: pd.DataFrame, predictions: Predictions, seen: np.ndarray
) -> Iterator[tuple[int, str, list[str]]]:
    """Counts, the mix that is recommended there, and all that it was chosen from."""
    rows, part = _part(metrics, predictions, seen)
    none = pd.DataFrame()
    comparisons = compare_mixes(rows, part)
    answer = Answer(
        notes=[],
        limits=[],
        summary=_summary(metrics, predictions, seen),
        comparisons=comparisons,
        break_even=none,
        worth=none,
        groups=none,
        translators=none,
        learners=learners.judged(learners.best(rows), comparisons),
    )
    for one in recommended(answer):
        at = answer.summary["n_real"] == one.n_real
        tried = [name for name in answer.summary["mix"][at] if not answer.mixes[name].is_variant]
        yield one.n_real, one.mix.name, tried
