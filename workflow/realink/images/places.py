"""Which replicate does what with which image of one set."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from realink.images.names import SPLITS, TEST, TRAIN, VALIDATION


class Places(NamedTuple):
    """Which images of a set each replicate tests, and which it makes choices by.

    tested : int64 [n], the replicate that tests each image, from 1
    validates : bool [replicates, n]
    """

    tested: np.ndarray
    validates: np.ndarray

    def of(self, replicate: int) -> dict[str, np.ndarray]:
        """Places of a replicate's images by split, int64, in the order of the set."""
        test, validation = self.tested == replicate, self.validates[replicate - 1]
        chosen = {TRAIN: ~(test | validation), VALIDATION: validation & ~test, TEST: test}
        return {split: np.flatnonzero(chosen[split]) for split in SPLITS}
