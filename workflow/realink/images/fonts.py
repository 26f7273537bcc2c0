"""Fonts draw images of characters, in the faces that were catalogued."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from realink.errors import InputError
from realink.images import isolated
from realink.images.faces import locate, open_middle
from realink.images.glyphs import SIDE, normalise, open_face, place_in_frame, rasterise
from realink.images.imagesets import ImageSet
from realink.store.rows import AT_ONCE, Spool, rows

# Pixels per em when rasterising, with the font's own hinting: large enough to average down to
# an image of 32 pixels or fewer (larger ones take more), and varied so that repeats of a static
# face differ as a renderer's do.
RASTER_EM, RASTER_SIDE = (64.0, 128.0), 32


def render(
    faces: pd.DataFrame,
    characters: Mapping[str, str],
    *,
    total: int,
    seed: int,
    geometry: str,
    size: tuple[int, int],
    channels: int,
    beside: Path | None = None,
) -> tuple[ImageSet, np.ndarray]:
    """Render characters of the accepted faces, 0 = paper, 255 = ink.

    For each turn through the classes a face takes one random position inside its axes, one
    raster size within `RASTER_EM` and one sub-pixel position.

    Parameters
    ----------
    faces : pandas.DataFrame
        Table of `faces.catalogue` for the same characters, fresh or read back from CSV.
    characters : mapping
        Class name to the text that is drawn for it, of `characters.characters_of`.
    total : int
        Number of images, at least 1.
    seed : int
        The same faces, characters, total and seed give the same arrays.
    geometry : str
        ``mnist``, see `glyphs.normalise`, 28 x 28 grey only; or ``frame``, see
        `glyphs.place_in_frame`.
    size : (int, int)
        Height and width of the images, pixels.
    channels : int
        1, grey, or 3, sRGB: the same in each.
    beside : Path
        Folder of a nameless file that holds the images, if they are large.

    Returns
    -------
    ImageSet
        Of `total` images; classes are those of `characters`, in their order. Its masks are the
        glyph's coverage; None of geometry ``mnist``, whose images are their own coverage.
    ndarray
        int64 [total], position of each image's face among the accepted rows of `faces`, from 0.
        Counts differ by at most one over classes and over faces; any prefix is as even, but for
        a shuffle within blocks of 100.

    Raises
    ------
    InputError
        No accepted face, `total` below 1, a geometry that does not draw such images, a font file
        gone or changed since it was catalogued, a face that does not draw a character.
    """
    _check_geometry(geometry, size, channels)
    table = faces[faces["accepted"].astype(bool)]
    if table.empty or total < 1:
        raise InputError(f"cannot render {total} images of {len(table)} accepted faces")
    rng = np.random.default_rng(seed)
    texts = list(characters.values())
    face, labels, turn = _spread(len(table), len(texts), total, rng)
    paths, axes = _verified_paths(table), table["axes"].fillna("").tolist()
    draws = rng.random((len(table), turn.max() + 1, max(a.count("=") for a in axes) + 3))
    places = rng.random((total, 3))
    larger = max(1.0, max(size) / RASTER_SIDE)
    glyphs = Spool((total, *size), beside)
    coloured = Spool((total, *size, 3), beside) if channels == 3 else None

    def draw(places_of: np.ndarray) -> np.ndarray:
        """Glyphs of one face, at some places of the set, sorted by turn."""
        f, drawn, font, opened = face[places_of[0]], [], None, None
        try:
            for i in places_of:
                draw = draws[f, turn[i]]
                if opened != turn[i]:
                    em = (RASTER_EM[0] + (RASTER_EM[1] - RASTER_EM[0]) * draw[0]) * larger
                    font, opened = open_face(paths[f], em, axes[f], draw[3:]), turn[i]
                ink = rasterise(font, texts[labels[i]], draw[1:3])
                if not ink.any():  # a hairline that vanishes at this size: as the catalogue saw it
                    ink = rasterise(open_middle(paths[f], axes[f]), texts[labels[i]], (0, 0))
                drawn.append(
                    normalise(ink) if geometry == "mnist" else place_in_frame(ink, size, places[i])
                )
        except (OSError, ValueError) as error:
            raise InputError(refusal.format(table["face"].iloc[f], error)) from error
        return np.stack(drawn)

    refusal = "face {} cannot be rendered: {}; remove the file, or its package"
    order = np.lexsort((turn, face))
    # Each face for itself, and as many glyphs as may be held.
    place = np.arange(total)
    first = np.concatenate([[True], np.diff(face[order]) != 0])
    since = place - np.maximum.accumulate(np.where(first, place, 0))
    breaks = first | (since % max(1, AT_ONCE // (size[0] * size[1])) == 0)
    faces_of = np.split(order, np.flatnonzero(breaks)[1:])
    for places_of, drawn in zip(faces_of, isolated.each(draw, faces_of), strict=True):
        if isinstance(drawn, isolated.Ended):
            raise InputError(refusal.format(table["face"].iloc[face[places_of[0]]], drawn))
        glyphs[places_of] = drawn
        if coloured:
            coloured[places_of] = np.repeat(drawn[..., None], 3, axis=3)
    covers = rows([glyphs.part])
    images = rows([coloured.part]) if coloured else covers
    masks = None if geometry == "mnist" else covers
    return ImageSet(images, labels, tuple(characters), masks), face


def _check_geometry(geometry: str, size: tuple[int, int], channels: int) -> None:
    if geometry not in ("mnist", "frame"):
        raise InputError(f"`rendered: geometry: {geometry}` is not known: take mnist or frame")
    if geometry == "mnist" and (*size, channels) != (SIDE, SIDE, 1):
        raise InputError(
            f"`rendered: geometry: mnist` draws {SIDE} x {SIDE} grey images: set `images:` "
            f"height {SIDE}, width {SIDE}, channels 1, or take `geometry: frame`"
        )


def _spread(
    faces: int, classes: int, total: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Face, label and turn (times the pair came before), each int64 [total]."""
    place = np.arange(total)
    visit, seat = np.divmod(place, faces)
    # Labels run on from visit to visit, which keeps them even. Where faces and classes share a
    # factor a seat would meet the same labels again, hence one step more after each period.
    label = (place + visit // (classes // np.gcd(faces, classes))) % classes
    face = rng.permutation(faces)[seat]
    shuffled = np.lexsort((rng.random(total), place // 100))
    return face[shuffled], label[shuffled], (visit // classes)[shuffled]


def _verified_paths(table: pd.DataFrame) -> list[Path]:
    """Path of each row's file, its bytes checked against the catalogue."""
    paths: dict[str, Path] = {}
    for file, sha256 in dict(zip(table["file"], table["sha256"], strict=True)).items():
        paths[file] = locate(file)
        if hashlib.sha256(paths[file].read_bytes()).hexdigest() != sha256:
            raise InputError(f"font file {file} is not the catalogued one: catalogue it again")
    return [paths[file] for file in table["file"]]
