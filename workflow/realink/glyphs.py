"""Glyphs: open a face at a place on its axes, rasterise a digit, give it MNIST's geometry."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIDE, BOX = 28, 20


def open_face(path: Path, em: float, axes: str, position: np.ndarray) -> ImageFont.FreeTypeFont:
    """Open a face at `em` pixels, at `position` (0 to 1 for each axis) inside its cell."""
    font = ImageFont.truetype(path, em, layout_engine=ImageFont.Layout.BASIC)
    if axes:
        spans = [part.partition("=")[2].split("..") for part in axes.split(";")]
        lows, highs = (np.array([float(span[k]) for span in spans]) for k in (0, -1))
        font.set_variation_by_axes(list(lows + (highs - lows) * position[: len(spans)]))
    return font


def rasterise(font: ImageFont.FreeTypeFont, digit: str, shift: Sequence[float]) -> np.ndarray:
    """Ink of one digit, uint8 [height, width], moved by a fraction of a pixel."""
    left, top, right, bottom = font.getbbox(digit, anchor="ls")
    size = (int(right - left) + 4, int(bottom - top) + 4)
    if max(size) > 20 * font.size:
        raise ValueError(f"digit {digit} is over 20 em large")
    page = Image.new("L", size)
    at = (1 - left + shift[0], 1 - top + shift[1])
    ImageDraw.Draw(page).text(at, digit, fill=255, font=font, anchor="ls")
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
    if ink.ndim != 2 or not ink.any():
        raise ValueError(f"need a two-dimensional image with ink, got shape {ink.shape}")
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    crop = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = (max(1, round(n * BOX / max(crop.shape))) for n in crop.shape)
    small = _averaging(crop.shape[0], height) @ crop @ _averaging(crop.shape[1], width).T
    top, left = _first_pixel(small.sum(1)), _first_pixel(small.sum(0))
    out = np.zeros((SIDE, SIDE), np.uint8)
    out[top : top + height, left : left + width] = np.clip(small + 0.5, 0, 255)
    return out


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
