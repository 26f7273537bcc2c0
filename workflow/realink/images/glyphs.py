"""Glyphs: open a face at a place on its axes, rasterise a text, size it for MNIST or a frame."""

from collections.abc import Sequence
from functools import lru_cache
from math import ceil
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

# MNIST: side of the image, and of the box that a digit fills.
SIDE, BOX = 28, 20
# A frame: a glyph's height in heights of the frame, its greatest width in widths; the smallest
# size, in greatest ones, where the width is the limit; the farthest from the middle, in sides.
# Within each of these lie 94 % or more of the digits on photographs of 22 meters that were fitted.
HEIGHTS, WIDEST, NARROWED, SHIFT = (0.45, 0.8), 0.8, 0.75, 0.12


def open_face(path: Path, em: float, axes: str, position: np.ndarray) -> ImageFont.FreeTypeFont:
    """Open a face at `em` pixels, at `position` (0 to 1 for each axis) inside its cell."""
    font = ImageFont.truetype(path, em, layout_engine=ImageFont.Layout.BASIC)
    if axes:
        spans = [part.partition("=")[2].split("..") for part in axes.split(";")]
        lows, highs = (np.array([float(span[k]) for span in spans]) for k in (0, -1))
        font.set_variation_by_axes(list(lows + (highs - lows) * position[: len(spans)]))
    return font


def rasterise(font: ImageFont.FreeTypeFont, text: str, shift: Sequence[float]) -> np.ndarray:
    """Ink of one text, uint8 [height, width], moved by a fraction of a pixel.

    Characters stand one after another from left to right, kerned, without ligatures or other
    shaping.

    Raises
    ------
    ValueError
        A character is over 20 em large.
    """
    left, top, right, bottom = font.getbbox(text, anchor="ls")
    size = (int(right - left) + 4, int(bottom - top) + 4)
    if max(size) > 20 * font.size * len(text):
        raise ValueError(f"{text!r} is over 20 em large")
    page = Image.new("L", size)
    at = (1 - left + shift[0], 1 - top + shift[1])
    ImageDraw.Draw(page).text(at, text, fill=255, font=font, anchor="ls")
    return np.asarray(page)


def normalise(ink: np.ndarray) -> np.ndarray:
    """Give one grey image MNIST's geometry.

    The ink's bounding box is scaled by area averaging so that its longer side is 20 pixels,
    then moved by whole pixels so that its centre of mass is nearest to (14, 14).

    Parameters
    ----------
    ink : ndarray
        [height, width], 0 = paper, 255 = full ink; any size, integer or float.

    Returns
    -------
    ndarray
        uint8 [28, 28], 0 = paper, 255 = full ink.

    Raises
    ------
    ValueError
        The image is not two-dimensional or holds no ink.
    """
    crop = _inked(ink)
    height, width = (max(1, round(n * BOX / max(crop.shape))) for n in crop.shape)
    small = _averaging(crop.shape[0], height) @ crop @ _averaging(crop.shape[1], width).T
    top, left = _first_pixel(small.sum(1)), _first_pixel(small.sum(0))
    out = np.zeros((SIDE, SIDE), np.uint8)
    out[top : top + height, left : left + width] = np.clip(small + 0.5, 0, 255)
    return out


def place_in_frame(ink: np.ndarray, size: tuple[int, int], draw: Sequence[float]) -> np.ndarray:
    """Place one glyph in a frame, as in a photograph of a character cut out by its window.

    The glyph keeps its aspect. Its height is 45 to 80 % of the frame's; where 80 % of the
    frame's width allows less, it has 75 to 100 % of what that allows. Its middle lies up to 12 %
    of the frame's sides from the frame's, but so that the glyph is inside. Each glyph is sized by
    itself: ``o`` comes out as high as ``O``.

    Parameters
    ----------
    ink : ndarray
        uint8 [height, width], 0 = paper, 255 = full ink; larger than it is to be, so that it
        can be averaged down.
    size : (int, int)
        Height and width of the frame, pixels.
    draw : sequence of float
        Three of 0 to 1: size, place down, place across.

    Returns
    -------
    ndarray
        uint8 [height, width], 0 = paper, 255 = full ink.

    Raises
    ------
    ValueError
        The image is not two-dimensional or holds no ink.
    """
    crop = _inked(ink)
    high, wide = crop.shape
    lowest, largest = (size[0] * part / high for part in HEIGHTS)
    largest = min(largest, WIDEST * size[1] / wide)
    lowest = min(lowest, NARROWED * largest)
    scale = lowest + (largest - lowest) * draw[0]
    # The frame in pixels of the glyph's raster, and the glyph's first pixel in it.
    frame = [side / scale for side in size]
    start = [
        room / 2 + min(room / 2, SHIFT * side) * (2 * u - 1)
        for side, room, u in zip(frame, (frame[0] - high, frame[1] - wide), draw[1:], strict=True)
    ]
    # Pillow pastes at whole pixels and cuts out at fractions.
    top, left = (ceil(first) for first in start)
    page = Image.new("L", (ceil(frame[1]) + 1, ceil(frame[0]) + 1))
    page.paste(Image.fromarray(crop), (left, top))
    x, y = left - start[1], top - start[0]
    box = (x, y, x + frame[1], y + frame[0])
    return np.asarray(page.resize(size[::-1], Image.Resampling.HAMMING, box))


def _inked(ink: np.ndarray) -> np.ndarray:
    """Cut out the box that holds the ink."""
    if ink.ndim != 2 or not ink.any():
        raise ValueError(f"need a two-dimensional image with ink, got shape {ink.shape}")
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _first_pixel(profile: np.ndarray) -> int:
    """Where a profile of ink begins when its centre of mass is put at the middle."""
    centre = profile @ np.arange(len(profile)) / profile.sum()
    return min(max(round(SIDE / 2 - centre), 0), SIDE - len(profile))


@lru_cache(maxsize=1024)
def _averaging(source: int, target: int) -> np.ndarray:
    """Area-averaging matrix float32 [target, source]; each row sums to 1."""
    edges = np.arange(target + 1) * (source / target)
    low = np.maximum(edges[:-1, None], np.arange(source))
    high = np.minimum(edges[1:, None], np.arange(1, source + 1))
    return (np.clip(high - low, 0, None) * (target / source)).astype(np.float32)
