"""Features on disk: what a backbone made of one view of an image set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from realink.errors import InputError
from realink.images.features import Features
from realink.images.imagesets import Shape
from realink.store.files import read_tensors, write_tensors


def write_features(path: Path, features: Features, **record: Any) -> None:
    """Write one view, and a record of what made it."""
    arrays = {"features": features.values[0]}
    if features.labels is not None:
        arrays["labels"] = features.labels
    about = {"classes": features.classes, "shape": features.shape}
    write_tensors(path, arrays, about | record)


def take_features(path: Path, index: np.ndarray, output: Path) -> None:
    """Write one view of some images of a set, by their places, int64 [k], as `encode` would."""
    tensors, record = read_tensors(path)
    write_tensors(output, {name: array[index] for name, array in tensors.items()}, record)


def read_features(paths: Sequence[Path]) -> Features:
    """Read the views of one image set.

    Raises
    ------
    InputError
        A file is no whole view, or the views are not of the same images.
    """
    views, labels, classes, shape = [], None, (), None
    for path in paths:
        tensors, record = read_tensors(path)
        if "features" not in tensors or not {"classes", "shape"} <= record.keys():
            raise InputError(f"{path}: holds no features; delete it and run snakemake again")
        views.append(tensors["features"])
        labels, classes = tensors.get("labels"), tuple(record["classes"])
        shape = Shape(*record["shape"])
        if views[-1].shape != views[0].shape:
            raise InputError(
                f"{path}: not of the images of {paths[0]}; delete both and run snakemake again"
            )
    return Features(np.stack(views), labels, classes, shape)
