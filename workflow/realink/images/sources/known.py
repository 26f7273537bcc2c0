"""What is known of images before any is read. Needs the standard library only."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Known(NamedTuple):
    """What is known of a source's images before any is read.

    Attributes
    ----------
    classes
        Their names, in order.
    counts
        Images by split: ``train``, ``validation`` and ``test``, or ``rendered``; where replicates
        test other ones each also ``labelled``, all of them. As many as there are: some may turn
        out to be unreadable, or copies.
    """

    classes: tuple[str, ...]
    counts: Mapping[str, int]


def no_files(asked: Mapping[str, Any]) -> list[str]:
    """Of a source that depends on no file of a person."""
    return []


def no_hashes(asked: Mapping[str, Any]) -> dict[str, str]:
    """Of a source whose files can all be inputs of a rule."""
    return {}
