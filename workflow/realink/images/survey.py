"""What the pictures of a folder are like, before a study of them is set up."""

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from PIL import Image

from realink.images.copies import HELD_OUT, Copies, Keyed, find_copies, held_out_copies
from realink.images.listing import RENDERED, Listing, Picture
from realink.images.near import Look, look, near_copies
from realink.images.pictures import Decoded, Unreadable
from realink.images.reading import read, whole_key

SMALL = 32  # side of the square on which looks are judged
TINT = 12  # levels between channels that JPEG's rounding does not explain
PLAIN = 8  # standard deviation, in levels, of a rim on which nothing is to be seen


@dataclass(frozen=True)
class Survey:
    """What was found in a folder.

    Attributes
    ----------
    listing
        Its files, by name.
    sizes
        int64 [n, 2], height and width of the pictures that a study would have.
    coloured
        How many of them have colour.
    plain
        Whether most of them stand on a plain background, as handwriting on paper does.
    transparent
        How many of them have transparent pixels.
    unreadable
        Why a picture could not be read, by file.
    keys
        What tells the pictures that could be read from others.
    copies
        Pictures of the same pixels.
    looks
        What the pictures look like that could be read.
    near
        Pairs that look alike: one of test or validation, and one of another split, or a rendered
        one.
    held_out
        Of rendered pictures, pairs of a real one of validation or test and the same one.
    """

    listing: Listing
    sizes: np.ndarray
    coloured: int
    plain: bool
    transparent: int
    unreadable: dict[str, str]
    keys: Keyed
    copies: Copies
    looks: Sequence[Look]
    near: Sequence[tuple[Picture, Picture]] = ()
    held_out: tuple[tuple[Picture, Picture], ...] = ()

    @property
    def used(self) -> list[Picture]:
        """Pictures that a study would have, if it drops copies."""
        out = self.unreadable.keys() | _dropped(self.copies)
        out |= {picture.file for _, picture in self.held_out}
        return [picture for picture in self.listing.used if picture.file not in out]

    def kept(self, split: str) -> list[Picture]:
        """Those of a split; where replicates have their own, of that which has fewest."""
        return min(self.parts(split), key=len)

    def parts(self, split: str) -> list[list[Picture]]:
        """Those of a split of each replicate that has its own; else of all as one."""
        turns, used = range(1, max(1, self.listing.replicates) + 1), self.used
        return [[p for p in used if p.split_in(turn) == split] for turn in turns]

    def seen(self, *splits: str) -> tuple[list[Picture], list[Look]]:
        """Those of some splits, or of all, and what they look like."""
        files = {picture.file for picture in self.used}
        chosen = [
            (picture, own)
            for (picture, _), own in zip(self.keys, self.looks, strict=True)
            if picture.file in files and (not splits or picture.split in splits)
        ]
        return [picture for picture, _ in chosen], [own for _, own in chosen]


def survey(
    listing: Listing, progress: Callable[[list[Picture]], Iterable[Picture]] = iter
) -> Survey:
    """Read all pictures of a listing.

    Parameters
    ----------
    listing : of `listing.list_real` or `listing.list_rendered`
    progress : what the pictures are handed through, to show how far it is
    """
    keys, seen, looks, unreadable = [], [], [], {}
    for picture in progress(listing.used):
        try:
            decoded, _ = read(listing.directory, picture)
        except Unreadable as error:
            unreadable[picture.file] = error.args[0]
            continue
        keys.append((picture, decoded.key))
        tinted, rim, seems = _looks(decoded)
        looks.append(seems)
        seen.append((decoded.size[::-1], tinted, rim, decoded.cut_out is not None))
    copies = find_copies(keys, partial(whole_key, listing.directory))
    out = _dropped(copies)
    kept = [own for (picture, _), own in zip(keys, seen, strict=True) if picture.file not in out]
    sizes, coloured, rims, cut_out = zip(*kept, strict=True) if kept else ([], [], [], [])
    found = Survey(
        listing,
        np.array(sizes, np.int64).reshape(-1, 2),
        sum(coloured),
        bool(rims) and float(np.median(rims)) < PLAIN,
        sum(cut_out),
        unreadable,
        keys,
        copies,
        looks,
    )
    return replace(found, near=near_copies(*found.seen()))


def _dropped(copies: Copies) -> set[str]:
    """Files that a study leaves out as copies."""
    return copies.left_out.keys() | {picture.file for _, picture in copies.split_twice}


def compared(rendered: Survey, real: Survey) -> Survey:
    """What was found of rendered pictures, with those that are real ones of validation or test."""

    def whole(picture: Picture):
        found = rendered if picture.split == RENDERED else real
        return whole_key(found.listing.directory, picture)

    found = replace(rendered, held_out=tuple(held_out_copies(real.keys, rendered.keys, whole)))
    pictures, looks = map(operator.add, real.seen(*HELD_OUT), found.seen())
    pairs = near_copies(pictures, looks)
    return replace(found, near=[pair for pair in pairs if pair[1].split == RENDERED])


def _looks(decoded: Decoded) -> tuple[bool, float, Look]:
    """Whether a picture has colour, how much its rim varies, in levels, and what it looks like."""
    pixels = decoded.pixels.resize((SMALL, SMALL), Image.Resampling.BOX)
    levels = np.asarray(pixels, np.int16)
    grey = levels.mean(2)
    outside = np.ones((SMALL, SMALL), bool)
    outside[2:-2, 2:-2] = False
    coloured = bool((levels.max(2) - levels.min(2)).max() > TINT)
    return coloured, float(grey[outside].std()), look(pixels)
