"""JPEG: by libjpeg-turbo, with its warnings, which tell that data are missing or garbled."""

import struct

import numpy as np
import simplejpeg
from PIL import Image

from realink.images.formats.raster import (
    MOST_PIXELS,
    Raster,
    Unreadable,
    check_size,
    orientation_of,
)

SIGNATURE = b"\xff\xd8\xff"
# Larger ones are decoded at a half, a quarter or an eighth, in a tenth of the time.
LARGE_PIXELS = 2_000_000
# Telephones' have 200 million. Decoded smaller, they take little memory, unless progressive.
MOST_REDUCED = 3 * MOST_PIXELS
FRAMES = (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0))
PROGRESSIVE = 0xC2, 0xC6, 0xCA, 0xCE
COLOURS = {"Gray": "GRAY", "CMYK": "CMYK", "YCCK": "CMYK"}
SCALES = 8, 4, 2


def read(content: bytes, draft: int = 0) -> Raster:
    """Decode a JPEG; of several in one file, as telephones write them, the first.

    Parameters
    ----------
    draft : a large one may come smaller, if both its sides still have as many pixels; 0 for never

    Raises
    ------
    Unreadable
        It is cut off, has holes that libjpeg notices, is too large, or has other than 8 bits.
    """
    marker, bits, width, height, exif = _header(content)
    check_size(width, height, MOST_PIXELS if marker in PROGRESSIVE or not draft else MOST_REDUCED)
    if bits != 8:
        raise Unreadable(f"a JPEG of {bits} bits: save it with 8, or as PNG")
    scale = 1
    if draft and width * height > LARGE_PIXELS:
        scale = next((n for n in SCALES if min(width, height) >= n * draft), 1)
    if width * height > MOST_PIXELS * scale**2:
        check_size(width, height)
    least = {"min_height": -(-height // scale), "min_width": -(-width // scale)}
    levels = decode(content, **least)
    if levels.shape[2] == 1:
        image = Image.fromarray(levels[..., 0])
    elif levels.shape[2] == 4:
        # Inverted, as Adobe writes them, and so all do.
        image = Image.frombytes("CMYK", levels.shape[1::-1], (255 - levels).tobytes())
        image = image.convert("RGB")
    else:
        image = Image.fromarray(levels)
    return Raster(image, (width, height), orientation_of(exif) if exif else 1)


def decode(content: bytes, **size: int) -> np.ndarray:
    """Levels of a JPEG stream, uint8 [height, width, 1, 3 or 4], unless libjpeg warns of them.

    Four are CMYK, as they stand there; `size` is `simplejpeg.decode_jpeg`'s.

    Raises
    ------
    ValueError
        Data are missing or garbled.
    """
    colours = COLOURS.get(simplejpeg.decode_jpeg_header(content)[2], "RGB")
    try:
        return simplejpeg.decode_jpeg(content, colours, **size)
    except ValueError as error:
        if not _of_metadata(str(error)):
            raise
    return simplejpeg.decode_jpeg(content, colours, **size, strict=False)


def _of_metadata(warning: str) -> bool:
    """Whether a warning of libjpeg is none of missing or garbled pixels."""
    return warning.startswith(("Warning:", "Unknown Adobe", "Invalid SOS")) or "ICC" in warning


def _header(content: bytes) -> tuple[int, int, int, int, bytes]:
    """Marker of the frame, its bits a level, width and height; and EXIF, if there is any."""
    at, exif = 2, b""
    while at + 4 <= len(content):
        if content[at] != 0xFF:  # what stands between segments is passed over
            at += 1
            continue
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in FRAMES and at + 9 <= len(content):
            bits, height, width = struct.unpack(">BHH", content[at + 4 : at + 9])
            return marker, bits, width, height, exif
        elif marker in (0x00, 0x01, *range(0xD0, 0xD9)):  # without a length
            at += 2
        else:
            n = int.from_bytes(content[at + 2 : at + 4])
            if marker == 0xE1 and not exif and content[at + 4 : at + 10] == b"Exif\0\0":
                exif = content[at + 4 : at + 2 + n]
            at += 2 + n
    raise Unreadable("damaged: a JPEG without a picture")
