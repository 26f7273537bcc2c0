"""Files that are dated in the future, as by a camera's clock: Snakemake takes them for no inputs.

Needs the standard library only, because every parse of the workflow reads it.
"""

import hashlib
import os
import time
from functools import cache
from stat import S_ISLNK


@cache  # else time passes between `sources.files` and `unnameable`, and a file may be in neither
def ahead(path: str) -> bool:
    """Whether a file, or a link to it, is dated later than now."""
    try:
        found, now = os.lstat(path), time.time()
        linked = S_ISLNK(found.st_mode) and os.stat(path).st_mtime > now
        return found.st_mtime > now or linked
    except OSError:
        return False


def sha256(path: str) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
