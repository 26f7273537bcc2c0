"""MNIST as a source of real images: 55,000 to train on, 5,000 for choices, 10,000 to test on."""

import os
from collections.abc import Mapping
from typing import Any

from realink.errors import InputError
from realink.images.sources.known import Known, no_files, no_hashes

PICTURES, MNIST = False, True
CLASSES = tuple("0123456789")
SIZE = {"height": 28, "width": 28, "channels": 1}
IDX = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")

files, unnameable = no_files, no_hashes


def real(asked: Mapping[str, Any]) -> Known:
    """What is known of them; `realink.images.mnist` splits so."""
    return Known(CLASSES, {"train": 55_000, "validation": 5_000, "test": 10_000})


def check(asked: Mapping[str, Any], images: Mapping[str, Any]) -> None:
    """Raise `InputError` if its files are not in the directory, or images are to be other ones."""
    check_size(asked, images)
    directory = asked["directory"]
    if not directory:
        return
    names = os.listdir(directory) if os.path.isdir(directory) else []
    there = {name.removesuffix(".gz") for name in names}
    if missing := [f"{name}-ubyte" for name in IDX if f"{name}-ubyte" not in there]:
        raise InputError(
            f"config key `real: directory:`: {directory} lacks {', '.join(missing)} (plain or "
            ".gz), files of MNIST; for pictures of your own take `real: source: folder`"
        )


def check_size(asked: Mapping[str, Any], images: Mapping[str, Any]) -> None:
    """Raise `InputError` if images are to be of another size than MNIST's, or in colour."""
    for key, value in SIZE.items():
        if images[key] != value:
            raise InputError(
                f"config key `images: {key}:` is {images[key]}, but the images of the source "
                f"{asked['source']!r} have {value}"
            )
