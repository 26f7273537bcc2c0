"""What the pictures of a folder are like, before a study of them is set up."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
from PIL import Image

from realink.images.copies import Copies, Keyed, find_copies, real_copies
from realink.images.listing import RENDERED, UNLABELLED, Listing, Picture
from realink.images.names import LABELLED, TEST, VALIDATION
from realink.images.near import Look, look, near_copies
from realink.images.pictures import Decoded, Unreadable
from realink.images.reading import read, whole_key

SMALL = 32  # side of the square on which looks are judged
TINT = 12  # levels between channels that JPEG's rounding does not explain
PLAIN = 8  # standard deviation, in levels, of a rim on which nothing is to be seen


class Seen(NamedTuple):
    """What was seen of a picture.

    size : height and width, as a study would have it
    coloured : whether it has colour
    rim : how much its rim varies, standard deviation in levels
    transparent : whether it has transparent pixels
    look : what it looks like
    """

    size: tuple[int, int]
    coloured: bool
    rim: float
    transparent: bool
    look: Look


@dataclass(frozen=True)
class Survey:
    """What was found in a folder.

    Attributes
    ----------
    listing
        Its files, by name.
    unreadable
        Why a picture could not be read, by file.
    keys
        What tells the pictures that could be read from others.
    seen
        What was seen of each of these.
    copies
        Pictures of the same pixels.
    near
        Pairs that look alike: one of test or validation, and one of another split, or a rendered or
        unlabelled one.
    real
        Of rendered pictures, pairs of a real one and the same one.
    """

    listing: Listing
    unreadable: dict[str, str]
    keys: Keyed
    seen: Sequence[Seen]
    copies: Copies
    near: Sequence[tuple[Picture, Picture]] = ()
    real: tuple[tuple[Picture, Picture], ...] = ()

    @cached_property
    def sizes(self) -> np.ndarray:
        """int64 [n, 2], height and width of the pictures that a study would have."""
        return np.array([own.size for _, own in self.kept_as_seen()], np.int64).reshape(-1, 2)

    @property
    def coloured(self) -> int:
        """How many of them have colour."""
        return sum(own.coloured for _, own in self.kept_as_seen())

    @property
    def transparent(self) -> int:
        """How many of them have transparent pixels."""
        return sum(own.transparent for _, own in self.kept_as_seen())

    @property
    def plain(self) -> bool:
        """Whether most of them stand on a plain background, as handwriting on paper does."""
        rims = [own.rim for _, own in self.kept_as_seen()]
        return bool(rims) and float(np.median(rims)) < PLAIN

    @property
    def used(self) -> list[Picture]:
        """Pictures that a study would have, if it drops copies."""
        out = self.unreadable.keys() | _dropped(self.copies)
        out |= {picture.file for _, picture in self.real}
        return [picture for picture in self.listing.used if picture.file not in out]

    def kept(self, split: str) -> list[Picture]:
        """Those of a split; where replicates have their own, of that which has fewest."""
        return min(self.parts(split), key=len)

    def parts(self, split: str) -> list[list[Picture]]:
        """Those of a split of each replicate that has its own; else of all as one."""
        turns, used = range(1, max(1, self.listing.replicates) + 1), self.used
        return [[p for p in used if p.split_in(turn) == split] for turn in turns]

    def kept_as_seen(self, *splits: str) -> list[tuple[Picture, Seen]]:
        """Those of some splits, or of all, and what was seen of them."""
        files = {picture.file for picture in self.used}
        return [
            (picture, own)
            for (picture, _), own in zip(self.keys, self.seen, strict=True)
            if picture.file in files and (not splits or picture.split in splits)
        ]


def survey(
    listing: Listing, progress: Callable[[list[Picture]], Iterable[Picture]] = iter
) -> Survey:
    """Read all pictures of a listing.

    Parameters
    ----------
    listing : of `listing.list_real` or `listing.list_rendered`
    progress : what the pictures are handed through, to show how far it is
    """
    keys, seen, unreadable = [], [], {}
    for picture in progress(listing.used):
        try:
            decoded, _ = read(listing.directory, picture)
        except Unreadable as error:
            unreadable[picture.file] = error.args[0]
            continue
        keys.append((picture, decoded.key))
        seen.append(_seen(decoded))
    copies = find_copies(keys, partial(whole_key, listing.directory))
    found = Survey(listing, unreadable, keys, seen, copies)
    return replace(found, near=_near(found.kept_as_seen()))


def _dropped(copies: Copies) -> set[str]:
    """Files that a study leaves out as copies."""
    return copies.left_out.keys() | {picture.file for _, picture in copies.split_twice}


def compared(found: Survey, real: Survey) -> Survey:
    """What was found of rendered or unlabelled pictures, and which are or look like real ones.

    Which unlabelled ones are left out as the same, the study itself finds.
    """

    def whole(picture: Picture):
        side = found if picture.split == RENDERED else real
        return whole_key(side.listing.directory, picture)

    rendered = any(picture.split == RENDERED for picture, _ in found.keys)
    if rendered:
        found = replace(found, real=tuple(real_copies(real.keys, found.keys, whole)))
    pairs = _near([*real.kept_as_seen(TEST, VALIDATION, LABELLED), *found.kept_as_seen()])
    others = (RENDERED, UNLABELLED)
    return replace(found, near=[pair for pair in pairs if pair[1].split in others])


def _near(seen: Sequence[tuple[Picture, Seen]]) -> list[tuple[Picture, Picture]]:
    return near_copies([picture for picture, _ in seen], [own.look for _, own in seen])


def _seen(decoded: Decoded) -> Seen:
    pixels = decoded.pixels.resize((SMALL, SMALL), Image.Resampling.BOX)
    levels = np.asarray(pixels, np.int16)
    grey = levels.mean(2)
    outside = np.ones((SMALL, SMALL), bool)
    outside[2:-2, 2:-2] = False
    coloured = bool((levels.max(2) - levels.min(2)).max() > TINT)
    return Seen(
        decoded.size[::-1],
        coloured,
        float(grey[outside].std()),
        decoded.cut_out is not None,
        look(pixels),
    )
