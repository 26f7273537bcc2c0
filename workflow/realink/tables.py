"""The study's two tables, from the records that its jobs wrote."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from realink.artifacts import read_json


def classifiers_table(metrics: Iterable[Path]) -> pd.DataFrame:
    """One row a classifier; every row carries its own identity, so paths are never parsed."""
    rows = pd.DataFrame([read_json(path) for path in metrics])
    return rows.sort_values(["mix", "n_real", "replicate"], ignore_index=True)


def translators_table(metrics: Iterable[Path], retentions: Iterable[Path]) -> pd.DataFrame:
    """One row a translator: its training's record beside what the judge read, in the same order."""
    rows = []
    for trained, read in zip(metrics, retentions, strict=True):
        judged = read_json(read)
        by_digit = enumerate(judged["retention_by_digit"])
        rows.append(
            read_json(trained)
            | {"label_retention": judged["label_retention"]}
            | {f"retention_{digit}": kept for digit, kept in by_digit}
        )
    if not rows:
        return pd.DataFrame(columns=TRANSLATOR_COLUMNS)
    return pd.DataFrame(rows).sort_values(["translator", "n_real", "replicate"], ignore_index=True)


# A study without translators still has the table, so that its readers need no special case.
TRANSLATOR_COLUMNS = [
    "study",
    "translator",
    "n_real",
    "replicate",
    "train_steps",
    "train_seconds",
    "device",
    "code",
    "label_retention",
    *(f"retention_{digit}" for digit in range(10)),
]
