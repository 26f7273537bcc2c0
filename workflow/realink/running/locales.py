"""The encoding of names and of the terminal, which Python takes from the locale."""

import io
import os
import sys

from realink.errors import InputError


def check() -> None:
    """Raise `InputError` where names of files and classes are not read as UTF-8."""
    encoding = sys.getfilesystemencoding()
    if encoding != "utf-8":
        named = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_CTYPE", "LANG"))), "")
        raise InputError(
            f"names of files would be read as {encoding}, as the locale {named!r} says, and not as "
            "UTF-8: call it with LC_ALL=C.UTF-8 before the command"
        )


def show_all(stream: object) -> None:
    """Let a terminal show escapes for characters that its encoding lacks, as stderr does."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
