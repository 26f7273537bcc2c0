"""Lists of labels that a folder has instead of folders of classes: found by name.

Needs the standard library only, because every parse of the workflow reads it.
"""

from collections.abc import Iterable

# Tables, COCO's and others' annotations, and YOLO's folder of a text file a picture.
SUFFIXES = (".csv", ".tsv", ".xlsx", ".json", ".xml")
YOLO = "labels"


def remedy(files: Iterable[str]) -> str:
    """End an error on missing classes: what to do with the list of labels, if there is one.

    Parameters
    ----------
    files : paths below the folder, with slashes
    """
    for file in files:
        *folders, name = file.split("/")
        yolo = YOLO in map(str.lower, folders) and name.lower().endswith(".txt")
        if yolo or name.lower().endswith(SUFFIXES):
            return (
                f"; {file!r} looks like a list of labels: give a table by --labels of `realink "
                "init`; docs/own-images.md says how, and how to turn COCO and YOLO lists into "
                "folders"
            )
    return ""
