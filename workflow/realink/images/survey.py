"""What the pictures of a folder are like, before a study of them is set up."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from PIL import Image

from realink.images.copies import Copies, Keyed, find_copies, held_out_copies
from realink.images.listing import RENDERED, Listing, Picture
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
        int64 [n, 2], height and width of the pictures that could be read.
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
    held_out: tuple[tuple[Picture, Picture], ...] = ()

    def kept(self, split: str) -> list[Picture]:
        """Pictures of a split that a study would have, if it drops copies."""
        out = self.unreadable.keys() | self.copies.left_out.keys()
        out |= {picture.file for _, picture in (*self.copies.split_twice, *self.held_out)}
        return [picture for picture in self.listing.split(split) if picture.file not in out]


def survey(
    listing: Listing, progress: Callable[[list[Picture]], Iterable[Picture]] = iter
) -> Survey:
    """Read all pictures of a listing.

    Parameters
    ----------
    listing : of `listing.list_real` or `listing.list_rendered`
    progress : what the pictures are handed through, to show how far it is
    """
    keys, sizes, rims, unreadable = [], [], [], {}
    coloured = transparent = 0
    for picture in progress(listing.used):
        try:
            decoded, _ = read(listing.directory, picture)
        except Unreadable as error:
            unreadable[picture.file] = error.args[0]
            continue
        keys.append((picture, decoded.key))
        sizes.append(decoded.size[::-1])
        tinted, rim = _looks(decoded)
        coloured += tinted
        transparent += decoded.cut_out is not None
        rims.append(rim)
    return Survey(
        listing,
        np.array(sizes, np.int64).reshape(-1, 2),
        coloured,
        bool(rims) and float(np.median(rims)) < PLAIN,
        transparent,
        unreadable,
        keys,
        find_copies(keys, partial(whole_key, listing.directory)),
    )


def compared(rendered: Survey, real: Survey) -> Survey:
    """What was found of rendered pictures, with those that are real ones of validation or test."""

    def whole(picture: Picture):
        found = rendered if picture.split == RENDERED else real
        return whole_key(found.listing.directory, picture)

    return replace(rendered, held_out=tuple(held_out_copies(real.keys, rendered.keys, whole)))


def _looks(decoded: Decoded) -> tuple[bool, float]:
    """Whether a picture has colour, and how much its rim varies, in levels."""
    pixels = decoded.pixels.resize((SMALL, SMALL), Image.Resampling.BOX)
    levels = np.asarray(pixels, np.int16)
    grey = levels.mean(2)
    outside = np.ones((SMALL, SMALL), bool)
    outside[2:-2, 2:-2] = False
    return bool((levels.max(2) - levels.min(2)).max() > TINT), float(grey[outside].std())
