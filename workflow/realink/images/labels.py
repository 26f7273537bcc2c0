"""A table of pictures and their classes, read and checked line by line."""

import csv
import io
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from realink.encodings import not_utf8
from realink.errors import InputError, meant
from realink.images import names

COLUMNS, FURTHER = ("file", "class"), ("split", "group")
# The first folder below the class's.
GROUP = "^([^/]+)/"
DELIMITERS = ",;\t"
# How Excel says in a line of its own what parts the values.
SAID = re.compile(r'\s*"?sep=([,;\t|])', re.IGNORECASE)
LONGEST = 255  # bytes of a folder's name
# How files begin that spreadsheets save as their own: .xlsx and .ods, .xls.
WORKBOOKS = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


class Row(NamedTuple):
    """A line of a table: split and group are empty where it has no such column."""

    file: str
    label: str
    split: str
    group: str


def read(table: Path, pictures: Path) -> list[Row]:
    """Read a table with the columns file and class, and perhaps split and group.

    Parameters
    ----------
    table : CSV, parted by commas, semicolons or tabs
    pictures : folder that its files are in; their names come as they are there, if they are

    Raises
    ------
    InputError
        It is not there, no table in UTF-8, lacks a column, has one twice or holds nothing; a line
        has more values than columns, lacks a value, or has one that cannot name a folder, or stands
        there twice.
    """
    lines = _lines(table)
    _, header = next(lines, (1, []))
    columns = [name.lower() for name in header]
    while columns and not columns[-1]:  # a comma at the end begins no column
        columns.pop()
    there = _columns(table, columns)
    rows: dict[tuple[str, ...], Row] = {}
    for number, cells in lines:
        where = f"--labels {table}, line {number}"
        values = {name: cells[at] if at < len(cells) else "" for name, at in there.items()}
        if goes_on := [name for name, value in values.items() if {*value} & {*"\n\r"}]:
            begun = values[goes_on[0]].splitlines()[0]
            raise InputError(
                f"{where}: the {goes_on[0]} {begun!r} goes on in the next line: is there a quote "
                '(") too many?'
            )
        if any(cells[len(columns) :]):
            raise InputError(
                f"{where}: has {len(cells)} values for {len(columns)} columns: a value with "
                'a comma, or what else parts them, must stand in quotes, "so"'
            )
        values["file"] = _as_it_is_there(values["file"], pictures)
        if wrong := _wrong(values):
            raise InputError(f"{where}: {wrong}")
        # The same name may be composed in two ways.
        for name in values.keys() - {"file"}:
            values[name] = unicodedata.normalize("NFC", values[name])
        row = Row(*(values.get(name, "") for name in (*COLUMNS, *FURTHER)))
        if rows.setdefault((row.split, row.label, row.group, row.file), row) is not row:
            raise InputError(f"{where}: {row.file!r} stands there twice")
    if not rows:
        raise InputError(f"--labels {table}: has no line of a picture")
    return list(rows.values())


def _lines(table: Path) -> Iterator[tuple[int, list[str]]]:
    """Lines of a table with their numbers, the header first; empty ones are passed over."""
    text = _text(table)
    first = next((line for line in text.splitlines() if line.strip()), "")
    said = SAID.match(first)
    # Spreadsheets write semicolons where numbers have commas.
    delimiter = said[1] if said else max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    number = 1  # of the first line of what is read next
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if said and any(cells):
                said = None
            elif any(cells):
                yield number, cells
            number = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"--labels {table}, line {number}: {error}") from None


def _text(table: Path) -> str:
    try:
        content = table.read_bytes()
    except OSError as error:
        raise InputError(f"--labels {table}: cannot be read: {error.strerror}") from None
    if content.startswith(WORKBOOKS):
        raise InputError(f"--labels {table}: is a spreadsheet's own file: save it as CSV in UTF-8")
    if said := not_utf8(str(table), content):
        raise InputError(f"--labels {said}")
    return content.decode("utf-8-sig")


def _columns(table: Path, columns: Sequence[str]) -> dict[str, int]:
    """Where each column stands that is read."""
    if lacking := [name for name in COLUMNS if name not in columns]:
        raise InputError(
            f"--labels {table}: has no column {lacking[0]!r}{meant(lacking[0], columns)}; the "
            "first line must name them: file, class, and perhaps split and group"
        )
    there = [name for name in (*COLUMNS, *FURTHER) if name in columns]
    if twice := [name for name in there if Counter(columns)[name] > 1]:
        raise InputError(f"--labels {table}: has two columns {twice[0]!r}: remove or rename one")
    return {name: columns.index(name) for name in there}


def _as_it_is_there(file: str, pictures: Path) -> str:
    """The path below a folder that a table's line means; as it stands there, if nothing is found.

    Whole paths into the folder, Windows' backslashes and other Unicode forms are understood.
    """
    if file.startswith("/"):
        for folder in (Path(os.path.abspath(pictures)), pictures.resolve()):
            if Path(file).is_relative_to(folder):
                file = str(Path(file).relative_to(folder))
    tried = [file, file.replace("\\", "/")]
    for one in dict.fromkeys(tried):
        if os.path.isfile(pictures / one):
            return str(PurePosixPath(one))
    for one in dict.fromkeys(tried):
        if found := _in_another_form(one, pictures):
            return found
    return file


def _in_another_form(file: str, pictures: Path) -> str | None:
    """The path of a file whose name is the same in another Unicode form, as macOS writes them."""
    below = ""
    for part in PurePosixPath(file).parts:
        name = _by_form(pictures / below).get(unicodedata.normalize("NFC", part))
        if name is None:
            return None
        below += f"/{name}" if below else name
    return below if os.path.isfile(pictures / below) else None


@lru_cache(maxsize=1024)
def _by_form(folder: Path) -> dict[str, str]:
    try:
        return {unicodedata.normalize("NFC", name): name for name in os.listdir(folder)}
    except OSError:
        return {}


def _wrong(values: dict[str, str]) -> str:
    """What is wrong with a line, in words."""
    for name, value in values.items():
        if not value:
            return f"has no {name}"
        parts = PurePosixPath(value).parts
        if "\0" in value or ".." in parts or not parts:
            return f"the {name} {value!r} is no path below a folder"
        if value.startswith("/"):
            below = ": it is not below --real" if name == "file" else ""
            return f"the {name} {value!r} is no path below a folder{below}"
        if any(part.startswith(".") for part in parts):
            return f"the {name} {value!r} begins with a dot: what is hidden is not read"
        if name == "file":
            continue
        if len(parts) != 1:
            return f"the {name} {value!r} cannot name a folder: it has a slash"
        if len(value.encode()) > LONGEST:
            return f"the {name} {value[:20] + '...'!r} cannot name a folder: it is too long"
    if "split" in values and not names.split_of(values["split"]):
        return f"the split {values['split']!r} is none of {', '.join(names.FOLDERS)}"
    return ""
