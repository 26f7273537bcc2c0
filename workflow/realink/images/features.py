"""Sets of features in memory: what a pretrained network sees in images."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from realink.errors import InputError
from realink.images.imagesets import Shape


@dataclass(frozen=True, eq=False)
class Features:
    """What a backbone makes of an image set, in one view or several.

    Attributes
    ----------
    values
        float16 [views, n, ...]; view 0 is the set as it is, the others are augmented.
    labels
        int64 [n], places in `classes`; None of unlabelled images.
    classes
        Names of the labels, in order.
    shape
        Of the images that the backbone saw.
    """

    values: np.ndarray
    labels: np.ndarray | None
    classes: tuple[str, ...]
    shape: Shape

    def __len__(self) -> int:
        return self.values.shape[1]

    def take(self, index: np.ndarray | slice) -> Features:
        """The images at some places, in their order, in all views."""
        labels = None if self.labels is None else self.labels[index]
        return replace(self, values=self.values[:, index], labels=labels)

    def draw(self, n: int, seed: int) -> Features:
        """Draw `n` images: the same as `ImageSet.draw` draws of as large a set.

        Raises
        ------
        InputError
            There are fewer than `n`.
        """
        if n > len(self):
            raise InputError(f"{n} images asked for, there are {len(self)}")
        return self.take(np.random.default_rng(seed).permutation(len(self))[:n])
