"""JPEG: by libjpeg-turbo, with its warnings, which tell that data are missing or garbled."""

import struct
from typing import NamedTuple

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
ALONE = 0x00, 0x01, *range(0xD0, 0xD9)  # markers without a segment
PROGRESSIVE = 0xC2, 0xC6, 0xCA, 0xCE
# A JFIF segment without anything that libjpeg could warn of, though pixels do not depend on it.
JFIF = b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
TABLES, SCAN, END = 0xC4, 0xDA, b"\xff\xd9"
ADOBE, COMMENT = 0xEE, 0xFE  # the first says what the colours are
HOLE = bytes(64)  # longer than any block
# A fault of scanners' headers, which no pixel depends on.
HARMLESS = "Invalid SOS parameters"
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
        It is too large, has other than 8 bits, or a hole of zeros.
    ValueError
        It is cut off, or has holes that libjpeg notices.
    """
    frame, plain, exif = _parsed(content)
    width, height = frame.width, frame.height
    reducible = draft and frame.marker not in PROGRESSIVE
    check_size(width, height, MOST_REDUCED if reducible else MOST_PIXELS)
    if frame.bits != 8:
        raise Unreadable(f"a JPEG of {frame.bits} bits: save it with 8, or as PNG")
    scale = 1
    if draft and width * height > LARGE_PIXELS:
        scale = next((n for n in SCALES if min(width, height) >= n * draft), 1)
    check_size(-(-width // scale), -(-height // scale))
    levels = decode(plain, min_height=-(-height // scale), min_width=-(-width // scale))
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
        if HARMLESS not in str(error):
            raise
    return simplejpeg.decode_jpeg(content, colours, **size, strict=False)


class _Frame(NamedTuple):
    marker: int
    bits: int
    height: int
    width: int
    components: int


def _parsed(content: bytes) -> tuple[_Frame, bytes, bytes]:
    """The frame's header; the same JPEG without metadata; and its EXIF, if there is any."""
    at, parts, exif, frame, zeros = 2, [content[:2]], b"", None, {}
    while at + 4 <= len(content):
        if content[at] != 0xFF:  # what stands between segments is passed over
            at += 1
            continue
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in ALONE:
            at += 2
            continue
        segment = content[at : at + 2 + int.from_bytes(content[at + 2 : at + 4])]
        if marker == SCAN and frame:
            if frame.marker not in PROGRESSIVE and len(segment) == 6 + 2 * frame.components + 2:
                _check_zeros(content[at : content.find(END, at)], segment, zeros)
            return frame, b"".join([*parts, content[at:]]), exif
        if marker in FRAMES and len(segment) >= 10:
            frame = _Frame(marker, *struct.unpack(">BHHB", segment[4:10]))
        elif marker == TABLES:
            zeros |= _of_zeros(segment)
        if segment[4:9] == b"JFIF\0":
            parts.append(JFIF)
        elif segment[4:10] == b"Exif\0\0":
            exif = exif or segment[4:]
        elif marker == ADOBE or marker not in (*range(0xE0, 0xF0), COMMENT):
            parts.append(segment)
        at += len(segment)
    raise Unreadable("damaged: a JPEG without a picture")


def _of_zeros(segment: bytes) -> dict[int, int]:
    """Of each table of AC coefficients, by its number, the symbol whose code has no bit but 0."""
    at, found = 4, {}
    while at + 17 < len(segment):
        if segment[at] >> 4:
            found[segment[at] & 15] = segment[at + 17]
        at += 17 + sum(segment[at + 1 : at + 17])
    return found


def _check_zeros(scan: bytes, header: bytes, zeros: dict[int, int]) -> None:
    """Refuse a hole of zeros in the one scan of a sequential JPEG.

    Where zeros do not mean that a block has ended, they are blocks of coefficients that are all
    alike, as no picture has.
    """
    used = header[6:-3:2]
    if HOLE in scan and any(zeros.get(number & 15, 0) for number in used):
        raise Unreadable("damaged: a part of its pixels is 0")
