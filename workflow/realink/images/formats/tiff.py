"""TIFF: its levels by tifffile, and what they mean by its tags."""

import io
import logging

import numpy as np
import tifffile
from PIL import Image
from tifffile import COMPRESSION, EXTRASAMPLE, PHOTOMETRIC

from realink.images.formats import jpeg
from realink.images.formats.raster import (
    MOST_PIXELS,
    Raster,
    Unreadable,
    check_range,
    check_size,
    eight_bits,
    opened,
    orientation_or_upright,
)

SIGNATURES = b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"
FAX = COMPRESSION.CCITTRLE, COMPRESSION.CCITTFAX3, COMPRESSION.CCITTFAX4
JPEGS = COMPRESSION.JPEG, COMPRESSION.OJPEG, COMPRESSION.ALT_JPEG
CHANNELS = {
    PHOTOMETRIC.MINISWHITE: 1,
    PHOTOMETRIC.MINISBLACK: 1,
    PHOTOMETRIC.PALETTE: 1,
    PHOTOMETRIC.RGB: 3,
    PHOTOMETRIC.YCBCR: 3,
    PHOTOMETRIC.SEPARATED: 4,
}
UNSIGNED, CMYK = 1, 1  # sample format, ink set
# What it says of odd tags is none of a person's business; what it raises is.
logging.getLogger("tifffile").setLevel(logging.CRITICAL)


def read(content: bytes) -> Raster:
    """Decode a TIFF: its one page that is neither a thumbnail nor a mask.

    Raises
    ------
    Unreadable
        It is cut off, has holes, several pages, is too large, has other than 1 to 16 bits, colours
        of no kind that is read, or levels of 16 bits that are all dark.
    """
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        page = _main(file)
        size = page.imagewidth, page.imagelength
        channels = _check(page, size, len(content))
        if page.compression == COMPRESSION.JPEG:
            _check_jpegs(page, content)
        try:
            levels = page.asarray(maxworkers=1)
        except NotImplementedError as error:
            raise Unreadable(f"a TIFF of a rare kind ({error}): save it as PNG") from None
        if page.planarconfig == 2 and page.samplesperpixel > 1:
            levels = np.moveaxis(levels, 0, -1)
        levels = levels.reshape(*size[::-1], -1)
        orientation = orientation_or_upright(_tag(page, "Orientation"))
        raster = Raster(_image(page, levels, channels), size, orientation)
        if page.compression in FAX:
            _check_fax(raster.upright(), content, page.index)
        return raster


def _main(file: tifffile.TiffFile) -> tifffile.TiffPage:
    pages = []
    for page in file.pages:
        if not (page.is_reduced or page.is_mask):
            pages.append(page)
        if len(pages) > 1:
            raise Unreadable("animated, or of several pages: only single pictures are read")
    if not pages:
        raise Unreadable("a TIFF of thumbnails alone, as a camera's raw file is: save it as PNG")
    return pages[0]


def _check(page: tifffile.TiffPage, size: tuple[int, int], there: int) -> int:
    """Refuse a page that cannot be understood; return how many channels its colours have."""
    check_size(*size)
    if not 1 <= page.bitspersample <= 16 or page.sampleformat != UNSIGNED:
        kind = {2: "signed", 3: "floating point"}.get(page.sampleformat, "unsigned")
        raise Unreadable(
            f"{kind} levels of {page.bitspersample} bits: only unsigned ones of 1 to 16 are read"
        )
    channels = CHANNELS.get(page.photometric)
    inks = _tag(page, "InkSet") or CMYK
    if channels is None or (channels == 4 and inks != CMYK):
        name = getattr(page.photometric, "name", page.photometric)
        raise Unreadable(f"a TIFF whose colours are {name}: save it as RGB")
    if channels == 1 and page.samplesperpixel > 2 and not any(page.extrasamples):
        raise Unreadable(
            f"a TIFF of {page.samplesperpixel} channels, of which only the first has a meaning: "
            "save it as RGB"
        )
    if not channels <= page.samplesperpixel <= 8 or page.imagedepth != 1:
        raise Unreadable(f"a TIFF of {page.samplesperpixel} channels, {page.imagedepth} deep")
    if size[0] * size[1] * page.samplesperpixel * page.bitspersample > MOST_PIXELS * 64:
        raise Unreadable("larger than what is read: scale it down")
    places = zip(page.dataoffsets, page.databytecounts, strict=True)
    if any(not n or at + n > there for at, n in places):
        raise Unreadable("damaged: parts of its pixels are missing")
    return channels


def _check_jpegs(page: tifffile.TiffPage, content: bytes) -> None:
    """Let libjpeg warn of strips, of which tifffile's decoder says nothing."""
    tables = (page.jpegtables or b"")[:-2]
    for at, n in zip(page.dataoffsets, page.databytecounts, strict=True):
        part = content[at : at + n]
        jpeg.decode(tables + part[2:] if tables else part, min_height=1, min_width=1)


def _check_fax(upright: Image.Image, content: bytes, page: int) -> None:
    """Refuse fax codes that libtiff reads as others: neither decoder says that they are damaged."""
    with opened(content, "TIFF") as other:
        other.seek(page)
        other.load()  # Pillow turns it
        if other.size != upright.size or other.convert("L").tobytes() != upright.tobytes():
            raise Unreadable("damaged: two decoders read other pixels")


def _image(page: tifffile.TiffPage, levels: np.ndarray, channels: int) -> Image.Image:
    most = 2**page.bitspersample - 1
    colours = levels[..., :channels]
    white_is_zero = page.photometric == PHOTOMETRIC.MINISWHITE
    if page.photometric == PHOTOMETRIC.PALETTE:
        table = page.colormap
        # In 16 bits, which some programs fill with levels of 8.
        table = (table if table.max() < 256 else table >> 8).astype(np.uint8)
        colours = table.T[colours[..., 0]]
    else:
        said = _tag(page, "MaxSampleValue")
        said = max(said) if isinstance(said, tuple) else said
        if said and said < most and colours.max() <= said:
            most = said
        check_range(most - colours if white_is_zero else colours, most)
        colours = eight_bits(colours, most)
    if white_is_zero:
        colours = 255 - colours
    if page.photometric == PHOTOMETRIC.SEPARATED:
        return _of_mode("CMYK", colours).convert("RGB")
    if page.photometric == PHOTOMETRIC.YCBCR and page.compression not in JPEGS:
        colours = np.asarray(_of_mode("YCbCr", colours).convert("RGB"))
    extra = page.extrasamples[0] if page.extrasamples else EXTRASAMPLE.UNSPECIFIED
    if extra == EXTRASAMPLE.UNSPECIFIED:
        return _of_mode("RGB" if colours.shape[2] == 3 else "L", colours)
    alpha = eight_bits(levels[..., channels], 2**page.bitspersample - 1)
    mode = "RGBA" if colours.shape[2] == 3 else "LA"
    layers = np.dstack([colours, alpha])
    if extra == EXTRASAMPLE.UNASSALPHA:
        return _of_mode(mode, layers)
    return _of_mode(mode[:-1] + "a", layers).convert(mode)  # multiplied into the colours


def _of_mode(mode: str, levels: np.ndarray) -> Image.Image:
    return Image.frombytes(mode, levels.shape[1::-1], np.ascontiguousarray(levels).tobytes())


def _tag(page: tifffile.TiffPage, name: str):
    tag = page.tags.get(name)
    return tag.value if tag else None
