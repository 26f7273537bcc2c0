"""Folders of pictures, read into image sets, and a record of what became of each file."""

import hashlib
import logging
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from realink.errors import InputError
from realink.images.copies import Copies, find_copies, refuse_copies
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
from realink.images.pictures import Decoded, Unreadable, decode, fitted
from realink.images.splits import hashed

LOGGED = 20  # pictures left out that a job's log names, at most

log = logging.getLogger("realink")


def read(directory: Path, picture: Picture, background: int) -> tuple[Decoded, str]:
    """Read and decode one picture of a listing; also return the SHA-256 of its file's bytes.

    Raises
    ------
    Unreadable
        It cannot be read or is no whole picture; the reason, and the SHA-256 if there is one.
    InputError
        It is gone since the folder was listed: a study of whatever happens to be left would not
        be the one that was asked for.
    """
    path = directory / picture.file
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError(
            f"{path}: gone since the folder was listed; when its pictures no longer come and go, "
            "run snakemake again"
        ) from None
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}", "") from None
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        return decode(content, background=background), sha256
    except Unreadable as reason:
        raise Unreadable(str(reason), sha256) from None


def load_real(
    directory: Path,
    *,
    height: int,
    width: int,
    channels: int,
    fit: str,
    background: int,
    validation: float,
    test: float,
    group: str | None,
    duplicates: str,
) -> tuple[ImageSet, ImageSet, ImageSet, pd.DataFrame]:
    """Read a folder of real pictures.

    Parameters
    ----------
    directory : see `listing.list_real`, as for `validation`, `test` and `group`
    height, width, channels, fit, background : of the images, see `pictures.fitted`
    duplicates : what the same pixels in two splits do: ``stop``, or ``drop`` from the one that
        stands further from the test (training before validation before test)

    Returns
    -------
    pool, validation, test : ImageSet
        With groups if `group` is given, without masks; each in the order of its names' hashes.
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
    loaded = _Loaded(listing, height, width, channels, fit, background)
    for picture in listing.used:
        loaded.read(picture)
    copies = find_copies(loaded.keys())
    refuse_copies(directory, copies, duplicates)
    loaded.left_out |= copies.left_out
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
    if not len(held_out):
        log.warning("no picture is left for choices (validation)")
    return pool, held_out, tested, loaded.manifest()


def load_rendered(
    directory: Path,
    classes: Sequence[str],
    *,
    height: int,
    width: int,
    channels: int,
    fit: str,
    background: int,
    total: int,
    seed: int,
) -> tuple[ImageSet, pd.DataFrame]:
    """Read a folder of rendered pictures, at most `total` of them, drawn at random.

    Parameters
    ----------
    directory : see `listing.list_rendered`
    classes : names of the classes of the real images, which these must have
    height, width, channels, fit, background : of the images, see `pictures.fitted`
    total, seed : how many are drawn, and by what; all of them if there are fewer

    Returns
    -------
    ImageSet
        In the order in which they were drawn. Its masks are the alpha channels, 255 all over those
        pictures that have none; None if no picture has one.
    manifest : pandas.DataFrame
        As of `load_real`; the split is ``rendered``.

    Raises
    ------
    InputError
        What `listing.list_rendered` raises; other classes than `classes`; a picture is gone since
        the folder was listed; pictures of the same pixels in two classes; a class of which no
        picture can be read.
    """
    listing = list_rendered(directory)
    there, asked = set(listing.classes), set(classes)
    for names, lacking, having in (
        (there - asked, "the real images", directory),
        (asked - there, directory, "the real images"),
    ):
        if names:
            raise InputError(
                f"config key `rendered: directory:`: {lacking} lack {some(sorted(names))}, which "
                f"{having} have; both need the same folders of classes"
            )
    loaded = _Loaded(listing, height, width, channels, fit, background, tuple(classes), masks=True)
    pictures = listing.split(RENDERED)
    order = np.random.default_rng(seed).permutation(len(pictures))
    keys: dict[bytes, Picture] = {}
    taken, twice = [], Copies({}, [], [])
    for picture in (pictures[i] for i in order):
        if len(taken) == total:
            loaded.left_out[picture.file] = f"not drawn: `total` is {total}"
        elif key := loaded.read(picture):
            first = keys.setdefault(key, picture)
            if first is picture:
                taken.append(picture)
            elif first.label == picture.label:
                loaded.left_out[picture.file] = f"a copy of {first.file}"
            else:
                twice.labelled_twice.append((first, picture))
    refuse_copies(directory, twice, "drop")
    images = loaded.images(taken)
    _check(listing, images, loaded.left_out, "rendered: directory:")
    return images, loaded.manifest()


def load_unlabelled(
    directory: Path,
    classes: tuple[str, ...],
    held_out: Sequence[ImageSet],
    *,
    group: str | None = None,
    height: int,
    width: int,
    channels: int,
    fit: str,
    background: int,
) -> tuple[ImageSet, pd.DataFrame]:
    """Read a folder of unlabelled pictures.

    Parameters
    ----------
    directory : see `listing.list_unlabelled`
    classes : names of the classes of the real images, which are these's, too
    held_out : image sets that choices are made and errors measured on: what looks the same at the
        study's size is left out, and so are pictures of their groups
    group : pattern on a file's name, see `listing.list_unlabelled`
    height, width, channels, fit, background : of the images, see `pictures.fitted`

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
        for images in held_out
        if images.groups is not None
        for place in images.groups
    )
    listing = list_unlabelled(directory, group=group, held_out=groups)
    loaded = _Loaded(listing, height, width, channels, fit, background)
    kept = {image.tobytes() for images in held_out for image in images.images}
    for picture in listing.used:
        if loaded.read(picture) and loaded.pixels[loaded.place[picture.file]].tobytes() in kept:
            loaded.left_out[picture.file] = "the same picture is in validation or test"
    loaded.left_out |= find_copies(loaded.keys()).left_out
    images = loaded.images(listing.split(UNLABELLED))
    if not len(images):
        raise InputError(
            f"config key `{UNLABELLED_KEY}`: {directory} has no picture that can be read and is "
            "none of validation or test"
        )
    return replace(images, labels=None, classes=classes), loaded.manifest()


class _Loaded:
    """Pictures of a listing, read one by one into arrays, and what became of each."""

    def __init__(
        self,
        listing: Listing,
        height: int,
        width: int,
        channels: int,
        fit: str,
        background: int,
        classes: tuple[str, ...] = (),
        *,
        masks: bool = False,
    ) -> None:
        self.listing, self.classes = listing, classes or listing.classes
        self.background = background
        self.size = {"height": height, "width": width, "fit": fit}
        self.place = {picture.file: i for i, picture in enumerate(listing.used)}
        shape = (len(self.place), height, width, *[3] * (channels == 3))
        self.pixels = np.empty(shape, np.uint8)
        self.masks = np.empty(shape[:3], np.uint8) if masks else None
        self.has_mask = False
        self.key: dict[str, bytes] = {}
        self.sha256: dict[str, str] = {}
        self.left_out: dict[str, str] = {}

    def read(self, picture: Picture) -> bytes | None:
        """Read a picture; return what tells its pixels from others', None if it is left out."""
        file, i = picture.file, self.place[picture.file]
        try:
            decoded, self.sha256[file] = read(self.listing.directory, picture, self.background)
        except Unreadable as error:
            self.left_out[file], self.sha256[file] = error.args
            return None
        channels = 3 if self.pixels.ndim == 4 else 1
        ground = self.background
        self.pixels[i] = fitted(decoded.pixels, **self.size, channels=channels, background=ground)
        if self.masks is not None:
            # Without an alpha channel all of the picture is object, but not what `fit` adds.
            self.masks[i] = fitted(decoded.alpha, **self.size, channels=1, background=0)
            self.has_mask |= decoded.transparent
        self.key[file] = decoded.key
        return decoded.key

    def keys(self) -> list[tuple[Picture, bytes]]:
        """Pictures that were read, and what tells their pixels from others'."""
        return [(p, self.key[p.file]) for p in self.listing.used if p.file in self.key]

    def images(self, pictures: Sequence[Picture], *, grouped: bool = False) -> ImageSet:
        """The image set of some pictures, without those that were left out."""
        kept = [picture for picture in pictures if picture.file not in self.left_out]
        if self.masks is None:
            # By name, the classes would come one after another.
            kept.sort(key=lambda picture: hashed(picture.file))
        index = np.array([self.place[picture.file] for picture in kept], np.int64)
        label = {name: i for i, name in enumerate(self.classes)}
        groups, names = None, ()
        if grouped:
            names = tuple(sorted({picture.group for picture in self.listing.used}))
            number = {name: i for i, name in enumerate(names)}
            groups = np.array([number[picture.group] for picture in kept], np.int64)
        return ImageSet(
            self.pixels[index],
            np.array([label[picture.label] for picture in kept], np.int64),
            self.classes,
            self.masks[index] if self.masks is not None and self.has_mask else None,
            groups,
            names,
        )

    def manifest(self) -> pd.DataFrame:
        """One row a file; the log names what was left out."""
        files = [
            replace(p, left_out=p.left_out or self.left_out.get(p.file, ""))
            for p in sorted(self.listing.pictures, key=lambda picture: picture.file)
        ]
        out = [p for p in files if p.left_out and not p.left_out.startswith("not drawn")]
        for picture in out[:LOGGED]:
            log.warning("left out %r: %s", picture.file, picture.left_out)
        if len(out) > LOGGED:
            log.warning("and %d more are left out; the manifest says why", len(out) - LOGGED)
        table = pd.DataFrame(
            {
                "file": [utf8(p.file) for p in files],
                "class": [utf8(p.label) for p in files],
                "split": [p.split for p in files],
                "group": [utf8(p.group) for p in files],
                "sha256": [self.sha256.get(p.file, "") for p in files],
                "left_out": [p.left_out for p in files],
            }
        )
        # Unlike a new line, a carriage return is not quoted in CSV, and would end the row.
        return table.replace("\r", r"\\r", regex=True)


def utf8(name: str) -> str:
    """A file's name as text that can be written, whatever bytes it has."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _check(listing: Listing, images: ImageSet, left_out: dict[str, str], key: str) -> None:
    """Refuse a class of which nothing was left."""
    counts = np.bincount(images.labels, minlength=len(images.classes))
    empty = [name for name, n in zip(images.classes, counts, strict=True) if not n]
    if not empty:
        return
    of_class = (p.file for p in listing.used if p.label == empty[0] and p.file in left_out)
    out = [f"{file!r}: {left_out[file]}" for file in of_class]
    raise InputError(
        f"config key `{key}`: no picture to train on is left of {some(empty)} in "
        f"{listing.directory} ({'; '.join(out[:NAMED])})"
    )
