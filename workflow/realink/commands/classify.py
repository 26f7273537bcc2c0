"""Command `classify`: what a finished study's classifier says of pictures."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from realink.commands.support import log
from realink.errors import InputError

if TYPE_CHECKING:
    from realink.store.reader import Reader

AT_ONCE = 256  # pictures in memory
UNSURE, NONE = "unsure", "none"


class Said(NamedTuple):
    """What is said of a picture; the fields are the table's columns.

    answer : the class, or `UNSURE`, or `NONE`
    class_, probability : the likeliest class
    second, second_probability : the next one
    unknown : how far from all that is known, 0 to 2
    """

    file: str
    answer: str
    class_: str
    probability: float
    second: str
    second_probability: float
    unknown: float


COLUMNS = [name.rstrip("_") for name in Said._fields]


def classify(
    model: Path,
    /,
    *pictures: Path,
    output: Path | None = None,
) -> None:
    """Name the class of each picture, by the classifier of a finished study.

    Its answer is `unsure` where it would err too often, and `none` of what is like none of the
    classes; how often both go wrong, final/README.md says.

    Parameters
    ----------
    model
        The study's folder final, such as results/mine/final, or a model.onnx.
    pictures
        Files, or folders, of which every picture is read.
    output
        File to write to: .jsonl gets a JSON object a line, any other a CSV table. Leave it out, and
        the table is printed.
    """
    from realink.asked import refuse_folder, shown, written_as_asked
    from realink.images.listing import SUFFIXES
    from realink.store.reader import Reader

    if not pictures:
        raise InputError("name pictures, or folders of them, after the model")
    if output is not None:
        refuse_folder(output)
    if model.is_dir():
        model = model / "model.onnx"
    if not model.is_file():
        raise InputError(
            f"{model}: no such file; first name a finished study's folder final, such as "
            "results/mine/final, then the pictures"
        )
    files, wrong = _found(pictures)
    if not files and not wrong:
        raise InputError(
            f"no picture in {', '.join(map(str, pictures))}, of those that are read: "
            f"{', '.join(SUFFIXES)}"
        )
    reader = Reader(model)
    _tell_limits(reader)
    rows = []
    for path, found in _read(reader, files):
        if isinstance(found, str):
            wrong[path] = found
        else:
            rows.append(found)
    if output is None:
        _write_csv(sys.stdout, rows)
    else:
        write = _write_lines if output.suffix.lower() == ".jsonl" else _write_csv
        with written_as_asked(output) as temporary, temporary.open("w", newline="") as file:
            write(file, rows)
        print(f"{output}: {len(rows):,} pictures")
    sys.stdout.flush()
    for path, reason in wrong.items():
        log.warning("%s: %s", shown(str(path)), reason)
    if wrong:
        raise InputError(f"{len(wrong):,} of {len(wrong) + len(rows):,} pictures could not be read")


def _tell_limits(reader: "Reader") -> None:
    """Say what the answers of this classifier cannot say."""
    if reader.confidence is None:
        log.warning(
            f"note: no picture is called {UNSURE}: the study's validation images were too few, or "
            "misread too often, to promise any risk, or the model is from before that was measured"
        )
    if reader.unknown is None:
        log.warning(
            f"note: no picture is called {NONE}: the study's validation images were too few to "
            "tell what is like none of them, or the model is from before that was measured"
        )
    for word in sorted({UNSURE, NONE} & set(reader.classes)):
        log.warning("note: a class is called %s, too: see the column class", word)


def _found(pictures: tuple[Path, ...]) -> tuple[list[Path], dict[Path, str]]:
    """Files to read, and what cannot be: of a folder all that is a picture by name."""
    from realink.images import names
    from realink.images.listing import SUFFIXES, walk

    files, wrong = [], {}
    for place in pictures:
        if not place.is_dir():
            files.append(place)
            continue
        for name, why in walk(place):
            if name.lower().endswith(SUFFIXES):
                files.append(place / name)
            elif why.startswith("cannot be read") or names.foreign(name):
                wrong[place / name] = why
    return list(dict.fromkeys(files)), wrong


def _read(reader: "Reader", files: list[Path]) -> Iterator[tuple[Path, Said | str]]:
    """Classify pictures: what is said of each, or why it cannot be read."""
    import numpy as np
    from rich.console import Console
    from rich.progress import track

    from realink.images.pictures import Unreadable, decode, fitted

    console = Console(stderr=True)
    decoded, pixels = [], []

    def flush() -> Iterator[tuple[Path, Said]]:
        if pixels:
            for path, *found in zip(decoded, *reader.read(np.stack(pixels)), strict=True):
                yield path, _said(reader, path, *found)
        decoded.clear()
        pixels.clear()

    hidden = not console.is_terminal
    for path in track(files, "reading", console=console, transient=True, disable=hidden):
        try:
            picture = decode(path.read_bytes(), background=reader.images["background"])
        except OSError as error:
            yield path, f"cannot be read: {error.strerror}"
        except Unreadable as error:
            yield path, error.args[0]
        else:
            decoded.append(path)
            pixels.append(fitted(picture.pixels, **reader.images))
        if len(pixels) == AT_ONCE:
            yield from flush()
    yield from flush()


def _said(reader: "Reader", path: Path, probabilities, unknown) -> Said:
    second, first = probabilities.argsort()[-2:]
    answer = reader.classes[first]
    if reader.unknown is not None and unknown > reader.unknown:
        answer = NONE
    elif reader.confidence is not None and probabilities[first] < reader.confidence:
        answer = UNSURE
    # A file's name as text that can be written, whatever bytes it has.
    name = os.fsencode(path).decode("utf-8", "backslashreplace")
    classes = ((reader.classes[place], float(probabilities[place])) for place in (first, second))
    return Said(name, answer, *next(classes), *next(classes), float(unknown))


def _write_csv(file: IO[str], rows: list[Said]) -> None:
    import csv

    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(f"{one:.4f}" if isinstance(one, float) else one for one in row)


def _write_lines(file: IO[str], rows: list[Said]) -> None:
    for row in rows:
        values = (round(one, 6) if isinstance(one, float) else one for one in row)
        file.write(json.dumps(dict(zip(COLUMNS, values, strict=True)), ensure_ascii=False) + "\n")
