"""What names of folders and files say: which split, which group, and what is none of a person's.

Needs the standard library only, because every parse of the workflow reads it.
"""

import re
from collections.abc import Iterable
from posixpath import splitext

from realink.errors import InputError

TRAIN, VALIDATION, TEST = SPLITS = ("train", "validation", "test")
# A class of real pictures, none of the others', which rendered ones need not have.
OTHER = "other"
LABELLED = "labelled"  # all three in one, where each replicate has its own
# Folders of splits by their name in lower case.
FOLDERS = {
    **dict.fromkeys(("train", "training"), TRAIN),
    **dict.fromkeys(("validation", "val", "valid"), VALIDATION),
    **dict.fromkeys(("test", "testing"), TEST),
}
# Made by network storage (Synology, QNAP) and systems, which put copies and their own files there.
MADE = {"@eadir", "@tmp", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", "lost+found"}
MADE |= {"__macosx", "$recycle.bin", "system volume information"}
# A class, such as of gestures, may be called so: below a class, or beside pictures, it is none.
THUMBNAILS = {"thumb", "thumbs", "thumbnail", "thumbnails", "@__thumb"}
THUMBNAILS |= {"_thumb", "_thumbs", "_thumbnail", "_thumbnails"}
PASSED_OVER = "a folder of thumbnails or of the system's own files: passed over"
PASSED_OVER_BESIDE = (
    "passed over, as thumbnails of the pictures beside it; if it is a class, rename it, or move "
    "those pictures away"
)
PASSED = PASSED_OVER, PASSED_OVER_BESIDE
# Says that a folder was made of a table, and may be made anew. It names the folders below that
# sound like a program's, a line each: the table names pictures in them.
OF_A_TABLE = ".made-of-a-table"

# Pictures that are not read, by the ends of their files' names.
FOREIGN = {
    **dict.fromkeys((".heic", ".heif", ".hif"), "a HEIC"),
    ".gif": "a GIF",
    **dict.fromkeys((".jp2", ".j2k", ".jpx"), "a JPEG 2000"),
    ".jxl": "a JPEG XL",
    ".svg": "a drawing (SVG)",
    ".psd": "a Photoshop file",
    ".tga": "a TGA",
    ".ico": "an icon",
    ".exr": "an OpenEXR",
    **dict.fromkeys((".dcm", ".dicom"), "a DICOM"),
    **dict.fromkeys(
        (".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf"), "a camera's raw file"
    ),
}


def split_of(folder: str) -> str | None:
    """The split that a folder's name says, in any case, or None."""
    return FOLDERS.get(folder.lower())


def foreign(file: str) -> str:
    """Why a picture is not read whose name says that it is of another format, or nothing."""
    kind = FOREIGN.get(splitext(file)[1].lower())
    said = f"not a picture of a format that is read, but {kind} by its name: save it as PNG"
    return said if kind else ""


def is_of_a_program(folder: str) -> bool:
    """Whether a folder's name sounds as if a program made it, of copies or for itself."""
    return folder.lower() in MADE | THUMBNAILS


def passed_over(folder: str, above: str, *, beside_pictures: bool) -> str:
    """Why a folder is passed over whose name says that a program made it, or nothing.

    Parameters
    ----------
    above : path of the folder that it is in, with a slash at its end; empty at the top
    """
    name, (first, *further) = folder.lower(), above.split("/")
    in_class = bool(first) and (not split_of(first) or further != [""])
    if name in MADE or (name in THUMBNAILS and in_class):
        return PASSED_OVER
    return PASSED_OVER_BESIDE if name in THUMBNAILS and beside_pictures else ""


def splits_inside(paths: Iterable[str]) -> tuple[str, str] | None:
    """Two folders of splits inside classes, if most classes have such, or None.

    Parameters
    ----------
    paths : of pictures, ``<class>/*`` and perhaps ``<class>/<split>/*``
    """
    inside: dict[str, dict[str, str]] = {}
    for path in paths:
        label, *folders, _ = path.split("/")
        own = inside.setdefault(label, {})
        if folders and (split := split_of(folders[0])):
            own.setdefault(split, f"{label}/{folders[0]}")
    found: dict[str, str] = {}
    for own in inside.values():
        found = own | found
    # Of one split alone nothing gets lost, but for its name.
    if len(found) < 2 or 2 * sum(map(bool, inside.values())) <= len(inside):
        return None
    one, other, *_ = sorted(found, key=SPLITS.index)
    return found[one], found[other]


def hint_of_other(lacking: Iterable[str]) -> str:
    """End a message on classes that rendered pictures lack, where one is nearly `OTHER`."""
    near = [name for name in lacking if name.lower() in (OTHER, f"{OTHER}s")]
    return (
        f"; if {near[0]!r} is what is none of the other classes, rename it {OTHER!r}, which need "
        "not be rendered"
        if near
        else ""
    )


def compiled(group: str) -> re.Pattern:
    """The pattern of a config's groups; raise `InputError` if it is none."""
    try:
        return re.compile(group)
    except re.error as error:
        raise InputError(f"config key `real: group:`: {group!r} is no pattern: {error}") from None


def group_of(pattern: re.Pattern, path: str, held_out: frozenset[str] = frozenset()) -> str:
    """Name of the group that a picture is of, empty if its path has none.

    Parameters
    ----------
    pattern : its first group, or else all that it matches, names the picture's group
    path : below the folder of the class, with slashes; the pattern is looked for in all of it, then
        without its first folder, and so on, at last in the file's name alone
    held_out : groups that come before others which the pattern finds
    """
    found = []
    while path:
        match = pattern.search(path)
        found.append((match[1 if pattern.groups else 0] or "") if match else "")
        path = path.partition("/")[2]
    found = [name for name in found if name]
    return next((name for name in found if name in held_out), next(iter(found), ""))
