"""A folder of pictures read into one image set, of which each replicate tests another part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from realink.errors import InputError
from realink.images.imagesets import ImageSet
from realink.images.names import TEST, TRAIN
from realink.images.places import Places
from realink.images.reading import load_all
from realink.images.rotation import list_rotated


def load_rotated(
    directory: Path,
    *,
    validation: float,
    group: str | None,
    replicates: int,
    beside: Path | None = None,
    **size: Any,
) -> tuple[ImageSet, Places, pd.DataFrame]:
    """Read a folder of real pictures, all into one set.

    Parameters
    ----------
    directory, validation, group, replicates : see `rotation.list_rotated`
    beside, size : as of `folders.load_real`

    Returns
    -------
    ImageSet
        All that could be read, without copies, in the order of their names' hashes.
    Places
        Which replicate does what with them.
    manifest : pandas.DataFrame
        As of `folders.load_real`, and ``tested``, the replicate that tests a picture.

    Raises
    ------
    InputError
        What `rotation.list_rotated` raises; a picture is gone since the folder was listed; pictures
        of the same pixels in two classes; after what was left out, a replicate without a picture
        to test on, or to train on of some class.
    """
    listing = list_rotated(directory, validation=validation, group=group, replicates=replicates)
    loaded, _ = load_all(listing, "drop", **size, beside=beside)
    pictures = loaded.kept(listing.used)
    images = loaded.images(pictures, grouped=group is not None, mixed=False)
    places = Places(
        np.array([picture.tested for picture in pictures], np.int64),
        np.array(
            [[turn in p.validates for p in pictures] for turn in range(1, replicates + 1)], bool
        ).reshape(replicates, len(pictures)),
    )
    _check(directory, images, places)
    return images, places, loaded.manifest()


def _check(directory: Path, images: ImageSet, places: Places) -> None:
    """Refuse a replicate that has nothing to test, or lacks a class to train on."""
    for replicate in range(1, len(places.validates) + 1):
        own = places.of(replicate)
        counts = np.bincount(images.labels[own[TRAIN]], minlength=len(images.classes))
        lacking = [f"to train on of {images.classes[i]!r}" for i in np.flatnonzero(counts == 0)]
        if wrong := [*lacking, *["to test on"] * (not len(own[TEST]))]:
            raise InputError(
                f"config key `real: directory:`: of {directory}, replicate {replicate} has no "
                f"picture {wrong[0]} that can be read and is no copy; the log says which were left "
                "out: replace them, or set `replicates` lower"
            )
