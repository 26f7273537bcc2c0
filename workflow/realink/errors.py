"""The error that a command reports without a traceback."""

from collections.abc import Iterable
from difflib import get_close_matches


class InputError(Exception):
    """Input that a person must fix; the message names the file or key and what to do.

    It is one line, whatever the names in it hold: what is not printable comes escaped.
    """

    def __str__(self) -> str:
        text = super().__str__()
        return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def meant(name: str, known: Iterable[str]) -> str:
    """End a message on an unknown name: what was probably meant, or else all that there is."""
    known = sorted(known)
    if near := get_close_matches(name, known, 1):
        return f"; did you mean {near[0]!r}?"
    return f" (there are: {', '.join(known)})" if known else " (there are none)"
