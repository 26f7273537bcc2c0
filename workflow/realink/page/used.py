"""Which pictures of a folder a study used, from the manifest that was written as they were read."""

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from realink.store.files import read_table

SHOWN = 20  # pictures left out that the page names


class Used(NamedTuple):
    """What the page tells of one folder of pictures.

    name : real, rendered or unlabelled
    table : where the manifest is, below the study
    splits : names of the splits, in order
    classes : of each class its name, and how many pictures of it are in each split
    total : pictures of each split
    groups : groups of each split; empty if pictures have none
    left_out : the first pictures that were not used: the file, and why
    more : how many further ones there are
    """

    name: str
    table: str
    splits: list[str]
    classes: list[tuple[str, list[int]]]
    total: list[int]
    groups: list[int]
    left_out: list[tuple[str, str]]
    more: int


def read_manifest(path: Path) -> Used:
    """Read and count a manifest: its columns file, class, split, group and left_out, the reason."""
    # Any of them may be called NA, or 007.
    columns = "file", "class", "split", "group", "left_out"
    rows = read_table(path, columns, dtype=str, keep_default_na=False)
    # Of unlabelled pictures, replicates may have a manifest each.
    below = [path.parent.name] if path.parent.name in NAMES else list(path.parts[-3:-1])
    return count(below[0], rows, "/".join([*below, path.name]))


def count(name: str, rows: pd.DataFrame, table: str) -> Used:
    """Count the pictures of a manifest, whose columns hold text alone."""
    out = rows[rows["left_out"] != ""]
    used = rows.drop(out.index)
    splits = list(used["split"].unique())
    splits.sort(key=lambda split: (*ORDER, split).index(split))
    table = pd.crosstab(used["class"], used["split"]).reindex(columns=splits, fill_value=0)
    grouped = used[used["group"] != ""].groupby("split")["group"].nunique()
    named = out[["file", "left_out"]].head(SHOWN)
    return Used(
        name,
        table,
        splits,
        # Unlabelled pictures have no class.
        [
            (own, counts.tolist())
            for own, counts in zip(table.index, table.to_numpy(), strict=True)
            if own
        ],
        [int((used["split"] == split).sum()) for split in splits],
        [int(grouped.get(split, 0)) for split in splits] if len(grouped) else [],
        list(named.itertuples(index=False, name=None)),
        len(out) - len(named),
    )


NAMES = "real", "rendered", "unlabelled"
ORDER = ["train", "pool", "validation", "test"]
