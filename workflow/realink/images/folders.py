"""Folders of pictures, read into image sets, and a record of what became of each file."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from realink.errors import InputError
from realink.images.copies import Copies, refuse_copies
from realink.images.imagesets import ImageSet
from realink.images.listing import (
    NAMED,
    RENDERED,
    TEST,
    TRAIN,
    UNLABELLED,
    UNLABELLED_KEY,
    VALIDATION,
    Listing,
    Picture,
    list_real,
    list_rendered,
    list_unlabelled,
    some,
)
from realink.images.lookup import Lookup
from realink.images.names import OTHER, hint_of_other
from realink.images.pictures import Key
from realink.images.reading import Loaded, load_all, log, utf8
from realink.store.manifests import placed


def load_real(
    directory: Path,
    *,
    validation: float,
    test: float,
    group: str | None,
    duplicates: str,
    beside: Path | None = None,
    **size: Any,
) -> tuple[ImageSet, ImageSet, ImageSet, pd.DataFrame]:
    """Read a folder of real pictures.

    Parameters
    ----------
    directory : see `listing.list_real`, as for `validation`, `test` and `group`
    duplicates : what the same pixels in two splits do: ``stop``, or ``drop`` from the one that
        stands further from the test (training before validation before test)
    beside : folder of a nameless file that holds the images, if they are large
    size : height, width, channels, fit and background of the images, see `Loaded`

    Returns
    -------
    pool, validation, test : ImageSet
        With groups if `group` is given; each in the order of its names' hashes. If a picture of
        one has an alpha channel, it has masks and colours, as of `load_rendered`.
    manifest : pandas.DataFrame
        One row a file, sorted: ``file`` (below the directory), ``class``, ``split``, ``group``,
        ``sha256`` (of the file's bytes), ``left_out`` (why, else empty).

    Raises
    ------
    InputError
        What `listing.list_real` raises; a picture is gone since the folder was listed; pictures of
        the same pixels in two classes, or in two splits unless these are dropped; after what was
        left out, a class without a picture to train on, or no picture to test on.
    """
    listing = list_real(directory, validation=validation, test=test, group=group)
    loaded, copies = load_all(listing, duplicates, **size, beside=beside)
    loaded.left_out |= {
        other.file: f"the same picture is in {kept.split}: {kept.file}"
        for kept, other in copies.split_twice
    }
    pool, held_out, tested = (
        loaded.images(listing.split(split), grouped=group is not None)
        for split in (TRAIN, VALIDATION, TEST)
    )
    _check(listing, pool, loaded.left_out, "real: directory:")
    if not len(tested):
        raise InputError(
            f"config key `real: directory:`: {directory} has no picture to test on that can be read"
        )
    _check_tested(listing, tested, loaded.left_out)
    if not len(held_out):
        log.warning("no picture is left for choices (validation)")
    return pool, held_out, tested, loaded.manifest()


def load_rendered(
    directory: Path,
    classes: Sequence[str],
    *,
    total: int,
    seed: int,
    real: Mapping[str, ImageSet] | None = None,
    duplicates: str = "stop",
    beside: Path | None = None,
    **size: Any,
) -> tuple[ImageSet, pd.DataFrame]:
    """Read a folder of rendered pictures, at most `total` of them, drawn at random.

    Parameters
    ----------
    directory : see `listing.list_rendered`
    classes : names of the classes of the real images, which these must have, but for `names.OTHER`
    total, seed : how many are drawn, and by what; all of them if there are fewer
    real : real images, by their split
    duplicates : what a picture that looks like one of these at the study's size does: ``stop``, or
        ``drop``, it is left out
    beside : folder of a nameless file that holds the images, if they are large
    size : height, width, channels, fit and background of the images, see `Loaded`

    Returns
    -------
    ImageSet
        In the order in which they were drawn. Its masks are the alpha channels, 255 all over those
        pictures that have none, and 0 in what `fit` adds; its colours those on no background. None
        of both if no picture has an alpha channel.
    manifest : pandas.DataFrame
        As of `load_real`; the split is ``rendered``, and `place` is the file's in the image set.

    Raises
    ------
    InputError
        What `listing.list_rendered` raises; other classes than `classes`; a picture is gone since
        the folder was listed; pictures of the same pixels in two classes, or in `real` unless
        these are dropped; a class of which no picture can be read.
    """
    listing = list_rendered(directory)
    there, asked = set(listing.classes), set(classes)
    for lacked, lacking, having in (
        (there - asked, "the real images", directory),
        (asked - there - {OTHER}, directory, "the real images"),
    ):
        if lacked:
            raise InputError(
                f"config key `rendered: directory:`: {lacking} lack {some(sorted(lacked))}, which "
                f"{having} have; both need the same folders of classes"
                + hint_of_other(asked - there)
            )
    loaded = Loaded(listing, **size, classes=tuple(classes), beside=beside)
    pictures = listing.split(RENDERED)
    order = np.random.default_rng(seed).permutation(len(pictures))
    keys: dict[Key, Picture] = {}
    taken, twice, same = [], Copies({}, [], []), {}
    known = Lookup(real or {})
    for picture in (pictures[i] for i in order):
        if len(taken) == total:
            loaded.left_out[picture.file] = f"not drawn: `total` is {total}"
        elif key := loaded.read(picture):
            first = keys.setdefault(key, picture)
            if split := known.split_of(loaded.image(picture)):
                same[picture.file] = f"the same picture is in {split}"
            elif first is picture:
                taken.append(picture)
            elif first.label == picture.label:
                loaded.left_out[picture.file] = f"a copy of {first.file}"
            else:
                twice.labelled_twice.append((first, picture))
    refuse_copies(directory, twice, "drop")
    if same and duplicates == "stop":
        raise InputError(
            f"{directory}: {len(same)} of its pictures are real ones: {some(sorted(same))}; remove "
            "them, or set `real: duplicates: drop`, which leaves them out"
        )
    loaded.left_out |= same
    images = loaded.images(taken, mixed=False)
    _check(listing, images, loaded.left_out, "rendered: directory:")
    files = [utf8(picture.file) for picture in loaded.kept(taken, mixed=False)]
    return images, placed(loaded.manifest(), files)


def load_unlabelled(
    directory: Path,
    classes: tuple[str, ...],
    held_out: Mapping[str, ImageSet],
    *,
    group: str | None = None,
    beside: Path | None = None,
    **size: Any,
) -> tuple[ImageSet, pd.DataFrame]:
    """Read a folder of unlabelled pictures.

    Parameters
    ----------
    directory : see `listing.list_unlabelled`
    classes : names of the classes of the real images, which are these's, too
    held_out : real images that choices are made on and errors measured, by their split: what looks
        the same at the study's size is left out, and so are pictures of their groups
    group : pattern on a picture's path, see `listing.list_unlabelled`
    beside : folder of a nameless file that holds the images, if they are large
    size : height, width, channels, fit and background of the images, see `Loaded`

    Returns
    -------
    ImageSet
        Without labels, in the order of its names' hashes.
    manifest : pandas.DataFrame
        As of `load_real`; the split is ``unlabelled``, the class empty.

    Raises
    ------
    InputError
        What `listing.list_unlabelled` raises; a picture is gone since the folder was listed; none
        is left.
    """
    groups = frozenset(
        images.group_names[place]
        for images in held_out.values()
        if images.groups is not None
        for place in images.groups
    )
    listing = list_unlabelled(directory, group=group, held_out=groups)
    loaded = Loaded(listing, **size, beside=beside)
    tested = Lookup(held_out)
    for picture in listing.used:
        if loaded.read(picture) and (split := tested.split_of(loaded.image(picture))):
            loaded.left_out[picture.file] = f"the same picture is in {split}"
    loaded.left_out |= loaded.copies().left_out
    images = loaded.images(listing.split(UNLABELLED))
    if not len(images):
        raise InputError(
            f"config key `{UNLABELLED_KEY}`: {directory} has no picture that can be read and is "
            "none of validation or test"
        )
    return replace(images, labels=None, classes=classes), loaded.manifest()


def _check_tested(listing: Listing, tested: ImageSet, left_out: dict[str, str]) -> None:
    """Refuse a class whose test pictures were all left out; one may well have been given none."""
    have = {tested.classes[label] for label in tested.labels}
    for picture in listing.split(TEST):
        if picture.label not in have:
            raise InputError(
                f"config key `real: directory:`: no picture to test on is left of "
                f"{picture.label!r} in {listing.directory} ({picture.file!r}: "
                f"{left_out[picture.file]}); replace them, or remove all of the class's test "
                "pictures"
            )


def _check(listing: Listing, images: ImageSet, left_out: dict[str, str], key: str) -> None:
    """Refuse a class of which nothing was left."""
    counts = np.bincount(images.labels, minlength=len(images.classes))
    left = zip(images.classes, counts, strict=True)
    empty = [name for name, n in left if not n and name in listing.classes]
    if not empty:
        return
    of_class = (p.file for p in listing.used if p.label == empty[0] and p.file in left_out)
    out = [f"{file!r}: {left_out[file]}" for file in of_class]
    raise InputError(
        f"config key `{key}`: no picture to train on is left of {some(empty)} in "
        f"{listing.directory} ({'; '.join(out[:NAMED])})"
    )
