"""What every decoder gives: 8-bit levels in one of four modes, and how they are to be turned."""

import io
import warnings
from typing import NamedTuple

import numpy as np
from PIL import Image

# More than this, uncompressed, is taken for a decompression bomb: Pillow's own limit.
MOST_PIXELS = Image.MAX_IMAGE_PIXELS
LEAST_SIDE = 4  # pixels, below which nothing can be told apart
# Of 16 bits, levels that end below this one come out black: those of a camera of 12 bits do.
DARK = 4096
ORIENTATION = 0x0112
# What undoes each of EXIF's orientations.
TURNED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Unreadable(Exception):
    """A file that is no whole picture; the message says why."""


class Raster(NamedTuple):
    """A decoded picture, as its file has it.

    Attributes
    ----------
    image
        L, LA, RGB or RGBA; the alpha channel is not multiplied into the colours.
    size
        Width and height, before it was decoded smaller.
    orientation
        As EXIF has it, 1..8.
    """

    image: Image.Image
    size: tuple[int, int]
    orientation: int = 1

    def upright(self) -> Image.Image:
        """The image turned as its orientation says."""
        turn = TURNED.get(self.orientation)
        return self.image if turn is None else self.image.transpose(turn)


def check_size(width: int, height: int, most: int = MOST_PIXELS) -> None:
    """Raise `Unreadable` if a picture is too large or too small."""
    if width * height > most:
        raise Unreadable(
            f"{width} x {height} pixels: a decompression bomb, or larger than what is read "
            f"({most // 10**6} million); scale it down"
        )
    if min(width, height) < LEAST_SIDE:
        raise Unreadable(f"{width} x {height} pixels: too small")


def eight_bits(levels: np.ndarray, most: int) -> np.ndarray:
    """Levels 0..most, of 8 or 16 bits, rounded to uint8 levels 0..255."""
    if most == 255:
        return levels.astype(np.uint8, copy=False)
    # By a table, since wider numbers of the largest pictures would not fit into memory.
    table = np.arange(most + 1, dtype=np.uint32) * 255 + most // 2
    return (table // most).astype(np.uint8)[np.minimum(levels, most)]


def check_range(levels: np.ndarray, most: int) -> None:
    """Raise `Unreadable` if colours of 16 bits use so little of them that all would be black."""
    if most == 65535 and 0 < (highest := int(levels.max())) < DARK:
        raise Unreadable(
            f"16-bit levels that end at {highest} of 65535, black if read so: write them over the "
            "whole range"
        )


def check_palette(image: Image.Image) -> None:
    """Raise `Unreadable` if a picture of mode P has colours that its palette lacks."""
    entries = len(image.palette.palette) // len(image.palette.mode)
    if (highest := image.getextrema()[1]) >= entries:
        raise Unreadable(f"damaged: colour {highest} of a palette of {entries}")


def orientation_of(exif: bytes) -> int:
    """EXIF's orientation, 1..8; 1 where there is none, or EXIF is garbled: pixels need it not."""
    found = Image.Exif()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found.load(exif)
            return orientation_or_upright(found.get(ORIENTATION))
    except Exception:  # garbled EXIF raises whatever its parser stumbles over
        return 1


def orientation_or_upright(value: object) -> int:
    """A tag's value if it is an orientation, else 1."""
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def opened(content: bytes, form: str) -> Image.Image:
    """A picture by Pillow, of one format."""
    return Image.open(io.BytesIO(content), formats=[form])
