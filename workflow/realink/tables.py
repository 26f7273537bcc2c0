"""The study's tables, from the records that its jobs wrote."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from realink.artifacts import read_json


def classifiers_table(metrics: Iterable[Path]) -> pd.DataFrame:
    """One row a classifier, in the grid's order; the index is the place in `metrics`.

    Every row carries its own identity, so paths are never parsed.
    """
    rows = pd.DataFrame([read_json(path) for path in metrics])
    return rows.sort_values(["mix", "n_real", "replicate"])


def gap_table(gaps: Sequence[Path]) -> pd.DataFrame:
    """One row a set of digits that was measured against unseen real ones."""
    rows = pd.DataFrame(map(read_json, gaps), columns=None if gaps else GAP)
    return rows.sort_values(["images", "n_real", "replicate"], ignore_index=True)


def translators_table(
    metrics: Iterable[Path], retentions: Iterable[Path], gap: pd.DataFrame
) -> pd.DataFrame:
    """One row a translator: its training's record, what the judge read, and its digits' gap."""
    trained = pd.DataFrame(map(read_json, metrics), columns=TRAINED)
    judged = pd.DataFrame(map(_retention_row, map(read_json, retentions)), columns=JUDGED)
    measured = gap.rename(columns={"images": "translator"})
    table = trained.merge(judged, on=IDENTITY, how="left", validate="one_to_one")
    table = table.merge(measured, on=IDENTITY, how="left", validate="one_to_one")
    return table.sort_values(IDENTITY, ignore_index=True)


def confusions_table(retentions: Iterable[Path]) -> pd.DataFrame:
    """How often the judge read each digit for each label, of every translated set."""
    rows = []
    for judged in map(read_json, retentions):
        identity = {name: judged[name] for name in IDENTITY}
        for label, counts in enumerate(judged["confusion"]):
            rows += [
                identity | {"label": label, "read": read, "digits": n}
                for read, n in enumerate(counts)
            ]
    return pd.DataFrame(rows, columns=[*IDENTITY, "label", "read", "digits"])


def _retention_row(judged: dict[str, Any]) -> dict[str, Any]:
    row = {name: judged[name] for name in (*IDENTITY, "label_retention")}
    kept = enumerate(judged["retention_by_digit"])
    return row | {f"retention_{digit}": fraction for digit, fraction in kept}


GAP = ["images", "n_real", "replicate"]
IDENTITY = ["translator", "n_real", "replicate"]
# A study without translators still has the tables, so that their readers need no special case.
TRAINED = ["study", *IDENTITY, "train_steps", "train_seconds", "device", "code"]
JUDGED = [*IDENTITY, "label_retention", *(f"retention_{digit}" for digit in range(10))]
