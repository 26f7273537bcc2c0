"""What Snakemake takes for granted of the machine that it runs on, where it is not so."""

import getpass
import os
from pathlib import Path

STATE = ".snakemake"  # Snakemake's own folder, in that in which it runs


def settle() -> None:
    """Name the user, and a folder for caches, where there is no name, or no home to write to.

    In containers of another user's number. By environment variables, which jobs get, too.
    """
    try:
        getpass.getuser()
    except (KeyError, OSError):
        os.environ["USER"] = str(os.getuid())
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    # Of no known home the path stays as it is.
    if not os.path.isabs(cache) or unwritable(Path(cache, "snakemake")):
        cache = os.path.abspath(f"{STATE}/cache")
        os.environ["XDG_CACHE_HOME"] = cache
        # Which keeps its own in a folder for settings.
        os.environ.setdefault("MPLCONFIGDIR", f"{cache}/matplotlib")


def fault() -> str | None:
    """Say, in one line, that Snakemake cannot write what it needs to, if that is so."""
    if place := unwritable(Path(STATE).absolute()):
        return (
            f"{place} cannot be written, and Snakemake keeps its state in {STATE} there: make it "
            "writable, or run in a copy of this folder that is yours"
        )
    return None


def unwritable(folder: Path) -> Path | None:
    """The folder, or the nearest one above it that is there, if it cannot be written."""
    while not folder.exists():
        folder = folder.parent
    return None if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK) else folder
