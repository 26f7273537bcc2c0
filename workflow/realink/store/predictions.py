"""What the classifiers of a study predicted of its test images: predictions.safetensors."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from realink.errors import InputError
from realink.images.imagesets import ImageSet
from realink.store.files import read_tensors, write_tensors


class Predictions(NamedTuple):
    """What every classifier of a study predicted of the test images.

    predicted : unsigned [classifiers, n], places in `classes`; classifiers as rows of metrics.csv
    labels : int64 [n], places in `classes`
    classes : names of the labels, in order
    groups : int64 [n], places in `group_names`, of images that come in groups
    group_names : names of the groups, in order
    """

    predicted: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    groups: np.ndarray | None = None
    group_names: tuple[str, ...] = ()

    @property
    def wrong(self) -> np.ndarray:
        """Which images each classifier got wrong: bool [classifiers, n]."""
        return self.predicted != self.labels

    @property
    def cases(self) -> np.ndarray | None:
        """What varies in the test set: groups, int64 [n], or None for single images.

        A single group says nothing of how much groups vary.
        """
        several = self.groups is not None and len(np.unique(self.groups)) > 1
        return self.groups if several else None


def write_predictions(path: Path, scores: Iterable[Path], test: ImageSet) -> None:
    """Write what classifiers predicted, by their files of scores, of a study's test images."""
    smallest = np.min_scalar_type(len(test.classes) - 1)
    predicted = [read_tensors(own)[0]["test"].argmax(1).astype(smallest) for own in scores]
    groups = {} if test.groups is None else {"groups": test.groups}
    write_tensors(
        path,
        {"predicted": np.stack(predicted), "labels": test.labels} | groups,
        {"classes": test.classes, "group_names": test.group_names},
    )


def read_predictions(path: Path) -> Predictions:
    """Read what `collect` wrote.

    Raises
    ------
    InputError
        There is no such file, or it is something else.
    """
    if not path.exists():
        raise InputError(
            f"{path}: no such file; without what its classifiers predicted, a study cannot be "
            "compared. Of a published study, get it by `git pull`; else finish the study with "
            "snakemake"
        )
    tensors, metadata = read_tensors(path)
    try:
        return Predictions(
            # As it was called in studies that were published before.
            tensors["read"] if "read" in tensors else tensors["predicted"],
            tensors["labels"],
            tuple(metadata["classes"]),
            tensors.get("groups"),
            tuple(metadata["group_names"]),
        )
    except KeyError as missing:
        raise InputError(f"{path}: holds no {missing}, so it is not from collect") from None
