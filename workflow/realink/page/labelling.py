"""The sheet on which a person labels pictures: one HTML file that works from disk."""

import hashlib
import string
from collections.abc import Iterable, Sequence

from PIL import Image

from realink.page.html import as_url, environment

LONGEST = 512  # pixels of a picture's longer side on the sheet
KEYS = "123456789" + string.ascii_lowercase + string.ascii_uppercase


def keys(classes: Sequence[str]) -> list[str]:
    """The key for each class: 1 to 9, then letters; its own name, if all have names of one key.

    More than 61 classes have none: empty, they are labelled by the mouse.
    """
    if all(len(name) == 1 and name.isascii() and name.isalnum() for name in classes):
        return list(classes)
    return [*KEYS[: len(classes)], *[""] * (len(classes) - len(KEYS))]


def shown(picture: Image.Image) -> Image.Image:
    """A picture as large as the sheet shows it, at the most."""
    small = picture.copy()
    small.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    return small


def sheet(classes: Sequence[str], pictures: Iterable[tuple[str, Image.Image]], folder: str) -> str:
    """Write the sheet.

    Parameters
    ----------
    classes : names
    pictures : of each the path of its file below the folder, and what is shown of it
    folder : the pictures' own, as the script that copies them is to know it
    """
    held = [{"file": file, "image": as_url(picture, 80)} for file, picture in pictures]
    # By it a browser finds what was labelled before the page was closed.
    text = "\0".join([folder, *classes, *(one["file"] for one in held)])
    record = {
        "id": hashlib.sha256(text.encode()).hexdigest()[:16],
        "classes": [
            {"name": name, "key": key} for name, key in zip(classes, keys(classes), strict=True)
        ],
        "pictures": held,
        "folder": folder,
    }
    return environment().get_template("labelling/sheet.html.jinja").render(sheet=record)
