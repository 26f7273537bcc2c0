"""Which config files a study's results were made with: two studies of one name share them."""

import os
import shlex
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def note(record: Path, files: Iterable[Path]) -> str | None:
    """Record the config files of this run; say so if the last one had none of them.

    Parameters
    ----------
    record : file of the study's results, a name a line
    files : of the command line; none for the defaults alone
    """
    now = [os.path.relpath(path) for path in files] or ["config/config.yaml"]
    before = record.read_text(encoding="utf-8").splitlines() if record.is_file() else []
    with suppress(OSError):  # of which the first job says more
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text("".join(f"{name}\n" for name in now), encoding="utf-8")
    if not before or set(before) & set(now):
        return None
    return (
        f"note: {record.parents[1]} was last made with {shlex.join(before)}, and now is with "
        f"{shlex.join(now)}: if these are two studies, give one another `study:`"
    )
