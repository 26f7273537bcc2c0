"""What names of folders and files say: which split, which group, and what is none of a person's.

Needs the standard library only, because every parse of the workflow reads it.
"""

import re

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
# Says that a folder was made of a table, and may be made anew. It names the folders below that
# sound like a program's, a line each: the table names pictures in them.
OF_A_TABLE = ".made-of-a-table"


def split_of(folder: str) -> str | None:
    """The split that a folder's name says, in any case, or None."""
    return FOLDERS.get(folder.lower())


def is_of_a_program(folder: str) -> bool:
    """Whether a folder's name sounds as if a program made it, of copies or for itself."""
    return folder.lower() in MADE | THUMBNAILS


def is_passed_over(folder: str, above: str, *, beside_pictures: bool) -> bool:
    """Whether a folder's name says that a program made it, of copies or for itself.

    Parameters
    ----------
    above : path of the folder that it is in, with a slash at its end; empty at the top
    """
    name, (first, *further) = folder.lower(), above.split("/")
    in_class = bool(first) and (not split_of(first) or further != [""])
    return name in MADE or (name in THUMBNAILS and (beside_pictures or in_class))


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
