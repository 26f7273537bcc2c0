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
# Larger JPEGs are decoded at a half, a quarter or an eighth, still this large and twice as large as
# the images of a study, in a tenth of the time.
LARGE_PIXELS, DRAFT_SIDE = 2_000_000, 256
# Reducing, it takes the mean over each pixel's area, as all of Pillow's filters do but NEAREST.
FILTER = Image.Resampling.BICUBIC


class Unreadable(Exception):
    """A file that is no whole picture; the message says why."""


@dataclass(frozen=True)
class Decoded:
    """A decoded picture.

    pixels : 8-bit sRGB, laid on the background where it is transparent
    cut_out : the same with its alpha channel and its own colours, RGBA; None if no pixel is
        transparent
    size : width and height of the upright picture, before it was decoded smaller
    key : the same for pictures of the same pixels, whatever the file's format
    """

    pixels: Image.Image
    cut_out: Image.Image | None
    size: tuple[int, int]
    key: bytes


def decode(content: bytes, *, background: int = 255, side: int = 0) -> Decoded:
    """Decode a picture from a file's bytes.

    16-bit grey becomes 8-bit by its upper bits; palettes, CMYK and the like become sRGB; EXIF's
    orientation is applied; colour profiles are not.

    Parameters
    ----------
    content : of a PNG, JPEG, WebP, BMP or TIFF file
    background : grey level, 0..255, under transparent pixels
    side : of the images that it is for, the larger one, pixels

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
                return _decoded(image, content, background, max(DRAFT_SIDE, 2 * side))
    except UnidentifiedImageError:
        # Its message holds an address in memory.
        raise Unreadable("not a picture of a format that is read, or damaged") from None
    except Image.DecompressionBombError:
        raise Unreadable(f"more than {2 * MOST_PIXELS} pixels: a decompression bomb") from None
    except Unreadable:
        raise
    except Exception as error:  # damaged files raise whatever the decoder stumbles over
        raise Unreadable(f"damaged: {' '.join(str(error).split())}") from None


def _decoded(image: Image.Image, content: bytes, background: int, draft: int) -> Decoded:
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
        image.draft(None, (draft, draft))
    image.load()
    orientation = image.getexif().get(0x0112, 1)
    if orientation != 1:
        image = ImageOps.exif_transpose(image)
    size = (height, width) if orientation in (5, 6, 7, 8) else (width, height)
    pixels, cut_out = _flattened(image, background)
    total = hashlib.blake2b(repr((size, pixels.size)).encode(), digest_size=16)
    total.update(pixels.tobytes())
    if cut_out:
        total.update(cut_out.getchannel("A").tobytes())
    return Decoded(pixels, cut_out, size, total.digest())


def _flattened(image: Image.Image, background: int) -> tuple[Image.Image, Image.Image | None]:
    """Colours on the background; and, if any pixel is transparent, the picture as RGBA."""
    if image.mode.startswith("I;16"):
        levels = (np.asarray(image).astype(np.uint32) * 255 + 32767) // 65535
        return Image.fromarray(levels.astype(np.uint8)).convert("RGB"), None
    if image.mode in ("RGB", "L") and "transparency" not in image.info:
        return image.convert("RGB"), None
    if not image.has_transparency_data:
        return image.convert("RGB"), None
    # The largest pictures take a third of a gigabyte a copy.
    colours = image if image.mode == "RGBA" else image.convert("RGBA")
    if colours.getchannel("A").getextrema() == (255, 255):
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
