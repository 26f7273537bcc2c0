"""The study's tables: made of the records that its jobs wrote, and read."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from realink.errors import InputError
from realink.store.files import read_json, read_table


def classifiers_table(metrics: Iterable[Path]) -> pd.DataFrame:
    """One row a classifier, in the grid's order; the index is the place in `metrics`.

    Every row carries its own identity, so paths are never parsed.
    """
    rows = pd.DataFrame(_records(metrics, CELL))
    return rows.sort_values(list(CELL))


def doses_table(metrics: Iterable[Path]) -> pd.DataFrame:
    """The same as `classifiers_table`, of doses."""
    rows = pd.DataFrame(_records(metrics, DOSE))
    return rows.sort_values(list(DOSE))


def read_metrics(path: Path) -> pd.DataFrame:
    """Read what `classifiers_table` made, `labelled`."""
    return labelled(read_table(path, WHOLE))


def labelled(table: pd.DataFrame, several: bool | None = None) -> pd.DataFrame:
    """A table of mixes whose labels name what learned them, ``frozen:real``, if that is to be told.

    Parameters
    ----------
    table : with columns ``mix`` and ``learner``, as they are on disk; in studies from before there
        were several learners, the latter is absent
    several : whether there are other learners to tell from; if not said, those of the table
    """
    if "learner" not in table:
        table = table.assign(learner=SMALL)
    if several is None:
        several = len(set(table["learner"])) > 1
    return table.assign(mix=table["learner"] + ":" + table["mix"]) if several else table


def gap_table(gaps: Sequence[Path]) -> pd.DataFrame:
    """One row a set of images that was measured against unseen real ones."""
    rows = pd.DataFrame(_records(gaps, GAP), columns=None if gaps else list(GAP))
    return rows.sort_values(["images", "n_real", "replicate"], ignore_index=True)


def translators_table(
    metrics: Iterable[Path], retentions: Iterable[Path], gap: pd.DataFrame
) -> pd.DataFrame:
    """One row a translator: its training's record, the judge's, and its images' gap."""
    trained = pd.DataFrame(_records(metrics, TRANSLATOR), columns=TRAINED)
    judged = pd.DataFrame(_records(retentions, TRANSLATOR), columns=JUDGED)
    measured = gap.rename(columns={"images": "translator"})
    table = trained.merge(judged, on=IDENTITY, how="left", validate="one_to_one")
    table = table.merge(measured, on=IDENTITY, how="left", validate="one_to_one")
    # What translators say of themselves stands there if any of the study does.
    unsaid = [name for name in NOTED if table[name].isna().all()]
    return table.drop(columns=unsaid).sort_values(IDENTITY, ignore_index=True)


def confusions_table(retentions: Iterable[Path]) -> pd.DataFrame:
    """How often the judge predicted each class for each label, of every translated set.

    Columns: those of `IDENTITY`, ``label`` and ``predicted``, names of classes, and ``images``.
    """
    rows, paths = [], list(retentions)
    known = TRANSLATOR | {"classes": list, "confusion": list}
    for path, judged in zip(paths, _records(paths, known), strict=True):
        identity = {name: judged[name] for name in IDENTITY}
        names, confusion = judged["classes"], judged["confusion"]
        columns = [len(row) if isinstance(row, list) else 0 for row in confusion]
        if columns != [len(names)] * len(names):
            raise InputError(
                f"{path}: 'confusion' has not a row and a column for each class; delete it and run "
                "snakemake again"
            )
        for label, counts in zip(names, confusion, strict=True):
            rows += [
                identity | {"label": label, "predicted": predicted, "images": n}
                for predicted, n in zip(names, counts, strict=True)
            ]
    return pd.DataFrame(rows, columns=[*IDENTITY, "label", "predicted", "images"])


def read_confusions(path: Path) -> pd.DataFrame:
    """Read what `confusions_table` made; a class may well be called NA, or 007."""
    return read_table(path, dtype={"label": str, "predicted": str}, keep_default_na=False)


def read_harm(path: Path) -> pd.DataFrame:
    """Read the table of `realink.answer.harm`; a class may well be called NA, or 007."""
    names = ["label", "taken_for", "differs", "peculiar"]
    return read_table(
        path, dtype=dict.fromkeys(names, object), keep_default_na=False, na_values=[""]
    )


def _records(paths: Iterable[Path], known: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Read records; raise `InputError` if one lacks a key of some, or it holds another type."""
    records = []
    for path in paths:
        records.append(read_json(path))
        for name, kind in known.items():
            # True is an int to Python.
            value = records[-1].get(name, ...)
            if not isinstance(value, kind) or isinstance(value, bool):
                raise InputError(
                    f"{path}: {name!r} is {'missing' if value is ... else repr(value)}; delete it "
                    "and run snakemake again"
                )
    return records


TRANSLATOR = {"translator": str, "n_real": int, "replicate": int}
IDENTITY = list(TRANSLATOR)
CELL = {"learner": str, "mix": str, "n_real": int, "replicate": int}
DOSE = CELL | {"n_synthetic": int, "order": str, "real_share": float}
WHOLE = ["mix", "n_real", "n_synthetic", "replicate", "test_error"]
SMALL = "small"  # what learned in all studies once
GAP = {"images": str, "n_real": int | None, "replicate": int}
# A study without translators still has the tables, so that their readers need no special case.
NOTED = ["object_found"]
TRAINED = ["study", *IDENTITY, "train_steps", "train_seconds", "device", "code", *NOTED]
JUDGED = [*IDENTITY, "label_retention"]
