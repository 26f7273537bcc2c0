"""Font stage: catalogue the faces of packaged and own fonts, render digits like MNIST's.

A *face* is one static font file, or one cell of a variable font's design space: the file's
named instances split its weight, width, slant and optical-size axes half-way between them,
and a rendering takes a random position inside the cell.
"""

import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from importlib import metadata
from itertools import combinations, pairwise
from pathlib import Path, PurePath

import numpy as np
import pandas as pd
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._f_v_a_r import Axis

from realink.errors import InputError
from realink.glyphs import SIDE, normalise, open_face, rasterise

COLUMNS = ["face", "family", "style", "axes", "licence", "source", "file", "sha256"]
DIGITS = "0123456789"
# Design axes that a typesetter sets freely; any other axis stays at the font's default.
AXES = ("wght", "wdth", "slnt", "opsz")
# Pixels per em when rasterising, with the font's own hinting: large enough to average down to
# the 20-pixel box, and varied so that repeats of a static face differ as a renderer's do.
PROBE_EM, RASTER_EM = 80.0, (64.0, 128.0)
# Distance of two faces' ten digits, relative to their norm, below which they are one face.
DUPLICATE = 0.10
# Digits of ten that must look most like the same digit of another source. The least legible
# accepted face (Inconsolata UltraCondensed) has 5, chance has 1. Few sources prove nothing.
READABLE, READERS = 5, 30


def read_families(path: Path) -> list[str]:
    """Package names of a families file: one a line, ``#`` starts a comment."""
    lines = (line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines())
    return [line for line in lines if line]


def catalogue(families: Sequence[str], folder: Path) -> pd.DataFrame:
    """List every face of the named font packages and of a folder of own fonts.

    Parameters
    ----------
    families : sequence of str
        Names of installed packages that hold font files, such as ``fontpkg-abel``.
    folder : Path
        Each ``.ttf`` and ``.otf`` below it joins (any case); may be absent. Recorded relative
        to the working directory, so run from the repository root.

    Returns
    -------
    pandas.DataFrame
        One row per face, packages in the order given, then own files by path: ``face`` (unique
        id), ``family``, ``style``, ``axes`` (``tag=low..high`` in user units joined by ``;``,
        empty if static), ``licence``, ``source`` (package and version, or file below
        `folder`), ``file`` (see `locate`), ``sha256``, ``accepted`` (bool), ``reason`` (why
        rejected, else empty). A bad font file is a rejected row, never an exception.

    Raises
    ------
    InputError
        A package is not installed.
    """
    rows: list[dict] = []
    probes: list[np.ndarray | None] = []
    for path, row in _sources(families, folder):
        for n, (about, digits, reason) in enumerate(_examine(path)):
            rows.append(about | row | {"face": f"{row['file']}#{n}", "reason": reason})
            probes.append(digits)
    _reject_by_looks(rows, probes)
    table = pd.DataFrame(rows, columns=[*COLUMNS, "accepted", "reason"])
    return table.assign(accepted=table["reason"] == "")


def locate(file: str) -> Path:
    """Path on this machine of a catalogued ``package:path`` or path of an own file.

    Raises
    ------
    InputError
        The package or the file is not there.
    """
    package, colon, name = file.partition(":")
    path = Path(file)
    if colon and not path.is_file():
        path = Path(_package(package).locate_file(name))
    if not path.is_file():
        raise InputError(f"font file {file} is not there: restore it, or run `make env`")
    return path


def render(faces: pd.DataFrame, *, total: int, seed: int) -> dict[str, np.ndarray]:
    """Render digits of the accepted faces in MNIST's geometry.

    For each turn through the ten digits a face takes one random position inside its axes, one
    raster size within `RASTER_EM` and one sub-pixel position.

    Parameters
    ----------
    faces : pandas.DataFrame
        Table of `catalogue`, fresh or read back from CSV.
    total : int
        Number of images, at least 1.
    seed : int
        The same faces, total and seed give the same arrays.

    Returns
    -------
    dict
        ``images`` uint8 [total, 28, 28], 0 = paper, 255 = ink; ``labels`` int64 [total], 0-9;
        ``face`` int64 [total], position among the accepted rows of `faces`, from 0. Counts
        differ by at most one over digits and over faces; any prefix is as even, but for a
        shuffle within blocks of 100.

    Raises
    ------
    InputError
        No accepted face, `total` below 1, a font file gone or changed since it was catalogued.
    """
    table = faces[faces["accepted"].astype(bool)]
    if table.empty or total < 1:
        raise InputError(f"cannot render {total} digits of {len(table)} accepted faces")
    rng = np.random.default_rng(seed)
    face, labels, turn = _spread(len(table), total, rng)
    paths, axes = _verified_paths(table), table["axes"].fillna("").tolist()
    draws = rng.random((len(table), turn.max() + 1, max(a.count("=") for a in axes) + 3))
    images = np.empty((total, SIDE, SIDE), np.uint8)
    font, opened = None, None
    for i in np.lexsort((turn, face)):
        f, draw = face[i], draws[face[i], turn[i]]
        try:
            if opened != (f, turn[i]):
                em = RASTER_EM[0] + (RASTER_EM[1] - RASTER_EM[0]) * draw[0]
                font, opened = open_face(paths[f], em, axes[f], draw[3:]), (f, turn[i])
            images[i] = normalise(rasterise(font, DIGITS[labels[i]], draw[1:3]))
        except (OSError, ValueError) as error:
            raise InputError(f"face {table['face'].iloc[f]} cannot be rendered: {error}") from error
    return {"images": images, "labels": labels, "face": face}


def _spread(faces: int, total: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Face, digit and turn (times the pair came before), each int64 [total]."""
    place = np.arange(total)
    visit, seat = np.divmod(place, faces)
    # Digits run on from visit to visit, which keeps them even. Where faces and 10 share a
    # factor a seat would meet the same digits again, hence one step more after each period.
    digit = (place + visit // (10 // np.gcd(faces, 10))) % 10
    face = rng.permutation(faces)[seat]
    shuffled = np.lexsort((rng.random(total), place // 100))
    return [face[shuffled], digit[shuffled], (visit // 10)[shuffled]]


def _verified_paths(table: pd.DataFrame) -> list[Path]:
    """Path of each row's file, its bytes checked against the catalogue."""
    paths: dict[str, Path] = {}
    for file, sha256 in dict(zip(table["file"], table["sha256"], strict=True)).items():
        paths[file] = locate(file)
        if hashlib.sha256(paths[file].read_bytes()).hexdigest() != sha256:
            raise InputError(f"font file {file} is not the catalogued one: catalogue it again")
    return [paths[file] for file in table["file"]]


def _package(name: str) -> metadata.Distribution:
    try:
        return metadata.distribution(name)
    except (metadata.PackageNotFoundError, ValueError):
        raise InputError(f"font package {name} is not installed: run `make env`") from None


def _sources(families: Sequence[str], folder: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """Every font file with its source, its reference and, for packages, its licence."""
    for package in map(_package, families):
        about = package.metadata
        licence = about.get("License-Expression") or about.get("License") or "unknown"
        row = {"source": f"{about['Name']} {package.version}", "licence": licence}
        for name in sorted(filter(_is_font, package.files or ())):
            yield Path(package.locate_file(name)), row | {"file": f"{about['Name']}:{name}"}
    for path in sorted(filter(_is_font, folder.rglob("*"))):
        file = Path(os.path.relpath(path)).as_posix()
        yield path, {"source": path.relative_to(folder).as_posix(), "file": file}


def _is_font(path: PurePath) -> bool:
    return path.suffix.lower() in (".ttf", ".otf")


def _examine(path: Path) -> list[tuple[dict[str, str], np.ndarray | None, str]]:
    """Faces of one file, each with its digits uint8 [10, 28, 28] or why it has none."""
    about = {"family": path.stem, "style": "", "axes": "", "licence": "unknown", "sha256": ""}
    try:
        data = path.read_bytes()
        about["sha256"] = hashlib.sha256(data).hexdigest()
        with TTFont(io.BytesIO(data), lazy=True) as font:
            faces = [about | face for face in _faces(font)]
            missing = [d for d in DIGITS if ord(d) not in (font.getBestCmap() or {})]
    except Exception as error:  # fontTools raises anything on a damaged file
        return [(about, None, f"unreadable font file: {error}")]
    if missing:
        return [(face, None, f"no glyph for digits {' '.join(missing)}") for face in faces]
    return [(face, *_probe(path, face["axes"])) for face in faces]


def _probe(path: Path, axes: str) -> tuple[np.ndarray | None, str]:
    """Digits of a face at the middle of its cell, or the reason why it has none."""
    try:
        font = open_face(path, PROBE_EM, axes, np.full(axes.count("="), 0.5))
        inks = [rasterise(font, digit, (0, 0)) for digit in DIGITS]
    except (OSError, ValueError) as error:
        return None, f"cannot be rendered: {error}"
    blank = [digit for digit, ink in zip(DIGITS, inks, strict=True) if not ink.any()]
    if blank:
        return None, f"blank glyph for digits {' '.join(blank)}"
    digits = np.stack([normalise(ink) for ink in inks])
    for i, j in combinations(range(10), 2):
        if np.array_equal(digits[i], digits[j]):
            return None, f"same glyph for digits {i} and {j}"
    return digits, ""


def _faces(font: TTFont) -> list[dict[str, str]]:
    """What a file says of its faces: itself if static, else the cells of its instances."""
    names = font["name"]
    licence = (names.getDebugName(13) or names.getDebugName(14) or "unknown").splitlines()[0][:100]
    face = {"family": names.getBestFamilyName() or "unnamed", "licence": licence}
    style = names.getBestSubFamilyName() or "Regular"
    if "fvar" not in font:
        return [face | {"style": style}]
    fvar, styles = font["fvar"], {}
    free = [axis for axis in fvar.axes if axis.axisTag in AXES]
    for instance in fvar.instances:
        name = names.getDebugName(instance.subfamilyNameID) or style
        styles.setdefault(tuple(instance.coordinates[axis.axisTag] for axis in free), name)
    places = styles or {tuple(axis.defaultValue for axis in free): style}
    cells = {a.axisTag: _cells(a, {p[k] for p in places}) for k, a in enumerate(free)}
    faces = []
    for place, name in places.items():
        at = dict(zip((axis.axisTag for axis in free), place, strict=True))
        spans = [
            f"{a.axisTag}={cells[a.axisTag][at[a.axisTag]] if a in free else f'{a.defaultValue:g}'}"
            for a in fvar.axes
        ]
        faces.append(face | {"style": name, "axes": ";".join(spans)})
    return faces


def _cells(axis: Axis, values: set[float]) -> dict[float, str]:
    """Split an axis half-way between neighbouring instance values: value to ``low..high``."""
    marks = sorted(values)
    edges = [axis.minValue, *((a + b) / 2 for a, b in pairwise(marks)), axis.maxValue]
    return {v: f"{a:g}..{b:g}" for v, (a, b) in zip(marks, pairwise(edges), strict=True)}


def _misread(sources: np.ndarray, looks: np.ndarray) -> np.ndarray:
    """Whether each face's digits look like other digits of the other sources, bool [faces].

    `sources` numbers each face's source from 0, ascending; `looks` is float32 [faces, 10, 784]
    of unit norm. The middle face of a source speaks for it.
    """
    starts = np.searchsorted(sources, np.arange(sources[-1] + 2))
    models = looks[(starts[:-1] + starts[1:]) // 2].transpose(1, 2, 0)
    misread = np.zeros(len(looks), bool)
    if models.shape[2] >= READERS:
        for i, look in enumerate(looks):
            likeness = np.delete(look @ models, sources[i], axis=2).max(2)
            misread[i] = (likeness.argmax(0) == np.arange(10)).sum() < READABLE
    return misread


def _reject_by_looks(rows: list[dict], probes: list[np.ndarray | None]) -> None:
    """Reject, in `rows`, the faces that misread or repeat an earlier accepted face."""
    seen = [i for i, digits in enumerate(probes) if digits is not None]
    if not seen:
        return
    looks = np.stack([probes[i] for i in seen]).reshape(-1, 10, SIDE * SIDE).astype(np.float32)
    looks /= np.linalg.norm(looks, axis=2, keepdims=True)
    sources = pd.factorize(np.array([rows[i]["source"] for i in seen]))[0]
    misread = _misread(sources, looks)
    flat = looks.reshape(len(seen), -1)
    same = flat @ flat.T / 10 > 1 - DUPLICATE**2 / 2
    accepted: list[int] = []
    for k, i in enumerate(seen):
        alike = same[k, accepted]
        if misread[k]:
            rows[i] |= {"reason": "digits look like other digits of the other fonts"}
        elif alike.any():
            rows[i] |= {"reason": f"repeats {rows[seen[accepted[alike.argmax()]]]['face']}"}
        else:
            accepted.append(k)
