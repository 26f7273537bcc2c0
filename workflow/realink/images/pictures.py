"""One picture from a file's bytes: decoded, upright, and brought to a size."""

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from realink.images import formats
from realink.images.formats import Unreadable

DRAFT_SIDE = 256  # pixels, at the least, of large JPEGs that are decoded smaller than they are
# Reducing, it takes the mean over each pixel's area, as all of Pillow's filters do but NEAREST.
FILTER = Image.Resampling.BICUBIC


class Key(NamedTuple):
    """What tells a picture from others of other pixels, whatever the formats of their files.

    Attributes
    ----------
    pixels
        A hash of them, as they were decoded.
    size
        Width and height of the upright picture.
    reduced
        Whether it was decoded smaller: then it has the key of others that were, too, alone.
    """

    pixels: bytes
    size: tuple[int, int]
    reduced: bool


@dataclass(frozen=True)
class Decoded:
    """A decoded picture.

    pixels : 8-bit sRGB, laid on the background where it is transparent
    cut_out : the same with its alpha channel and its own colours, RGBA; None if no pixel is
        transparent
    size : width and height of the upright picture, before it was decoded smaller
    key : the same for pictures of the same pixels
    """

    pixels: Image.Image
    cut_out: Image.Image | None
    size: tuple[int, int]
    key: Key


def decode(content: bytes, *, background: int = 255, side: int = 0, whole: bool = False) -> Decoded:
    """Decode a picture from a file's bytes.

    16 bits become 8 by rounding; palettes, CMYK and the like become sRGB; EXIF's orientation is
    applied; colour profiles are not.

    Parameters
    ----------
    content : of a PNG, JPEG, WebP, BMP, TIFF, AVIF or portable pixmap file
    background : grey level, 0..255, under transparent pixels
    side : of the images that it is for, the larger one, pixels
    whole : whether a large JPEG, too, is decoded at its full size

    Raises
    ------
    Unreadable
        It is empty, of another format, truncated, damaged as far as its decoder notices, animated
        or of several pages, wholly transparent, smaller than 4 x 4 pixels, larger than 89 million
        pixels (JPEGs 268 million, unless progressive), or of pixels that have no plain level
        (floating point, 32 bits, 16 bits of which the upper four are unused).
    """
    try:
        raster = formats.read(content, 0 if whole else max(DRAFT_SIDE, 2 * side))
    except Unreadable:
        raise
    except Exception as error:  # damaged files raise whatever the decoder stumbles over
        # Pillow's words would name an object of its own.
        named = isinstance(error, UnidentifiedImageError)
        why = "what it begins with is no such picture" if named else " ".join(str(error).split())
        raise Unreadable(f"damaged: {why}") from None
    image, size = raster.upright(), raster.size
    reduced = raster.image.size != size
    if raster.orientation >= 5:
        size = size[::-1]
    pixels, cut_out = _flattened(image, background)
    total = hashlib.blake2b(pixels.tobytes(), digest_size=16)
    if cut_out:
        total.update(cut_out.getchannel("A").tobytes())
    return Decoded(pixels, cut_out, size, Key(total.digest(), size, reduced))


def _flattened(image: Image.Image, background: int) -> tuple[Image.Image, Image.Image | None]:
    """Colours on the background; and, if any pixel is transparent, the picture as RGBA."""
    if image.mode in ("RGB", "L"):
        return _of_mode(image, "RGB"), None
    # The largest pictures take a third of a gigabyte a copy.
    colours = _of_mode(image, "RGBA")
    extrema = colours.getchannel("A").getextrema()
    if extrema == (0, 0):
        raise Unreadable("wholly transparent: nothing of it is to be seen")
    if extrema == (255, 255):
        return colours.convert("RGB"), None
    ground = Image.new("RGBA", image.size, (background, background, background, 255))
    ground.alpha_composite(colours)
    return ground.convert("RGB"), colours


def fitted(
    picture: Image.Image, *, height: int, width: int, channels: int, fit: str, background: int
) -> np.ndarray:
    """Bring a picture to a size.

    Parameters
    ----------
    picture : 8-bit sRGB or grey
    channels : 1, grey, or 3, sRGB
    fit : ``stretch`` (its shape may change), ``fit`` (all of it, the rest is background) or
        ``crop`` (its middle)
    background : grey level, 0..255

    Returns
    -------
    uint8 [height, width], or [height, width, 3] of three channels
    """
    picture = _of_mode(picture, "RGB" if channels == 3 else "L")
    return np.asarray(_fitted(picture, (width, height), fit, background))


def fitted_cut_out(
    picture: Image.Image, *, height: int, width: int, channels: int, fit: str
) -> tuple[np.ndarray, np.ndarray]:
    """Bring a picture with an alpha channel to a size, as `fitted` does without one.

    Colours count by their alpha, so that those of transparent pixels do not come in.

    Parameters
    ----------
    picture : RGBA

    Returns
    -------
    colours : uint8 [height, width] or [height, width, 3], on no background
    mask : uint8 [height, width], 0 in what `fit` adds
    """
    # Pillow itself multiplies these modes by their alpha, resizes, and divides.
    picture = _of_mode(picture, "RGBA" if channels == 3 else "LA")
    layers = np.asarray(_fitted(picture, (width, height), fit, 0))
    return layers[..., :3] if channels == 3 else layers[..., 0], layers[..., -1]


def inside(size: tuple[int, int], *, height: int, width: int, fit: str) -> tuple[int, int]:
    """Width and height of what is picture, not background, of a picture of that size fitted."""
    if fit != "fit":
        return width, height
    scale = min(width / size[0], height / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _of_mode(picture: Image.Image, mode: str) -> Image.Image:
    # Pillow would copy one that is of it.
    return picture if picture.mode == mode else picture.convert(mode)


def _fitted(picture: Image.Image, size: tuple[int, int], fit: str, background: int) -> Image.Image:
    if fit == "stretch":
        return picture.resize(size, FILTER)
    if fit == "crop":
        return ImageOps.fit(picture, size, FILTER)
    part = inside(picture.size, height=size[1], width=size[0], fit=fit)
    whole = Image.new(picture.mode, size, (background,) * len(picture.getbands()))
    whole.paste(picture.resize(part, FILTER), ((size[0] - part[0]) // 2, (size[1] - part[1]) // 2))
    return whole
