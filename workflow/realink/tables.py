"""The study's two tables, from the records that its jobs wrote."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from realink.artifacts import read_json


def classifiers_table(metrics: Iterable[Path]) -> pd.DataFrame:
    """One row a classifier; every row carries its own identity, so paths are never parsed."""
    rows = pd.DataFrame([read_json(path) for path in metrics])
    return rows.sort_values(["mix", "n_real", "replicate"], ignore_index=True)


def translators_table(metrics: Iterable[Path], retentions: Iterable[Path]) -> pd.DataFrame:
    """One row a translator: its training's record beside what the judge read."""
    trained = pd.DataFrame(map(read_json, metrics), columns=TRANSLATOR_COLUMNS[:-11])
    judged = pd.DataFrame([_retention_row(read_json(path)) for path in retentions])
    if trained.empty:
        return pd.DataFrame(columns=TRANSLATOR_COLUMNS)
    table = trained.merge(judged, on=IDENTITY, how="left", validate="one_to_one")
    return table.sort_values(IDENTITY, ignore_index=True)[TRANSLATOR_COLUMNS]


def _retention_row(judged: dict[str, Any]) -> dict[str, Any]:
    row = {name: judged[name] for name in (*IDENTITY, "label_retention")}
    kept = enumerate(judged["retention_by_digit"])
    return row | {f"retention_{digit}": fraction for digit, fraction in kept}


IDENTITY = ["translator", "n_real", "replicate"]
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
