"""The answer of a study: from its tables and predictions to comparisons, break-even and worth."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from realink.answer import learners
from realink.answer.cells import errors_by_group, fitting, limits, parsed, summarise, usable
from realink.answer.comparisons import break_even, compare_mixes
from realink.answer.worth import worth
from realink.plan.mixes import Mix
from realink.store.predictions import Predictions

FEW = 200  # test images; of fewer, one is more than half a point


@dataclass(frozen=True)
class Answer:
    """Everything that a study says, as tables; what its page and its sentences are made from."""

    notes: list[str]  # what the data cannot tell
    limits: list[str]  # what no replicates of this kind can
    summary: pd.DataFrame
    comparisons: pd.DataFrame
    break_even: pd.DataFrame
    worth: pd.DataFrame
    groups: pd.DataFrame  # errors by group of test images; empty where there are none
    translators: pd.DataFrame
    unlabelled: int = 0  # real images without labels that the study has
    # The best mix of each learner at each count, and which is the right one; of several learners.
    learners: pd.DataFrame = field(default_factory=pd.DataFrame)

    @cached_property
    def mixes(self) -> dict[str, Mix]:
        """The mixes of the study, by their labels."""
        return parsed(self.summary["mix"])

    def has(self, mix: Mix, n: int) -> bool:
        """Whether the study has errors of a mix at a count."""
        return bool(((self.summary["mix"] == mix.name) & (self.summary["n_real"] == n)).any())

    def error(self, mix: Mix, n: int) -> float:
        """Mean test error of a mix at a count, a fraction; NaN if the study has no such cell."""
        own = self.summary[(self.summary["mix"] == mix.name) & (self.summary["n_real"] == n)]
        return float(own["test_error"].iloc[0]) if len(own) else np.nan

    def verdicts(self, mix: Mix, reference: Mix, column: str = "verdict") -> dict[int, Any]:
        """Verdict by count, of a mix against another at the same count; or another `column`."""
        table = self.comparisons
        own = table[
            (table["mix"] == mix.name)
            & (table["reference"] == reference.name)
            & (table["n_real"] == table["reference_n_real"])
        ].sort_values("n_real")
        return dict(zip(own["n_real"], own[column], strict=True))

    @property
    def names(self) -> list[str]:
        """Translators of the study."""
        return sorted({mix.translator for mix in self.mixes.values()} - {None})


def analyse(
    metrics: pd.DataFrame,
    predictions: Predictions,
    translators: pd.DataFrame,
    *,
    pool: int,
    seed: int,
    unlabelled: int = 0,
) -> Answer:
    """Compute the answer of a study, from its own data alone.

    Parameters
    ----------
    metrics, translators : the study's tables, as `realink.store.tables` makes and reads them
    predictions : in the order of `metrics`
    pool : real images that the replicates draw from
    seed : of the intervals of `worth`
    unlabelled : real images without labels that the study has

    Raises
    ------
    InputError
        The predictions are not those of the table.
    """
    rows, notes = usable(fitting(metrics, predictions))
    comparisons = compare_mixes(rows, predictions)
    return Answer(
        notes=_of_few(predictions) + _of_groups(predictions) + notes,
        limits=limits(rows, pool),
        summary=summarise(rows),
        comparisons=comparisons,
        break_even=break_even(comparisons),
        worth=worth(rows, predictions, seed),
        groups=errors_by_group(rows, predictions),
        translators=translators,
        unlabelled=unlabelled,
        learners=learners.judged(learners.best(rows), comparisons),
    )


def _of_few(predictions: Predictions) -> list[str]:
    n = len(predictions.labels)
    if n >= FEW:
        return []
    return [
        f"there are only {n} test images, so that one misread adds {100 / n:.2g}\N{NO-BREAK SPACE}"
        "% of error: what is undecided here may be decided by more of them"
    ]


def _of_groups(predictions: Predictions) -> list[str]:
    if predictions.groups is None:
        return []
    present = np.unique(predictions.groups)
    if predictions.cases is None:
        return [
            f"all test images are of one group, {predictions.group_names[present[0]]}: the answer "
            "holds for other images of it, and says nothing of other groups"
        ]
    return [
        f"the test images come in {len(present)} groups: comparisons take groups, not images, as "
        "what varies, and hold for other groups"
    ]
