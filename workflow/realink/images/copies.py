"""Pictures of a folder that have the same pixels."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from realink.errors import InputError
from realink.images.listing import NAMED, RENDERED, UNLABELLED, Picture
from realink.images.names import LABELLED, TEST, TRAIN, VALIDATION
from realink.images.pictures import Key

Keyed = Sequence[tuple[Picture, Key]]

# Of two splits that have the same picture, the first keeps it.
KEEPS = TEST, VALIDATION, TRAIN, LABELLED, RENDERED, UNLABELLED


class Copies(NamedTuple):
    """Pictures of the same pixels.

    left_out : those that another of the same split and class makes superfluous, and why
    labelled_twice : pairs of different classes
    split_twice : pairs of one class in two splits; the first is in the one that keeps it
    """

    left_out: dict[str, str]
    labelled_twice: list[tuple[Picture, Picture]]
    split_twice: list[tuple[Picture, Picture]]


def comparable(keys: Keyed, whole: Callable[[Picture], Key]) -> Keyed:
    """The same, with keys that can be compared with one another's.

    Parameters
    ----------
    keys : as the pictures were read, large JPEGs smaller than they are
    whole : what tells a picture from others when it is read at its full size, which takes long: it
        is called for those alone of whose size there is a picture that was
    """
    sizes = {key.size for _, key in keys if not key.reduced}
    return [
        (picture, whole(picture) if key.reduced and key.size in sizes else key)
        for picture, key in keys
    ]


def find_copies(keys: Keyed, whole: Callable[[Picture], Key]) -> Copies:
    """Find the pictures that have the same pixels as another one; see `comparable`."""
    same: dict[Key, list[Picture]] = {}
    for picture, key in comparable(keys, whole):
        same.setdefault(key, []).append(picture)
    copies = Copies({}, [], [])
    for pictures in same.values():
        first: dict[str, Picture] = {}
        for picture in pictures:
            kept = first.setdefault(picture.split, picture)
            if picture.label != pictures[0].label:
                copies.labelled_twice.append((pictures[0], picture))
            elif kept is not picture:
                copies.left_out[picture.file] = f"a copy of {kept.file}"
        if len({picture.label for picture in pictures}) == 1:
            keeper, *others = sorted(first.values(), key=lambda p: KEEPS.index(p.split))
            copies.split_twice.extend((keeper, other) for other in others)
    return copies


def real_copies(
    real: Keyed, rendered: Keyed, whole: Callable[[Picture], Key]
) -> list[tuple[Picture, Picture]]:
    """Pairs of a real picture and a rendered one that is the same.

    Nothing would be rendered about it, and what is tested on or chosen by it would err too little.

    Parameters
    ----------
    real, rendered, whole : see `comparable`
    """
    both = comparable([*real, *rendered], whole)
    first = {key: picture for picture, key in reversed(both) if picture.split != RENDERED}
    return [(first[key], p) for p, key in both if p.split == RENDERED and key in first]


def refuse_copies(directory: Path, copies: Copies, duplicates: str) -> None:
    """Stop where the same pixels have two labels, or are in two splits.

    Parameters
    ----------
    duplicates : what the latter do: ``stop``, or ``drop`` from one of the splits

    Raises
    ------
    InputError
        It names the first pairs.
    """
    for pairs, wrong, remedy in (
        (copies.labelled_twice, "two classes", "remove the one that is wrong"),
        (
            copies.split_twice if duplicates == "stop" else [],
            "two splits",
            "remove one of each, or set `real: duplicates: drop`, which keeps the test's",
        ),
    ):
        if pairs:
            named = "; ".join(f"{a.file!r} and {b.file!r}" for a, b in pairs[:NAMED])
            more = f" (and {len(pairs) - NAMED} more pairs)" if len(pairs) > NAMED else ""
            raise InputError(
                f"{directory}: the same picture is in {wrong}: {named}{more}; {remedy}"
            )
