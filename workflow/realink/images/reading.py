"""Pictures of a listing, read one by one into arrays, and what became of each."""

import hashlib
import logging
import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from realink.errors import InputError
from realink.images.copies import Copies, find_copies, refuse_copies
from realink.images.imagesets import ImageSet
from realink.images.listing import Listing, Picture
from realink.images.pictures import (
    Decoded,
    Key,
    Unreadable,
    decode,
    fitted,
    fitted_cut_out,
    inside,
)
from realink.images.splits import hashed
from realink.store.rows import Rows, Spool, rows

LOGGED = 20  # pictures left out that a job's log names, at most

log = logging.getLogger("realink")


def read(directory: Path, picture: Picture, **how) -> tuple[Decoded, str]:
    """Read and decode one picture of a listing; also return the SHA-256 of its file's bytes.

    `how` is `pictures.decode`'s.

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
        return decode(content, **how), sha256
    except Unreadable as reason:
        raise Unreadable(str(reason), sha256) from None


def whole_key(directory: Path, picture: Picture) -> Key:
    """What tells a picture of a listing, read at its full size, from others."""
    return read(directory, picture, whole=True)[0].key


class Loaded:
    """Pictures of a listing, read one by one into arrays, and what became of each.

    Parameters
    ----------
    height, width, channels, fit, background : of the images, see `pictures.fitted`
    classes : names of the classes, in order; the listing's, if there are none
    beside : folder of a nameless file that holds the images, if they are large
    """

    def __init__(
        self,
        listing: Listing,
        *,
        height: int,
        width: int,
        channels: int,
        fit: str,
        background: int,
        classes: tuple[str, ...] = (),
        beside: Path | None = None,
    ) -> None:
        self.listing, self.classes = listing, classes or listing.classes
        self.background, self.channels = background, channels
        self.size = {"height": height, "width": width, "fit": fit}
        self.place = {picture.file: i for i, picture in enumerate(listing.used)}
        n = len(self.place)
        shape = (n, height, width, *[3] * (channels == 3))
        self.pixels, self.colours = Spool(shape, beside), Spool(shape, beside)
        self.masks = Spool(shape[:3], beside)
        # Of opaque pictures neither is kept: their colours are their pixels, and there are few
        # masks, all of it object but for what `fit` adds.
        self.transparent = np.zeros(n, bool)
        self.opaque: dict[tuple[int, int], np.ndarray] = {}
        self.mask_of = np.zeros(n, np.int64)
        self.key: dict[str, Key] = {}
        self.sha256: dict[str, str] = {}
        self.left_out: dict[str, str] = {}

    def read(self, picture: Picture) -> Key | None:
        """Read a picture; return what tells its pixels from others', None if it is left out."""
        file, i = picture.file, self.place[picture.file]
        side = max(self.size["height"], self.size["width"])
        try:
            decoded, self.sha256[file] = read(
                self.listing.directory, picture, background=self.background, side=side
            )
        except Unreadable as error:
            self.left_out[file], self.sha256[file] = error.args
            return None
        size = self.size | {"channels": self.channels}
        self.pixels[i] = fitted(decoded.pixels, **size, background=self.background)
        if decoded.cut_out:
            self.transparent[i] = True
            self.colours[i], self.masks[i] = fitted_cut_out(decoded.cut_out, **size)
        else:
            part = inside(decoded.pixels.size, **self.size)
            if part not in self.opaque:
                whole = Image.new("L", decoded.pixels.size, 255)
                self.opaque[part] = fitted(whole, **self.size, channels=1, background=0)
            self.mask_of[i] = list(self.opaque).index(part)
        self.key[file] = decoded.key
        return decoded.key

    def copies(self) -> Copies:
        """Those among the pictures that were read."""
        keys = [(p, self.key[p.file]) for p in self.listing.used if p.file in self.key]
        return find_copies(keys, partial(whole_key, self.listing.directory))

    def image(self, picture: Picture) -> np.ndarray:
        """The image of a picture that was read, uint8 [height, width] or [height, width, 3]."""
        return self.pixels[self.place[picture.file]]

    def kept(self, pictures: Sequence[Picture], *, mixed: bool = True) -> list[Picture]:
        """Some pictures without those that were left out, in the order of their image set."""
        kept = [picture for picture in pictures if picture.file not in self.left_out]
        if mixed:
            # By name, the classes would come one after another.
            kept.sort(key=lambda picture: hashed(picture.file))
        return kept

    def images(
        self, pictures: Sequence[Picture], *, grouped: bool = False, mixed: bool = True
    ) -> ImageSet:
        """The image set of some pictures, without those that were left out.

        Parameters
        ----------
        grouped : whether it has the groups of the pictures
        mixed : whether it comes in the order of its names' hashes, not as the pictures are given
        """
        kept = self.kept(pictures, mixed=mixed)
        index = np.array([self.place[picture.file] for picture in kept], np.int64)
        label = {name: i for i, name in enumerate(self.classes)}
        groups, names = None, ()
        if grouped:
            names = tuple(sorted({picture.group for picture in self.listing.used}))
            number = {name: i for i, name in enumerate(names)}
            groups = np.array([number[picture.group] for picture in kept], np.int64)
        masks = colours = None
        if self.transparent[index].any():
            masks, colours = self._cut_out(index)
        return ImageSet(
            rows([self.pixels.part], index),
            np.array([label[picture.label] for picture in kept], np.int64),
            self.classes,
            masks,
            groups,
            names,
            colours,
        )

    def _cut_out(self, index: np.ndarray) -> tuple[np.ndarray | Rows, np.ndarray | Rows]:
        """Masks and colours at some places."""
        n, through = len(self.transparent), self.transparent[index]
        masks = [self.masks.part, *[mask[None] for mask in self.opaque.values()]]
        return (
            rows(masks, np.where(through, index, n + self.mask_of[index])),
            rows([self.colours.part, self.pixels.part], np.where(through, index, n + index)),
        )

    def manifest(self) -> pd.DataFrame:
        """One row a file; the log names what was left out."""
        files = sorted(self.listing.pictures, key=lambda picture: picture.file)
        files = [replace(p, left_out=p.left_out or self.left_out.get(p.file, "")) for p in files]
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
            | (
                {"tested": [0 if p.left_out else p.tested for p in files]}
                if self.listing.replicates
                else {}
            )
        )
        # Unlike a new line, a carriage return is not quoted in CSV, and would end the row.
        return table.replace("\r", r"\\r", regex=True)


def load_all(listing: Listing, duplicates: str, **how: Any) -> tuple[Loaded, Copies]:
    """Read all pictures of a listing, and leave copies out.

    Parameters
    ----------
    duplicates : see `copies.refuse_copies`
    how : of `Loaded`
    """
    loaded = Loaded(listing, **how)
    for picture in listing.used:
        loaded.read(picture)
    copies = loaded.copies()
    refuse_copies(listing.directory, copies, duplicates)
    loaded.left_out |= copies.left_out
    return loaded, copies


def utf8(name: str) -> str:
    """A file's name as text that can be written, whatever bytes it has."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
