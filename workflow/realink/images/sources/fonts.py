"""Fonts as a source of rendered images: they draw classes that are characters."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from realink.errors import InputError
from realink.images.characters import READ, UNREAD, characters_of
from realink.images.sources.known import Known, no_hashes
from realink.images.sources.mnist import SIZE

PICTURES, MNIST = False, False

unnameable = no_hashes


def files(asked: Mapping[str, Any]) -> list[str]:
    """Own fonts; those of packages are pinned with the environment."""
    own = Path(asked["folder"]).rglob("*")
    return sorted(str(path) for path in own if path.suffix.lower() in READ + UNREAD)


def rendered(asked: Mapping[str, Any]) -> Known:
    """What is known of what they draw.

    Raises
    ------
    InputError
        It is not said how many they are to draw.
    """
    if asked["count"] is None:
        raise InputError("config key `rendered: count:`: say how many images the fonts are to draw")
    return Known(tuple(characters_of(asked["characters"])), {"rendered": asked["count"]})


def check(asked: Mapping[str, Any], images: Mapping[str, Any]) -> None:
    """Raise `InputError` if there are no fonts, or if they cannot draw such images."""
    # Not Path's, to which the empty path is the working directory, and a long one an error.
    if not os.path.isfile(asked["families"]):
        raise InputError(f"config key `rendered: families:`: {asked['families']} is not a file")
    if not os.path.isdir(asked["folder"]):
        raise InputError(f"config key `rendered: folder:`: {asked['folder']} is not a directory")
    if asked["geometry"] == "mnist" and any(images[key] != value for key, value in SIZE.items()):
        raise InputError(
            "config key `rendered: geometry:`: mnist draws grey images of 28 x 28; take frame "
            "for those of another size or in colour"
        )
