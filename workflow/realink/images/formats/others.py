"""WebP, BMP, portable pixmaps and AVIF: by Pillow, which reads them rightly."""

import re
import warnings

import numpy as np
from PIL import Image

from realink.images.formats.raster import (
    ORIENTATION,
    Raster,
    Unreadable,
    check_palette,
    check_range,
    check_size,
    eight_bits,
    opened,
    orientation_or_upright,
)

# Bytes of a lossy WebP that are 0, one after another, for each 16 x 16 pixels of it: up to 5 in 500
# pictures that were plain for the most part; 25 empty blocks take no more, unless it has a hole.
ZEROS = 8


def read(content: bytes, form: str) -> Raster:
    """Decode a picture by Pillow.

    Parameters
    ----------
    form : Pillow's name of its format

    Raises
    ------
    Unreadable
        It is cut off, animated, or too large; a WebP has a hole of zeros; its palette lacks
        colours; levels of 16 bits are all dark.
    """
    if form == "WEBP" and int.from_bytes(content[4:8], "little") + 8 > len(content):
        raise Unreadable("damaged: it ends too early")
    with warnings.catch_warnings():
        # Of Pillow's, on bombs, which are looked for here, and on odd metadata.
        warnings.simplefilter("ignore")
        with opened(content, form) as image:
            check_size(*image.size)
            if getattr(image, "n_frames", 1) > 1:
                raise Unreadable("animated, or of several pages: only single pictures are read")
            if form == "WEBP":
                _check_zeros(content, image.size)
            image.load()
            try:
                orientation = orientation_or_upright(image.getexif().get(ORIENTATION))
            except Exception:  # garbled EXIF raises whatever its parser stumbles over
                orientation = 1
            return Raster(_plain(image, form, content), image.size, orientation)


def _most(content: bytes) -> int:
    """The level of a pixmap's header that means white."""
    words = re.sub(rb"#[^\n]*", b"", content[:4096]).split(maxsplit=4)
    return int(words[3])


def _plain(image: Image.Image, form: str, content: bytes) -> Image.Image:
    """The same as L, LA, RGB or RGBA."""
    if image.mode == "I":  # of pixmaps, 0..65535
        levels = np.asarray(image).astype(np.uint16)
        check_range(levels, 65535)
        return Image.fromarray(eight_bits(levels, 65535))
    if form == "PPM" and image.mode == "RGB" and _most(content) > 255:
        # Pillow has brought them to 8 bits, and rounded them up at the most by one.
        check_range(np.asarray(image).astype(np.uint16) * 255, 65535)
    if image.mode == "P":
        check_palette(image)
    if image.mode in ("L", "1"):
        return image.convert("L")
    image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if form == "BMP" and image.mode == "RGBA" and image.getchannel("A").getextrema() == (0, 0):
        return image.convert("RGB")  # the byte is there in all BMP of 32 bits, used or not
    return image


def _check_zeros(content: bytes, size: tuple[int, int]) -> None:
    """Refuse a lossy WebP of which more is 0 than a plain picture would have."""
    blocks = -(-size[0] // 16) * -(-size[1] // 16)
    longest = max((len(run) for run in re.findall(rb"\0{64,}", content)), default=0)
    if b"VP8 " in content[:64] and longest > 64 + ZEROS * blocks:
        raise Unreadable(f"damaged: {longest} bytes of its pixels are 0")
