"""What stands in a folder of pictures, from names alone: classes, splits and groups.

Needs the standard library only, because every parse of the workflow reads it.
"""

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from realink.errors import InputError
from realink.images import lists, names
from realink.images.listed import Listing, Picture
from realink.images.names import TEST, TRAIN, VALIDATION
from realink.images.splits import split_off

SUFFIXES = (".png", ".jpg", ".jpeg", ".jfif", ".webp", ".bmp", ".tif", ".tiff")
SUFFIXES += (".ppm", ".pgm", ".pbm", ".avif")
RENDERED, UNLABELLED = "rendered", "unlabelled"  # the only splits of such pictures
REAL_KEY, RENDERED_KEY = "real: directory:", "rendered: directory:"
UNLABELLED_KEY = "unlabelled: directory:"
# What Snakemake takes for a wildcard, or a path variable, of which it has no escape.
VARIABLE = re.compile(r"\{\s*[.\w]+[^{}]*\}|<[a-z][a-z0-9_]*>")
BESIDE = "not in a class's folder"
NAMED = 5  # files, pairs of them or classes that a message names, at most


def inputs(directory: Path) -> list[str]:
    """Paths of all pictures, sorted, as inputs of a rule; but for `unnameable` ones."""
    return [path for path in _paths(directory) if _nameable(path)]


def unnameable(directory: Path) -> dict[str, str]:
    """SHA-256 of the pictures that Snakemake cannot name: {...} and <...> are variables to it."""
    return {
        path: hashlib.sha256(Path(path).read_bytes()).hexdigest()
        for path in _paths(directory)
        if not _nameable(path)
    }


@lru_cache(maxsize=8)
def list_real(directory: Path, *, validation: float, test: float, group: str | None) -> Listing:
    """List real pictures, and split them where they are not split already.

    Parameters
    ----------
    directory : of ``<class>/*``, or of ``<split>/<class>/*`` with splits as `names.FOLDERS` has
        them; folders within a class belong to it, hidden files and folders are not looked at
    validation, test : shares, in [0, 1), of the pictures of each class that make up a split which
        has no folder; of the training pictures, where these have one
    group : regular expression on a picture's path below its class's folder, of which it names the
        group, see `names.group_of`; None for no groups

    Returns
    -------
    Listing
        A split made here holds its share of each class, but for rounding, and whole groups only.
        It follows from hashes of the names: an added picture moves no other one, but for rounding.

    Raises
    ------
    InputError
        There is no such folder; fewer than two classes, or one without a picture to train on; no
        picture to test on; folders of splits beside folders of classes; a pattern that is none, or
        that does not match a name; a group in two splits.
    """
    files = list_labelled(directory, group)
    pictures = list(files.pictures)
    have = {picture.split for picture in pictures if not picture.left_out}
    shares = {TEST: test, VALIDATION: validation}
    whole = [p for p in pictures if p.split == TRAIN and not p.left_out]
    parts = split_off(
        [(p.group or p.file, p.label) for p in whole],
        {split: 0 if split in have else share for split, share in shares.items()},
        TRAIN,
    )
    split = {p.file: part for p, part in zip(whole, parts, strict=True)}
    pictures = [replace(p, split=split.get(p.file, p.split)) for p in pictures]
    listing = replace(files, pictures=tuple(pictures))
    check_classes(listing, TRAIN, REAL_KEY)
    if not listing.split(TEST):
        raise InputError(
            f"config key `{REAL_KEY}`: no picture is left to test on in {directory} "
            "(`real: test:`): there are too few, or too few groups; give a folder `test`"
        )
    _check_groups(listing)
    return listing


def list_labelled(directory: Path, group: str | None) -> Listing:
    """List real pictures with their classes and groups, see `list_real`.

    Their splits are those of the folders that they are in; of folders of classes alone, train.
    """
    found = walk(directory, REAL_KEY)
    given = _is_split(directory, found)
    if not given:
        _refuse_splits_inside(directory, found)
    pictures = [_picture(file, why, int(given)) for file, why in found]
    if not given:
        pictures = [p if p.left_out else replace(p, split=TRAIN) for p in pictures]
    if group is not None:
        pictures = _grouped(directory, pictures, group, depth=int(given))
    classes = _classes(directory, pictures, REAL_KEY, "train/<class>" if given else "<class>")
    return Listing(directory, classes, tuple(pictures))


@lru_cache(maxsize=8)
def list_rendered(directory: Path) -> Listing:
    """List rendered pictures, ``<class>/*``.

    Raises
    ------
    InputError
        There is no such folder, or no class, or one without a picture. One class is enough, where
        the real ones have `names.OTHER` besides.
    """
    pictures = [_picture(file, why, 0) for file, why in walk(directory, RENDERED_KEY)]
    classes = _classes(directory, pictures, RENDERED_KEY, "<class>", least=1)
    pictures = [p if p.left_out else replace(p, split=RENDERED) for p in pictures]
    listing = Listing(directory, classes, tuple(pictures))
    check_classes(listing, RENDERED, RENDERED_KEY)
    return listing


@lru_cache(maxsize=8)
def list_unlabelled(
    directory: Path, *, group: str | None = None, held_out: frozenset[str] = frozenset()
) -> Listing:
    """List unlabelled pictures, anywhere below a folder.

    Parameters
    ----------
    directory : of pictures
    group : pattern as of `list_real`, on the path below the directory; a picture may have no group
    held_out : groups whose pictures are left out, `Listing.held_out_groups`

    Raises
    ------
    InputError
        There is no such folder, or no picture in it that may be used; a pattern that is none.
    """
    found = walk(directory, UNLABELLED_KEY)
    pictures = [Picture(file, split=UNLABELLED, left_out=why) for file, why in found]
    if group is not None:
        pattern = names.compiled(group)
        pictures = [replace(p, group=names.group_of(pattern, p.file, held_out)) for p in pictures]
        why = "its group is in validation or test"
        pictures = [
            replace(p, left_out=p.left_out or why) if p.group in held_out else p for p in pictures
        ]
    listing = Listing(directory, ("",), tuple(pictures))
    if not listing.used:
        only = " but of groups (config key `real: group:`) in validation or test"
        of_others = any(picture.group in held_out for picture in pictures)
        raise InputError(
            f"config key `{UNLABELLED_KEY}`: {directory} holds no picture{only * of_others}"
        )
    return listing


def some(things: Sequence[object]) -> str:
    """Name the first few."""
    more = f" and {len(things) - NAMED} more" if len(things) > NAMED else ""
    return ", ".join(map(repr, things[:NAMED])) + more


def walk(directory: Path, key: str = "directory:") -> list[tuple[str, str]]:
    """Every file below a directory that is not hidden, sorted, and why it cannot be read.

    A folder that is empty, passed over or cannot be read comes as itself, with a slash at its end.
    """
    # Path("") is the working directory.
    if not os.path.isdir(directory) or directory == Path():
        raise InputError(
            f"config key `{key}`: {str(directory)!r} is not a directory of pictures"
            + ("" if key == UNLABELLED_KEY else ", one folder a class")
        )
    of_table = _of_table(directory)
    pending: list[tuple[str, tuple]] = [("", ())]
    found = []
    while pending:
        below, above = pending.pop()
        try:
            status = os.stat(os.path.join(directory, below))
            here = status.st_dev, status.st_ino
            if here in above:  # a link to a folder that it is in
                continue
            entries = os.scandir(os.path.join(directory, below))
            items = [item for item in entries if not item.name.startswith(".")]
        except OSError as error:
            found.append((below, f"cannot be read: {error.strerror}"))
            continue
        pictures = any(item.name.lower().endswith(SUFFIXES) for item in items)
        for item in items:
            made = item.is_dir() and names.passed_over(item.name, below, beside_pictures=pictures)
            if made and below + item.name not in of_table:
                found.append((f"{below}{item.name}/", made))
            elif item.is_dir():
                pending.append((f"{below}{item.name}/", (*above, here)))
            else:
                found.append((below + item.name, _unreadable(item)))
        if below and not items:
            found.append((below, "an empty folder"))
    return sorted(found)


def _of_table(directory: Path) -> set[str]:
    """Folders that a table named pictures of, see `linked`, whatever they are called."""
    try:
        text = Path(directory, names.OF_A_TABLE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return set()
    return set(text.split("\n"))


def _unreadable(item: os.DirEntry) -> str:
    if any("\udc80" <= character <= "\udcff" for character in item.path):
        return "its name, or its folder's, is not UTF-8: rename it"
    if not item.name.lower().endswith(SUFFIXES):
        if why := names.foreign(item.name):
            return why
        return f"not a picture: none of {', '.join(SUFFIXES)}"
    if not item.is_file():
        return "a broken link" if item.is_symlink() else "not a file"
    return "" if os.access(item.path, os.R_OK) else "cannot be read: Permission denied"


def _paths(directory: Path) -> list[str]:
    found = walk(directory)
    return [os.path.join(directory, file) for file, why in found if not why]


def _nameable(path: str) -> bool:
    return path.isprintable() and not VARIABLE.search(path)


def _is_split(directory: Path, found: Iterable[tuple[str, str]]) -> bool:
    """Whether the folders of a directory are splits, and not classes."""
    inside = (file for file, why in found if "/" in file and why not in names.PASSED)
    folders = list(dict.fromkeys(file.partition("/")[0] for file in inside))
    splits = {name: split for name in folders if (split := names.split_of(name))}
    # One class may well be called train.
    if TRAIN not in splits.values() or (len(splits) == 1 and len(folders) > 1):
        return False
    named: dict[str, str] = {}
    for name, split in splits.items():
        if (other := named.setdefault(split, name)) != name:
            raise InputError(f"config key `{REAL_KEY}`: {directory} has both {other} and {name}")
    if others := [name for name in folders if name not in splits]:
        raise InputError(
            f"config key `{REAL_KEY}`: {directory} has {some(others)} beside {some(list(splits))}: "
            "its folders must all be splits, or all be classes"
        )
    return True


def _refuse_splits_inside(directory: Path, found: Iterable[tuple[str, str]]) -> None:
    """Refuse folders of splits inside those of classes, which would be lumped and split anew."""
    if inside := names.splits_inside(file for file, why in found if "/" in file and not why):
        of_table = os.path.exists(os.path.join(directory, names.OF_A_TABLE))
        turned = ["/".join(reversed(folder.split("/"))) for folder in inside]
        remedy = (
            "give the table a column `split`"
            if of_table
            else f"turn them round, <split>/<class>/*, as {some(turned)}"
        )
        raise InputError(
            f"config key `{REAL_KEY}`: {directory} has splits inside its classes, as "
            f"{some(inside)}, where they would be taken for one and split anew: {remedy}"
        )


def _picture(file: str, why: str, depth: int) -> Picture:
    """A file, whose class is the folder at a depth below the directory."""
    parts = file.split("/")
    # What is passed over may stand where classes do.
    if len(parts) <= depth + 1 or (len(parts) == depth + 2 and why in names.PASSED):
        return Picture(file, left_out=why or BESIDE)
    # The same name may be composed in two ways, on other systems.
    label = unicodedata.normalize("NFC", parts[depth])
    return Picture(file, label, names.split_of(parts[0]) if depth else "", left_out=why)


def _grouped(directory: Path, pictures: Iterable[Picture], group: str, depth: int) -> list[Picture]:
    """Name the groups of pictures whose class is the folder at a depth below the directory."""
    pattern = names.compiled(group)
    grouped, without = [], []
    for picture in pictures:
        name = names.group_of(pattern, picture.file.split("/", depth + 1)[-1])
        if not name and not picture.left_out:
            without.append(picture.file)
        grouped.append(picture if picture.left_out else replace(picture, group=name))
    if without:  # alone, it might be where its group must not be
        raise InputError(
            f"config key `real: group:`: {group!r} finds no group in the names of {len(without)} "
            f"pictures of {directory}: {some(without)}"
        )
    return grouped


def _classes(
    directory: Path, pictures: Iterable[Picture], key: str, where: str, least: int = 2
) -> tuple[str, ...]:
    classes = tuple(sorted({picture.label for picture in pictures} - {""}))
    if len(classes) < least:
        beside = [p.file for p in pictures if p.left_out == BESIDE]
        raise InputError(
            f"config key `{key}`: {directory} must hold a folder of pictures for each class, "
            f"{where}/*.jpg{', and two classes or more' * (least > 1)}; it has "
            f"{some(classes) or 'none'}"
            + (f", and {len(beside)} pictures outside: {some(beside)}" if beside else "")
            + lists.remedy(picture.file for picture in pictures)
        )
    return classes


def check_classes(listing: Listing, split: str, key: str) -> None:
    """Raise `InputError` where a class has no picture in a split."""
    there = {picture.label for picture in listing.split(split)}
    if empty := [name for name in listing.classes if name not in there]:
        own = [picture for picture in listing.pictures if picture.label == empty[0]]
        out = [f"left out: {p.file!r}, {p.left_out}" for p in own if p.left_out]
        why = out[0] if out else f"all of it is in {' and '.join(sorted({p.split for p in own}))}"
        raise InputError(
            f"config key `{key}`: {listing.directory} has no picture to train on of the class "
            f"{some(empty)} ({why}); add some, or remove the folder"
            + lists.remedy(picture.file for picture in own)
        )


def _check_groups(listing: Listing) -> None:
    first: dict[str, Picture] = {}
    for picture in listing.used:
        one = first.setdefault(picture.group, picture) if picture.group else picture
        if one.split != picture.split:
            raise InputError(
                f"{listing.directory}: the group {one.group!r} (config key `real: group:`) is in "
                f"{one.split} and {picture.split}: {one.file!r} and {picture.file!r}; pictures "
                "that belong together must be in one"
            )
