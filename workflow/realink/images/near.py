"""Pairs of pictures that are likely the same: encoded anew, scaled, slightly cropped, or frames."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import imagehash
import numpy as np
from PIL import Image

from realink.images import names
from realink.images.listing import TEST, VALIDATION, Picture

SMALL = 16  # side, in pixels, at which colours are compared
AT_ONCE = 32  # pictures that are compared with all others
# What names may have in common: versions that a labelling tool exports, copies that a file manager
# makes, frames of a track. A pattern that finds fewer groups says nothing.
TOGETHER = (
    r"^(.+)_(?:jpe?g|png|webp|bmp|tiff?)\.rf\.",
    r"^(.+?)(?: ?\(\d+\)| - \w+)*\.\w+$",
    # As macOS, Google Drive and photo editors name them, too.
    r"(?i)^(?:copy of |kopie von )?(.+?)"
    r"(?: ?\(\d+\)| - \w+|[ ~]\d+|[ _-](?:copy|kopie|edited|edit))*\.\w+$",
    r"^(.*\D)\d+\.\w+$",
)
FEWEST_GROUPS = 10
MOST_APART = 0.1  # of the pairs


class Limits(NamedTuple):
    """How far two looks may be apart: bits of hashes, correlation, levels of mean difference."""

    bits: int
    least: float
    levels: int


# 100 % of flowers are found that were encoded anew or halved, and 77 % of those cropped by 2 % at
# each side; of signs of 30 pixels 79, 100 and 13 %. Others across splits: of 2,500 flowers 1 pair,
# of 19,165 signs 5, of 5,000 of MNIST's digits 102.
OF_A_CLASS = Limits(8, 0.97, 12)
# Where the labels differ, or one is not known: encoded anew and halved ones are still found (of
# meters 92 and 12 %), few that were cropped; of 5,300 flowers, meters and bricks none by mistake.
OF_ANY = Limits(4, 0.99, 6)


class Look(NamedTuple):
    """What a picture looks like.

    bits : its perceptual hash, of 64 bits
    small : uint8 [768], its colours at 16 x 16
    """

    bits: int
    small: np.ndarray


def look(picture: Image.Image) -> Look:
    """What an RGB picture looks like, of which a small one, of 32 x 32 or more, will do."""
    small = picture.resize((SMALL, SMALL), Image.Resampling.BOX)
    return Look(int(str(imagehash.phash(picture)), 16), np.asarray(small).ravel())


def near_copies(
    pictures: Sequence[Picture], looks: Sequence[Look]
) -> list[tuple[Picture, Picture]]:
    """Pairs that look the same, one of test or validation and one of another split.

    Or that different replicates test. Of different classes they must be nearer.
    """
    bits = np.array([one.bits for one in looks], np.uint64)
    small = np.array([one.small for one in looks], np.uint8)
    label = np.unique([picture.label for picture in pictures], return_inverse=True)[1]
    place = {TEST: 0, VALIDATION: 1}
    # Those that take turns come before all others, each turn by itself.
    turn = min((-picture.tested for picture in pictures), default=0)
    kind = np.array([turn + p.tested if p.tested else place.get(p.split, 2) for p in pictures], int)
    pairs = []
    for part in _parts(np.flatnonzero(kind < 2)):
        apart = np.bitwise_count(bits[part, None] ^ bits)
        rows, others = np.nonzero((apart <= OF_A_CLASS.bits) & (kind[part, None] < kind))
        own = label[part[rows]] == label[others]
        alike = apart[rows, others] <= np.where(own, OF_A_CLASS.bits, OF_ANY.bits)
        one, other = (small[places].astype(np.float32) for places in (part[rows], others))
        alike &= abs(one - other).mean(1) <= np.where(own, OF_A_CLASS.levels, OF_ANY.levels)
        one, other = (levels - levels.mean(1, keepdims=True) for levels in (one, other))
        length = np.sqrt((one**2).sum(1) * (other**2).sum(1))
        alike &= (one * other).sum(1) >= np.where(own, OF_A_CLASS.least, OF_ANY.least) * length
        pairs += [
            (pictures[part[i]], pictures[j])
            for i, j in zip(rows[alike], others[alike], strict=True)
        ]
    return pairs


def _parts(places: np.ndarray) -> Iterator[np.ndarray]:
    for first in range(0, len(places), AT_ONCE):
        yield places[first : first + AT_ONCE]


def keeps_together(pairs: Sequence[tuple[Picture, Picture]], pictures: Sequence[Picture]) -> str:
    """A pattern for `real: group:` by which most pairs are of one group, or nothing.

    Parameters
    ----------
    pairs : of `near_copies`
    pictures : all of them, each of which must have a group
    """
    for pattern in map(names.compiled, TOGETHER) if pairs else ():
        group = {p.file: names.group_of(pattern, _below_class(p)) for p in pictures}
        apart = sum(group[one.file] != group[other.file] for one, other in pairs)
        several = all(group.values()) and len(set(group.values())) >= FEWEST_GROUPS
        if several and apart <= MOST_APART * len(pairs):
            return pattern.pattern
    return ""


def _below_class(picture: Picture) -> str:
    return f"/{picture.file}".split(f"/{picture.label}/", 1)[-1]
