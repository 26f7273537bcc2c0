"""What the classifiers of a study predicted of its test images: predictions.safetensors."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from realink.errors import InputError
from realink.images.imagesets import ImageSet
from realink.store.files import read_tensors, write_tensors


class Predictions(NamedTuple):
    """What every classifier of a study predicted of the test images.

    predicted : unsigned [classifiers, n], places in `classes`; classifiers as rows of metrics.csv;
        0 of images that a classifier was not tested on
    labels : int64 [n], places in `classes`
    classes : names of the labels, in order
    groups : int64 [n], places in `group_names`, of images that come in groups
    group_names : names of the groups, in order
    turns : int64 [n], the replicate that tests each image, where each replicate tests other ones
    replicates : int64 [classifiers], with `turns`, the replicate of each classifier
    """

    predicted: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    groups: np.ndarray | None = None
    group_names: tuple[str, ...] = ()
    turns: np.ndarray | None = None
    replicates: np.ndarray | None = None

    @property
    def tested(self) -> np.ndarray:
        """Which images each classifier was tested on: bool [classifiers, n]."""
        if self.turns is None:
            return np.ones(self.predicted.shape, bool)
        return self.replicates[:, None] == self.turns

    @property
    def wrong(self) -> np.ndarray:
        """Which images each classifier got wrong, of those that it was tested on."""
        return (self.predicted != self.labels) & self.tested

    @property
    def errors(self) -> np.ndarray:
        """Share of the tested images that each classifier got wrong: float [classifiers]."""
        # NaN of one whose images are all in the other half of a study.
        with np.errstate(invalid="ignore"):
            return self.wrong.sum(axis=1) / self.tested.sum(axis=1)

    def once(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the classifiers of some rows predicted, of which each image was tested by one.

        Returns
        -------
        int64 [n], places in `classes`; and bool [n], whether one of them was tested on the image.
        """
        tested = self.tested[rows]
        found = self.predicted[rows][tested.argmax(axis=0), np.arange(len(self.labels))]
        return found.astype(np.int64), tested.any(axis=0)

    def part(self, images: np.ndarray) -> "Predictions":
        """The same of some of the images, bool [n]."""
        kept = {
            name: array if array is None else array[images]
            for name in ("labels", "groups", "turns")
            for array in [getattr(self, name)]
        }
        return self._replace(predicted=self.predicted[:, images], **kept)

    @property
    def cases(self) -> np.ndarray | None:
        """What varies in the test set: groups, int64 [n], or None for single images.

        A single group says nothing of how much groups vary.
        """
        several = self.groups is not None and len(np.unique(self.groups)) > 1
        return self.groups if several else None


def collected(
    scores: Sequence[Path], test: ImageSet, replicates: np.ndarray, turns: np.ndarray | None
) -> Predictions:
    """What classifiers predicted, by their files of scores.

    Parameters
    ----------
    scores : of each classifier; of its own images, where each replicate tests other ones
    test : all images that any of them was tested on
    replicates : int64 [classifiers]
    turns : int64 [n], the replicate that tests each image; None where all test the same ones
    """
    smallest = np.min_scalar_type(len(test.classes) - 1)
    groups, group_names = test.groups, test.group_names
    if groups is not None and len(np.unique(groups)) == len(groups):
        groups, group_names = None, ()  # of one image each: there are but images
    found = [read_tensors(own)[0]["test"].argmax(1).astype(smallest) for own in scores]
    named = test.labels, test.classes, groups, group_names
    if turns is None:
        return Predictions(np.stack(found), *named)
    made = np.zeros((len(found), len(turns)), smallest)
    for row, own, replicate in zip(made, found, replicates, strict=True):
        row[turns == replicate] = own
    return Predictions(made, *named, turns, replicates)


def write_predictions(path: Path, predictions: Predictions) -> None:
    """Write them, without what there is not."""
    arrays = predictions._asdict()
    names = {name: arrays.pop(name) for name in ("classes", "group_names")}
    write_tensors(path, {n: array for n, array in arrays.items() if array is not None}, names)


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
            tensors.get("turns"),
            tensors.get("replicates"),
        )
    except KeyError as missing:
        raise InputError(f"{path}: holds no {missing}, so it is not from collect") from None
