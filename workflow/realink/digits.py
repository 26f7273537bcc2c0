"""A set of labelled digit images in memory, and how a part of one is drawn."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from realink.errors import InputError


class Digits(NamedTuple):
    """A set of labelled digit images.

    images : uint8 [n, 28, 28], 0 = paper, 255 = ink
    labels : int64 [n], 0..9
    """

    images: np.ndarray
    labels: np.ndarray

    def take(self, index: np.ndarray | slice) -> "Digits":
        return Digits(self.images[index], self.labels[index])

    def draw(self, n: int, seed: int) -> "Digits":
        """Draw `n` images: a prefix of one random permutation, not balanced by class.

        Two draws with the same seed are nested: the smaller is the beginning of the larger.

        Raises
        ------
        InputError
            There are fewer than `n`.
        """
        if n > len(self.labels):
            raise InputError(f"{n} images asked for, there are {len(self.labels)}")
        return self.take(np.random.default_rng(seed).permutation(len(self.labels))[:n])


def concatenate(parts: Sequence[Digits]) -> Digits:
    """Put digit sets one after another, as the talk mixed them."""
    return Digits(*map(np.concatenate, zip(*parts, strict=True)))
