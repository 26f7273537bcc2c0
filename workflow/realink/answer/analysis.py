"""The answer of a study: from its tables and predictions to comparisons, break-even and worth."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from realink.answer.cells import Reads, errors_by_group, fitting, limits, summarise, usable
from realink.answer.comparisons import break_even, compare_mixes
from realink.answer.worth import worth
from realink.plan.mixes import Mix

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
        found = {Mix.parse(mix).translator for mix in self.summary["mix"]}
        return sorted(found - {None})


def analyse(
    metrics: pd.DataFrame,
    reads: Reads,
    translators: pd.DataFrame,
    *,
    pool: int,
    seed: int,
    unlabelled: int = 0,
) -> Answer:
    """Compute the answer of a study, from its own data alone.

    Parameters
    ----------
    metrics, translators : the study's tables, as `realink.store.tables` makes them
    reads : predictions in the order of `metrics`
    pool : real images that the replicates draw from
    seed : of the intervals of `worth`
    unlabelled : real images without labels that the study has

    Raises
    ------
    InputError
        The predictions are not those of the table.
    """
    rows, notes = usable(fitting(metrics, reads))
    comparisons = compare_mixes(rows, reads)
    return Answer(
        notes=_of_few(reads) + _of_groups(reads) + notes,
        limits=limits(rows, pool),
        summary=summarise(rows),
        comparisons=comparisons,
        break_even=break_even(comparisons),
        worth=worth(rows, reads, seed),
        groups=errors_by_group(rows, reads),
        translators=translators,
        unlabelled=unlabelled,
    )


def _of_few(reads: Reads) -> list[str]:
    n = len(reads.labels)
    if n >= FEW:
        return []
    return [
        f"there are only {n} test images, so that one misread adds {100 / n:.2g}\N{NO-BREAK SPACE}"
        "% of error: what is undecided here may be decided by more of them"
    ]


def _of_groups(reads: Reads) -> list[str]:
    if reads.groups is None:
        return []
    present = np.unique(reads.groups)
    if reads.cases is None:
        return [
            f"all test images are of one group, {reads.group_names[present[0]]}: the answer holds "
            "for other images of it, and says nothing of other groups"
        ]
    return [
        f"the test images come in {len(present)} groups: comparisons take groups, not images, as "
        "what varies, and hold for other groups"
    ]
