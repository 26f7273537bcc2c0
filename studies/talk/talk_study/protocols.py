"""Whether the talk's claims depend on how long a classifier trains."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from realink.answer.cells import fitting, summarise, usable
from realink.answer.comparisons import Cell, compare_mixes
from realink.plan.mixes import RENDERED, Mix
from realink.store.predictions import Predictions
from talk_study.claims import Protocol, claims, from_tables

CERTAIN = 0.01  # why the talk saw what it saw is decided below this adjusted p


def protocols(
    metrics: pd.DataFrame, predictions: Predictions, translators: pd.DataFrame, epochs: float
) -> pd.DataFrame:
    """The talk's claims under every protocol that a study has classifiers of.

    Parameters
    ----------
    metrics, predictions, translators : as `realink.answer.analysis.analyse` takes them
    epochs : the study's own budget

    Returns
    -------
    One row a protocol and claim, with the columns of `claims` after ``protocol``; decided below an
    adjusted p of 0.01.
    """
    rows = usable(fitting(metrics, predictions))[0]
    summary = summarise(rows)
    found = _protocols(summary["mix"].unique(), epochs)
    cells = list(summary[["mix", "n_real"]].itertuples(index=False, name=None))
    pairs = list(dict.fromkeys(pair for one in found for pair in _pairs(one, cells)))
    comparisons = compare_mixes(rows, predictions, pairs, CERTAIN)
    answer = from_tables(summary, comparisons, translators)
    return pd.concat(
        [claims(answer, one).assign(protocol=one.name) for one in found], ignore_index=True
    )[["protocol", "claim", "translator", "measured", "verdict"]]


def _protocols(names: np.ndarray, epochs: float) -> list[Protocol]:
    """The study's own, equal steps, and other epochs that both the baseline and a mix have."""
    mixes = [Mix.parse(name) for name in names]
    baselines = {mix.budget for mix in mixes if mix == mix.baseline}
    budgets = {mix.budget for mix in mixes if mix.real and not mix.is_baseline and not mix.control}
    found = [Protocol(f"{epochs:g} epochs", None, Mix(None, True))]
    for budget in sorted(filter(None, baselines), key=_length):
        baseline = Mix(None, True, budget=budget)
        if budget in budgets:
            found.append(Protocol(f"{_length(budget)} epochs", budget, baseline))
        elif budget.endswith("steps"):
            found.append(Protocol(f"equal steps, {_length(budget):,}", None, baseline))
    return found


def _length(budget: str) -> int:
    return int(budget.rstrip("epochst"))


def _pairs(protocol: Protocol, cells: list[Cell]) -> Iterator[tuple[Cell, Cell]]:
    """What the claims compare under a protocol."""
    for name, n in cells:
        mix = Mix.parse(name)
        if mix.is_baseline or mix.control or mix.augmented or mix.budget != protocol.budget:
            continue
        yield (name, n), (protocol.baseline.name, n)
        if mix.translator and mix.real:
            yield (name, n), (mix.untranslated.name, n)
    alone = Mix(RENDERED, False, budget=protocol.budget).name
    counts = sorted(n for name, n in cells if name == alone)
    if len(counts) > 1:
        yield (alone, counts[0]), (alone, counts[-1])
