"""A table of pictures and their classes, made into the folders that a study reads, of links."""

import csv
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from realink.errors import InputError, meant
from realink.images import names
from realink.images.listing import some

COLUMNS, FURTHER = ("file", "class"), ("split", "group")
# The first folder below the class's.
GROUP = "^([^/]+)/"
# Says that a folder may be made anew.
MADE = ".made-of-a-table"


class Row(NamedTuple):
    """A line of a table: split and group are empty where it has no such column."""

    file: str
    label: str
    split: str
    group: str


def read(table: Path) -> list[Row]:
    """Read a table with the columns file and class, and perhaps split and group.

    Raises
    ------
    InputError
        It is not there, no table in UTF-8, lacks a column or holds nothing; a line lacks a value,
        or has one that cannot name a folder, or stands there twice.
    """
    text = _text(table)
    # Spreadsheets write semicolons where numbers have commas.
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    lines = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    columns = [name.strip().lower() for name in lines.fieldnames or []]
    lines.fieldnames = columns
    if lacking := [name for name in COLUMNS if name not in columns]:
        raise InputError(
            f"--labels {table}: has no column {lacking[0]!r}{meant(lacking[0], columns)}; the "
            "first line must name them: file, class, and perhaps split and group"
        )
    there = [name for name in FURTHER if name in columns]
    rows: dict[tuple[str, ...], Row] = {}
    for number, line in enumerate(_lines(lines, table), start=2):
        values = {name: (line[name] or "").strip() for name in (*COLUMNS, *there)}
        row = Row(*(values.get(name, "") for name in (*COLUMNS, *FURTHER)))
        if wrong := _wrong(values):
            raise InputError(f"--labels {table}, line {number}: {wrong}")
        if rows.setdefault((row.split, row.label, row.group, row.file), row) is not row:
            raise InputError(f"--labels {table}, line {number}: {row.file!r} stands there twice")
    if not rows:
        raise InputError(f"--labels {table}: has no line of a picture")
    return list(rows.values())


def link(rows: list[Row], pictures: Path, output: Path) -> None:
    """Make a folder of links to pictures, by split, class and group.

    Parameters
    ----------
    rows : of `read`
    pictures : folder that their files are in
    output : folder to make, or to make anew if this made it

    Raises
    ------
    InputError
        A picture is not there; the folder is, and holds something else.
    """
    if output.exists() and not (output / MADE).exists():
        raise InputError(f"{output} is there already, and would be made of the table: move it away")
    if missing := [row.file for row in rows if not (pictures / row.file).is_file()]:
        raise InputError(
            f"--labels: {len(missing)} of {len(rows)} files are not in {pictures}: "
            f"{some(missing)}; the column `file` must hold paths below --real, with their suffix"
        )
    output.parent.mkdir(parents=True, exist_ok=True)
    # Beside the output, so that it appears whole.
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}.") as made:
        folder = Path(made) / output.name
        for row in rows:
            split = names.split_of(row.split) if row.split else ""
            place = folder / split / row.label / row.group / row.file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to((pictures / row.file).absolute())
        (folder / MADE).touch()
        if output.exists():
            shutil.rmtree(output)
        os.rename(folder, output)


def _text(table: Path) -> str:
    try:
        return table.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"--labels {table}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"--labels {table}: is not in UTF-8: save it as CSV in UTF-8") from None


def _lines(lines: csv.DictReader, table: Path) -> Iterator[dict[str, str | None]]:
    try:
        yield from lines
    except csv.Error as error:
        raise InputError(f"--labels {table}, line {lines.line_num}: {error}") from None


def _wrong(values: dict[str, str]) -> str:
    """What is wrong with a line, in words."""
    for name, value in values.items():
        if not value:
            return f"has no {name}"
        parts = PurePosixPath(value).parts
        if "\0" in value or ".." in parts or value.startswith("/"):
            return f"the {name} {value!r} is no path below a folder"
        if any(part.startswith(".") for part in parts):
            return f"the {name} {value!r} begins with a dot: what is hidden is not read"
        if name != "file" and len(parts) != 1:
            return f"the {name} {value!r} cannot name a folder: it has a slash"
    if "split" in values and not names.split_of(values["split"]):
        return f"the split {values['split']!r} is none of {', '.join(names.FOLDERS)}"
    return ""
