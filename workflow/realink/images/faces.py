"""Faces of packaged and own fonts, catalogued.

A *face* is one static font file, or one cell of a variable font's design space: the file's
named instances split its weight, width, slant and optical-size axes half-way between them,
and a rendering takes a random position inside the cell.
"""

import hashlib
import io
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._f_v_a_r import Axis
from PIL import ImageFont

from realink.errors import InputError
from realink.images import isolated
from realink.images.characters import READ, UNREAD
from realink.images.glyphs import normalise, open_face, rasterise
from realink.images.looks import reject_by_looks

COLUMNS = ["face", "family", "style", "axes", "licence", "source", "file", "sha256"]
COLUMNS += ["accepted", "reason"]
# Design axes that a typesetter sets freely; any other axis stays at the font's default.
AXES = ("wght", "wdth", "slnt", "opsz")
PROBE_EM = 80.0  # pixels per em when it is looked at, with the font's own hinting
# Classes that a reason names, at most.
NAMED = 5


def read_families(path: Path) -> list[str]:
    """Package names of a families file: one a line, ``#`` starts a comment."""
    lines = (line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines())
    return [line for line in lines if line]


def catalogue(families: Sequence[str], folder: Path, characters: Mapping[str, str]) -> pd.DataFrame:
    """List every face of the named font packages and of a folder of own fonts.

    A face is rejected if it lacks a character, draws one blank, draws two classes alike, looks
    like other classes than those it is asked for (a font of symbols), or repeats an earlier
    face. Whether a face has its own shape of a letter within a word is not looked at.

    Parameters
    ----------
    families : sequence of str
        Names of installed packages that hold font files, such as ``fontpkg-abel``.
    folder : Path
        Each ``.ttf`` and ``.otf`` below it joins (any case); may be absent. Recorded relative
        to the working directory, so run from the repository root.
    characters : mapping
        Class name to the text that is drawn for it, of `characters.characters_of`.

    Returns
    -------
    pandas.DataFrame
        One row per face, packages in the order given, then own files by path: ``face`` (unique
        id), ``family``, ``style``, ``axes`` (``tag=low..high`` in user units joined by ``;``,
        empty if static), ``licence``, ``source`` (package and version, or file below
        `folder`), ``file`` (see `locate`), ``sha256``, ``accepted`` (bool), ``reason`` (why
        rejected, else empty). A bad font file is a rejected row, never an exception; so is a
        ``.woff``, ``.woff2``, ``.ttc`` or ``.otc`` in the folder.

    Raises
    ------
    InputError
        A package is not installed.
    """
    rows: list[dict] = []
    probes: list[np.ndarray | None] = []
    sources = list(_sources(families, folder))
    # A damaged font can crash FreeType, and must not end the run.
    examined = isolated.each(lambda path: _examine(path, characters), [path for path, _ in sources])
    for (path, row), faces in zip(sources, examined, strict=True):
        if isinstance(faces, isolated.Ended):
            faces = [(_about(path), None, f"unreadable font file: {faces}")]
        for n, (about, glyphs, reason) in enumerate(faces):
            rows.append(about | row | {"face": f"{row['file']}#{n}", "reason": reason})
            probes.append(glyphs)
    reject_by_looks(rows, probes)
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.assign(accepted=table["reason"] == "")


class Coverage(NamedTuple):
    """How many font files there are, how many can draw all classes, and each of them."""

    files: int
    whole: int
    classes: dict[str, int]


def coverage(families: Sequence[str], folder: Path, characters: Mapping[str, str]) -> Coverage:
    """Count font files that have the characters, in a second or two: `catalogue` looks at them all.

    Parameters
    ----------
    families, folder, characters : as of `catalogue`

    Raises
    ------
    InputError
        A package is not installed.
    """
    logging.getLogger("fontTools").setLevel(logging.CRITICAL)
    files = whole = 0
    classes = dict.fromkeys(characters, 0)
    for path, _ in _sources(families, folder):
        try:
            with TTFont(path, lazy=True) as font:
                has = font.getBestCmap() or {}
        except Exception:  # fontTools raises anything on a damaged file
            continue
        drawn = [name for name, text in characters.items() if all(ord(c) in has for c in text)]
        files += 1
        whole += len(drawn) == len(characters)
        for name in drawn:
            classes[name] += 1
    return Coverage(files, whole, classes)


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
        for name in sorted(n for n in package.files or () if n.suffix.lower() in READ):
            yield Path(package.locate_file(name)), row | {"file": f"{about['Name']}:{name}"}
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in READ + UNREAD):
        file = Path(os.path.relpath(path)).as_posix()
        yield path, {"source": path.relative_to(folder).as_posix(), "file": file}


def _examine(
    path: Path, characters: Mapping[str, str]
) -> list[tuple[dict[str, str], np.ndarray | None, str]]:
    """Faces of one file, each with its glyphs uint8 [classes, 28, 28] or why it has none."""
    # It has a line for each of the 65,535 records that a damaged table may claim.
    logging.getLogger("fontTools").setLevel(logging.CRITICAL)
    about = _about(path)
    try:
        data = path.read_bytes()
        if path.suffix.lower() in UNREAD:
            return [(about, None, f"{path.suffix[1:].lower()} is not read: convert it to .ttf")]
        with TTFont(io.BytesIO(data), lazy=True) as font:
            _check_sums(data, font)
            faces = [about | face for face in _faces(font)]
            has = font.getBestCmap() or {}
    except Exception as error:  # fontTools raises anything on a damaged file
        return [(about, None, f"unreadable font file: {error}")]
    lacks = [name for name, text in characters.items() if any(ord(c) not in has for c in text)]
    if lacks:
        return [(face, None, f"no glyph for {_named(lacks)}") for face in faces]
    return [(face, *_probe(path, face["axes"], characters)) for face in faces]


def _about(path: Path) -> dict[str, str]:
    """What is known of a file before it is read as a font."""
    sha256 = ""
    with suppress(OSError):
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"family": path.stem, "style": "", "axes": "", "licence": "unknown", "sha256": sha256}


def _check_sums(data: bytes, font: TTFont) -> None:
    """Raise `ValueError` if a table is not what the file's directory says, as FreeType does not."""
    for tag, entry in font.reader.tables.items():
        table = data[entry.offset : entry.offset + entry.length]
        if tag == "head":  # which holds the whole file's sum
            table = table[:8] + bytes(4) + table[12:]
        words = np.frombuffer(table + bytes(-len(table) % 4), ">u4")
        if len(table) < entry.length or int(words.sum(dtype=np.uint64)) % 2**32 != entry.checkSum:
            raise ValueError(f"the checksum of its table {tag!r} does not fit, it is damaged")


def _probe(path: Path, axes: str, characters: Mapping[str, str]) -> tuple[np.ndarray | None, str]:
    """Glyphs of a face at the middle of its cell, or the reason why it has none."""
    try:
        font = open_middle(path, axes)
        inks = {name: rasterise(font, text, (0, 0)) for name, text in characters.items()}
    except (OSError, ValueError) as error:
        return None, f"cannot be rendered: {error}"
    blank = [name for name, ink in inks.items() if not ink.any()]
    if blank:
        return None, f"blank glyph for {_named(blank)}"
    glyphs = {name: normalise(ink) for name, ink in inks.items()}
    first: dict[bytes, str] = {}
    for name, glyph in glyphs.items():
        if (other := first.setdefault(glyph.tobytes(), name)) != name:
            return None, f"same glyph for '{other}' and '{name}'"
    return np.stack(list(glyphs.values())), ""


def open_middle(path: Path, axes: str) -> ImageFont.FreeTypeFont:
    """Open a face at the middle of its cell."""
    return open_face(path, PROBE_EM, axes, np.full(axes.count("="), 0.5))


def _named(classes: list[str]) -> str:
    more = f" and {len(classes) - NAMED} more" if len(classes) > NAMED else ""
    return " ".join(f"'{name}'" for name in classes[:NAMED]) + more


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
