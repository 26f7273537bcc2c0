"""Command `gather`: from a table of pictures and where they came from to a folder of them."""

import hashlib
import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from realink.asked import made_whole
from realink.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["source", "sha256", "split", "class", "group"]
LONGEST = 200  # bytes of a name, to which a prefix and a suffix come
NAMED = 5  # files that an error names, at most


def gather(table: Path, /, *, source: Path, output: Path) -> None:
    """Copy the pictures that a table names into folders of classes, and check each.

    A study of pictures that may not be passed on can publish such a table in their place.

    Parameters
    ----------
    table
        CSV with the columns source (path below the source), sha256, split, class, group; split is
        empty in all rows, or in none.
    source
        Directory that holds the pictures, e.g. a clone of the repository they come from.
    output
        Folder to make, of SPLIT/CLASS/GROUP_SHA256.SUFFIX, with the start of the checksum; without
        SPLIT where there is none.
    """
    if output.exists():
        raise InputError(f"{output} is there already: remove it, or name another folder")
    rows = _read(table)
    if not source.is_dir():
        raise InputError(f"{source}: no such directory; name the one that {table} was made from")
    wrong = []
    for row in rows.itertuples():
        path = source / row.source
        if not path.is_file():
            wrong.append(f"{row.source} is not there")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != row.sha256:
            wrong.append(f"{row.source} is another file")
    if wrong:
        more = f"; and {len(wrong) - NAMED} more" if len(wrong) > NAMED else ""
        raise InputError(
            f"{source} is not what {table} was made from, {len(wrong)} of {len(rows)} pictures "
            f"are wrong: {'; '.join(wrong[:NAMED])}{more}; check out the commit that the table's "
            "README names"
        )
    with made_whole(output) as folder:
        for row in rows.itertuples():
            name = f"{row.group}_{row.sha256[:10]}{PurePosixPath(row.source).suffix.lower()}"
            place = folder / row.split / row.label / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / row.source, place)
    print(f"{output}: {len(rows):,} pictures, each as its sha256 says")


def _read(table: Path) -> "pd.DataFrame":
    import pandas as pd

    try:
        # Half a row may well look like a whole one.
        if not table.read_bytes().endswith(b"\n"):
            raise InputError(f"{table}: ends within a line: get it again, or end the line")
        rows = pd.read_csv(table, dtype=str, keep_default_na=False)[COLUMNS]
    except FileNotFoundError:
        raise InputError(f"{table}: no such file") from None
    except KeyError:
        raise InputError(f"{table}: needs the columns {', '.join(COLUMNS)}") from None
    except ValueError as error:  # of pandas' parser too
        reason = " ".join(str(error).split())
        raise InputError(f"{table}: not a CSV table ({reason})") from None
    rows = rows.rename(columns={"class": "label"})
    splits = (rows["split"] != "").any()
    for line, row in enumerate(rows.itertuples(index=False), start=2):
        # A table from elsewhere must not write outside the folder, nor read outside the source.
        inside = not PurePosixPath(row.source).is_absolute() and ".." not in row.source.split("/")
        named = (row.split, row.label) if splits else (row.label,)
        names = all(n and n not in (".", "..") and "/" not in n for n in named)
        short = all(len(n.encode()) <= LONGEST for n in (row.split, row.label, row.group))
        names = names and short and "/" not in row.group and not any("\0" in text for text in row)
        if not (row.source and inside and names and len(row.sha256) == 64):
            raise InputError(
                f"{table}, line {line}: `source` must be a path below the source, `sha256` 64 "
                "digits, `split` (all or none), `class` and `group` short names without a slash"
            )
    if (again := rows.duplicated(["split", "label", "group", "sha256"])).any():
        raise InputError(f"{table}, line {again.argmax() + 2}: this picture stands there twice")
    return rows
