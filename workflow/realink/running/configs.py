"""Which config files a study's results were made with: two studies of one name would share them."""

import hashlib
import os
import re
import shlex
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from realink.errors import InputError

# A file's SHA-256 and its name, as sha256sum writes them; earlier records have names alone.
LINE = re.compile(r"(?:([0-9a-f]{64})  )?(.+)")


def take(record: Path, files: Iterable[Path]) -> None:
    """Record the config files of this run, unless the last one had none of them.

    Parameters
    ----------
    record : file of the study's results, a config file a line
    files : of the command line; none for the defaults alone

    Raises
    ------
    InputError
        The last run had other files, and none of the same content: these are two studies.
    """
    names = [os.path.relpath(path) for path in files] or ["config/config.yaml"]
    now = {name: _sha256(name) for name in names}
    before = _before(record)
    kept = before.keys() & now.keys() or {*before.values()} & {*now.values()} - {""}
    if before and not kept:
        raise InputError(
            f"{record.parents[1]} was made with {shlex.join(before)}, and this run is with "
            f"{shlex.join(now)}: give one another `study:`, or move that folder away; if it is the "
            f"same study, whose config was renamed, remove {record}"
        )
    with suppress(OSError):  # of which the first job says more
        record.parent.mkdir(parents=True, exist_ok=True)
        lines = (f"{digest}  {name}\n" if digest else f"{name}\n" for name, digest in now.items())
        record.write_text("".join(lines), encoding="utf-8")


def _before(record: Path) -> dict[str, str]:
    lines = record.read_text(encoding="utf-8").splitlines() if record.is_file() else []
    found = filter(None, map(LINE.fullmatch, lines))
    return {line[2]: line[1] or "" for line in found}


def _sha256(name: str) -> str:
    try:
        return hashlib.sha256(Path(name).read_bytes()).hexdigest()
    except OSError:
        return ""
