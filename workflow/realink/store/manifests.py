"""Which file each image of a set comes from, by the manifest that was written as it was read."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from realink.images.imagesets import ImageSet
from realink.images.splits import hashed
from realink.store.files import read_table


def in_order(manifest: pd.DataFrame) -> list[str]:
    """Files that were used, by the hashes of their names, as most sets have them."""
    used = manifest.loc[manifest["left_out"] == "", "file"]
    return used.sort_values(key=lambda names: names.map(hashed)).tolist()


def placed(manifest: pd.DataFrame, files: Sequence[str]) -> pd.DataFrame:
    """The same with a column `place`: which image of the set each file is, -1 if it is none.

    Parameters
    ----------
    files : of the set's images, as the manifest names them
    """
    place = {file: number for number, file in enumerate(files)}
    return manifest.assign(place=[place.get(file, -1) for file in manifest["file"]])


def names(manifest: Path | None, split: str, images: ImageSet) -> list[str]:
    """Names of a set's files, in its order; empty ones where there is no manifest.

    Parameters
    ----------
    manifest : of a folder of pictures, with the columns file, class, split and left_out
    split : train, validation, test or labelled; rendered or unlabelled
    images : of that split

    Without a column `place` they come in the order of their names' hashes. Names that the manifest
    could not hold as they are may have others: if the classes do not come in the images' order, all
    names are empty.
    """
    nothing = [""] * len(images)
    if manifest is None:
        return nothing
    columns = "file", "class", "split", "left_out"
    rows = read_table(manifest, columns, dtype=str, keep_default_na=False)
    own = rows[(rows["split"] == split) & (rows["left_out"] == "")]
    if "place" in own:
        own = own.astype({"place": int}).query("place >= 0").sort_values("place")
    else:
        own = own.set_index("file", drop=False).loc[in_order(own)]
    if images.labels is None:
        return own["file"].tolist() if len(own) == len(images) else nothing
    labels = pd.Series([images.classes[label] for label in images.labels], dtype=str)
    return own["file"].tolist() if own["class"].tolist() == labels.tolist() else nothing
