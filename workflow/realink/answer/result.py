"""What a study says, as tables."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from realink.answer.cells import parsed
from realink.plan.mixes import Mix


@dataclass(frozen=True)
class Answer:
    """Everything that a study says, as tables; what its page and its sentences are made from."""

    summary: pd.DataFrame
    comparisons: pd.DataFrame
    notes: list[str] = field(default_factory=list)  # what the data cannot tell
    limits: list[str] = field(default_factory=list)  # what no replicates of this kind can
    break_even: pd.DataFrame = field(default_factory=pd.DataFrame)
    worth: pd.DataFrame = field(default_factory=pd.DataFrame)
    # Errors by group of test images; empty where there are none.
    groups: pd.DataFrame = field(default_factory=pd.DataFrame)
    translators: pd.DataFrame = field(default_factory=pd.DataFrame)
    unlabelled: int = 0  # real images without labels that the study has
    # The best mix of each learner at each count, and which is the right one; of several learners.
    learners: pd.DataFrame = field(default_factory=pd.DataFrame)
    # What is recommended against all else at its count.
    rivals: pd.DataFrame = field(default_factory=pd.DataFrame)
    # What is expected of the advised recipe at more labelled images than there are.
    more_labels: pd.DataFrame = field(default_factory=pd.DataFrame)

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
