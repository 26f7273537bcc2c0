"""PNG: by libpng, without the chunks that do not bear on pixels, whose faults are not theirs."""

import logging
import struct
import zlib

import imagecodecs
import numpy as np
from PIL import Image

from realink.images.formats.raster import (
    Raster,
    Unreadable,
    check_palette,
    check_range,
    check_size,
    eight_bits,
    opened,
    orientation_of,
)

SIGNATURE = b"\x89PNG\r\n\x1a\n"
BEGIN = b"\0\0\0\rIHDR"
# Whose checksums are not looked at, since no pixel depends on them.
METADATA = (b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf")
KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
PALETTE = 3  # colour type
RAW_EXIF, MOST_EXIF = b"Raw profile type exif\0", 1_000_000  # bytes
# libpng warns of each interlaced picture, which it reads rightly; its errors are raised.
logging.getLogger("imagecodecs").setLevel(logging.CRITICAL)


def read(content: bytes) -> Raster:
    """Decode a PNG of any depth and colour type, with what is transparent by tRNS.

    Raises
    ------
    Unreadable
        It is cut off, animated, or too large; a checksum of pixels does not fit; its palette lacks
        colours; levels of 16 bits are all dark.
    """
    if content[12:16] == b"CgBI":
        raise Unreadable("a PNG as iOS keeps them within apps (CgBI): save it as a plain PNG")
    if content[8:16] != BEGIN or len(content) < 26:
        raise Unreadable("damaged: it does not begin as a PNG does")
    width, height, _, kind = struct.unpack(">IIBB", content[16:26])
    check_size(width, height)
    plain, exif = _plain(content)
    orientation = orientation_of(exif) if exif else 1
    if kind == PALETTE:
        image = opened(plain, "PNG")
        image.load()
        check_palette(image)
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        return Raster(image, (width, height), orientation)
    levels = imagecodecs.png_decode(plain)
    most = np.iinfo(levels.dtype).max
    check_range(levels[..., : -1 if levels.ndim == 3 and levels.shape[2] in (2, 4) else None], most)
    return Raster(Image.fromarray(eight_bits(levels, most)), (width, height), orientation)


def _plain(content: bytes) -> tuple[bytes, bytes]:
    """The same PNG of nothing but pixels, whose checksums fit; and its EXIF, if it has any."""
    parts, exif, at, kind = [SIGNATURE], b"", len(SIGNATURE), b""
    while kind != b"IEND":
        if at + 12 > len(content):
            raise Unreadable("damaged: it ends too early")
        n, kind = struct.unpack(">I4s", content[at : at + 8])
        whole = content[at : at + 12 + n]
        if kind == b"acTL":
            raise Unreadable("animated, or of several pages: only single pictures are read")
        if kind in METADATA:
            exif = whole[8:-4] if kind == b"eXIf" else exif or _in_text(kind, whole[8:-4])
        elif len(whole) < 12 + n or zlib.crc32(whole[4:-4]) != int.from_bytes(whole[-4:]):
            raise Unreadable("damaged: a checksum does not fit")
        if kind in KEPT:
            parts.append(whole)
        at += 12 + n
    return b"".join(parts), exif


def _in_text(kind: bytes, data: bytes) -> bytes:
    """EXIF in a text chunk, where ImageMagick and exiftool put it before there was eXIf."""
    if kind not in (b"tEXt", b"zTXt") or not data.startswith(RAW_EXIF):
        return b""
    text = data[len(RAW_EXIF) :]
    try:
        if kind == b"zTXt":
            text = zlib.decompressobj().decompress(text[1:], MOST_EXIF)
        # A line with its name, one with its length, and the bytes as hexadecimal digits.
        return bytes.fromhex(b"".join(text.split(b"\n")[3:]).decode("ascii"))
    except (ValueError, zlib.error):
        return b""
