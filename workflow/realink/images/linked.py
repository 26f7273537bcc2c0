"""A folder of links to the pictures of a table, as a study reads it: by split, class and group."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from realink.asked import made_whole
from realink.errors import InputError
from realink.images import names
from realink.images.labels import Row
from realink.images.listing import some


def link(rows: Sequence[Row], pictures: Path, output: Path) -> None:
    """Make a folder of links to pictures, by split, class and group.

    Parameters
    ----------
    rows : of `labels.read`
    pictures : folder that their files are in
    output : folder to make, or to make anew if this made it

    Raises
    ------
    InputError
        A picture is not there; the folder is, and holds something else, or cannot be made.
    """
    if missing := [row.file for row in rows if not os.path.isfile(pictures / row.file)]:
        raise InputError(
            f"--labels: {len(missing)} of {len(rows)} files are not in {pictures}: "
            f"{some(missing)}; the column `file` must hold paths below --real, with their suffix"
        )
    if os.path.lexists(output) and not os.path.exists(output / names.OF_A_TABLE):
        raise InputError(f"{output} is there already, and would be made of the table: move it away")
    try:
        _make(rows, pictures, output)
    except OSError as error:
        parent = output.parent
        broken = parent.is_symlink() and not os.path.exists(parent)
        path = parent if broken else error.filename2 or error.filename or output
        raise InputError(
            f"--labels: {path}: {'a broken link' if broken else error.strerror}, so the folder of "
            f"links {output} cannot be made: let {parent} be a folder that can be written, on a "
            "file system that has links, or give --real a folder a class, without --labels"
        ) from None


def _make(rows: Sequence[Row], pictures: Path, output: Path) -> None:
    with made_whole(output) as folder:
        kept = set()
        for row in rows:
            split = names.split_of(row.split) if row.split else ""
            place = folder / split / row.label / row.group / row.file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to((pictures / row.file).absolute())
            parts = place.relative_to(folder).parts[:-1]
            kept |= {
                "/".join(parts[: depth + 1])
                for depth, part in enumerate(parts)
                if names.is_of_a_program(part)
            }
        (folder / names.OF_A_TABLE).write_text(
            "".join(f"{path}\n" for path in sorted(kept)), encoding="utf-8", newline="\n"
        )
        if output.exists():
            shutil.rmtree(output)
