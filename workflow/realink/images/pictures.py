"""One picture from a file's bytes: decoded, upright, and brought to a size."""

import hashlib
import io
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps, PngImagePlugin, UnidentifiedImageError

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")
# More than this, uncompressed, is taken for a decompression bomb: Pillow's own limit.
MOST_PIXELS = Image.MAX_IMAGE_PIXELS
LEAST_SIDE = 4  # pixels, below which nothing can be told apart
# Larger JPEGs are decoded at a half, a quarter or an eighth, still twice as large as the largest
# images of a study, in a tenth of the time.
LARGE_PIXELS, DRAFT_SIDE = 2_000_000, 256
# Reducing, it takes the mean over each pixel's area, as all of Pillow's filters do but NEAREST.
FILTER = Image.Resampling.BICUBIC


class Unreadable(Exception):
    """A file that is no whole picture; the message says why."""


@dataclass(frozen=True)
class Decoded:
    """A decoded picture.

    pixels : 8-bit sRGB, laid on the background where it is transparent
    alpha : its alpha channel, 8-bit, 255 all over if it has none
    transparent : whether any pixel is
    size : width and height of the upright picture, before it was decoded smaller
    key : the same for pictures of the same pixels, whatever the file's format
    """

    pixels: Image.Image
    alpha: Image.Image
    transparent: bool
    size: tuple[int, int]
    key: bytes


def decode(content: bytes, *, background: int = 255) -> Decoded:
    """Decode a picture from a file's bytes.

    16-bit grey becomes 8-bit by its upper bits; palettes, CMYK and the like become sRGB; EXIF's
    orientation is applied; colour profiles are not.

    Parameters
    ----------
    content : of a PNG, JPEG, WebP, BMP or TIFF file
    background : grey level, 0..255, under transparent pixels

    Raises
    ------
    Unreadable
        It is empty, of another format, truncated, damaged, animated or of several pages, smaller
        than 4 x 4 pixels, larger than 89 million pixels (a decompression bomb), or of pixels that
        have no plain grey level (floating point, 32 bits).
    """
    if not content:
        raise Unreadable("an empty file")
    try:
        with warnings.catch_warnings():
            # Of Pillow's, on bombs, which are looked for here, and on odd metadata.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                return _decoded(image, content, background)
    except UnidentifiedImageError:
        # Its message holds an address in memory.
        raise Unreadable("not a picture of a format that is read, or damaged") from None
    except Image.DecompressionBombError:
        raise Unreadable(f"more than {2 * MOST_PIXELS} pixels: a decompression bomb") from None
    except Unreadable:
        raise
    except Exception as error:  # damaged files raise whatever the decoder stumbles over
        raise Unreadable(f"damaged: {' '.join(str(error).split())}") from None


def _decoded(image: Image.Image, content: bytes, background: int) -> Decoded:
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise Unreadable(f"{width} x {height} pixels: a decompression bomb")
    if min(width, height) < LEAST_SIDE:
        raise Unreadable(f"{width} x {height} pixels: too small")
    # A phone's MPO holds a JPEG and further views of it.
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        raise Unreadable("animated, or of several pages: only single pictures are read")
    if image.mode.startswith(("I", "F")) and not image.mode.startswith("I;16"):
        raise Unreadable(f"pixels of mode {image.mode}: only 8 and 16 bits are read")
    if image.format == "PNG":
        # Decoding passes over the checksums of the pixels.
        PngImagePlugin.PngImageFile(io.BytesIO(content)).verify()
    if image.format in ("JPEG", "MPO") and width * height > LARGE_PIXELS:
        image.draft(None, (DRAFT_SIDE, DRAFT_SIDE))
    image.load()
    orientation = image.getexif().get(0x0112, 1)
    if orientation != 1:
        image = ImageOps.exif_transpose(image)
    size = (height, width) if orientation in (5, 6, 7, 8) else (width, height)
    pixels, mask = _flattened(image, background)
    total = hashlib.blake2b(repr((size, pixels.size)).encode(), digest_size=16)
    total.update(pixels.tobytes())
    if mask:
        total.update(mask.tobytes())
    alpha = mask or Image.new("L", pixels.size, 255)
    return Decoded(pixels, alpha, mask is not None, size, total.digest())


def _flattened(image: Image.Image, background: int) -> tuple[Image.Image, Image.Image | None]:
    """Colours on the background, and the alpha channel if any pixel is transparent."""
    if image.mode.startswith("I;16"):
        levels = (np.asarray(image).astype(np.uint32) * 255 + 32767) // 65535
        return Image.fromarray(levels.astype(np.uint8)).convert("RGB"), None
    if image.mode in ("RGB", "L") and "transparency" not in image.info:
        return image.convert("RGB"), None
    if not image.has_transparency_data:
        return image.convert("RGB"), None
    # The largest pictures take a third of a gigabyte a copy.
    colours = image if image.mode == "RGBA" else image.convert("RGBA")
    mask = colours.getchannel("A")
    if mask.getextrema() == (255, 255):
        return colours.convert("RGB"), None
    ground = Image.new("RGBA", image.size, (background, background, background, 255))
    ground.alpha_composite(colours)
    return ground.convert("RGB"), mask


def fitted(
    picture: Image.Image, *, height: int, width: int, channels: int, fit: str, background: int
) -> np.ndarray:
    """Bring a picture, or a mask, to a size.

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
    size, mode = (width, height), "RGB" if channels == 3 else "L"
    picture = picture.convert(mode)
    if fit == "stretch":
        return np.asarray(picture.resize(size, FILTER))
    if fit == "crop":
        return np.asarray(ImageOps.fit(picture, size, FILTER))
    scale = min(width / picture.width, height / picture.height)
    inside = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    whole = Image.new(mode, size, (background,) * channels if channels == 3 else background)
    place = (width - inside[0]) // 2, (height - inside[1]) // 2
    whole.paste(picture.resize(inside, FILTER), place)
    return np.asarray(whole)
