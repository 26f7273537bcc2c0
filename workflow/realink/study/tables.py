"""The study's tables, from the records that its jobs wrote."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from realink.study.files import read_json, read_table


def classifiers_table(metrics: Iterable[Path]) -> pd.DataFrame:
    """One row a classifier, in the grid's order; the index is the place in `metrics`.

    Every row carries its own identity, so paths are never parsed.
    """
    rows = pd.DataFrame([read_json(path) for path in metrics])
    return rows.sort_values(["mix", "n_real", "replicate"])


def gap_table(gaps: Sequence[Path]) -> pd.DataFrame:
    """One row a set of images that was measured against unseen real ones."""
    rows = pd.DataFrame(map(read_json, gaps), columns=None if gaps else GAP)
    return rows.sort_values(["images", "n_real", "replicate"], ignore_index=True)


def translators_table(
    metrics: Iterable[Path], retentions: Iterable[Path], gap: pd.DataFrame
) -> pd.DataFrame:
    """One row a translator: its training's record, what the judge read, and its images' gap."""
    trained = pd.DataFrame(map(read_json, metrics), columns=TRAINED)
    judged = pd.DataFrame(map(read_json, retentions), columns=JUDGED)
    measured = gap.rename(columns={"images": "translator"})
    table = trained.merge(judged, on=IDENTITY, how="left", validate="one_to_one")
    table = table.merge(measured, on=IDENTITY, how="left", validate="one_to_one")
    return table.sort_values(IDENTITY, ignore_index=True)


def confusions_table(retentions: Iterable[Path]) -> pd.DataFrame:
    """How often the judge read each class for each label, of every translated set.

    Columns: those of `IDENTITY`, ``label`` and ``read``, names of classes, and ``images``.
    """
    rows = []
    for judged in map(read_json, retentions):
        identity = {name: judged[name] for name in IDENTITY}
        for label, counts in zip(judged["classes"], judged["confusion"], strict=True):
            rows += [
                identity | {"label": label, "read": read, "images": n}
                for read, n in zip(judged["classes"], counts, strict=True)
            ]
    return pd.DataFrame(rows, columns=[*IDENTITY, "label", "read", "images"])


def read_confusions(path: Path) -> pd.DataFrame:
    """Read what `confusions_table` made; a class may well be called NA, or 007."""
    return read_table(path, dtype={"label": str, "read": str}, keep_default_na=False)


GAP = ["images", "n_real", "replicate"]
IDENTITY = ["translator", "n_real", "replicate"]
# A study without translators still has the tables, so that their readers need no special case.
TRAINED = ["study", *IDENTITY, "train_steps", "train_seconds", "device", "code"]
JUDGED = [*IDENTITY, "label_retention"]
