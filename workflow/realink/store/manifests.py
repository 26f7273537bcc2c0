"""Which file each image of a set comes from, by the manifest that was written as it was read."""

from pathlib import Path

import pandas as pd

from realink.images.imagesets import ImageSet
from realink.images.splits import hashed
from realink.store.files import read_table


def names(manifest: Path | None, split: str, images: ImageSet) -> list[str]:
    """Names of a set's files, in its order; empty ones where there is no manifest.

    Parameters
    ----------
    manifest : of a folder of real pictures, with the columns file, class, split and left_out
    split : train or validation, or labelled
    images : of that split, in the order of its names' hashes

    Names that the manifest could not hold as they are may have other hashes: if the classes do
    not come in the images' order, all names are empty.
    """
    nothing = [""] * len(images)
    if manifest is None:
        return nothing
    columns = "file", "class", "split", "left_out"
    rows = read_table(manifest, columns, dtype=str, keep_default_na=False)
    own = rows[(rows["split"] == split) & (rows["left_out"] == "")]
    own = own.sort_values("file", key=lambda names: names.map(hashed))
    labels = pd.Series([images.classes[label] for label in images.labels], dtype=str)
    return own["file"].tolist() if own["class"].tolist() == labels.tolist() else nothing
