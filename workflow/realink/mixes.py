"""What a classifier trains on: real images, synthetic images, or both."""

from collections.abc import Sequence

import numpy as np

from realink.artifacts import Digits
from realink.errors import InputError


def compose(
    real: Sequence[Digits], synthetic: Sequence[Digits], n_synthetic: int, seed: int
) -> Digits:
    """Concatenate all real images with `n_synthetic` synthetic ones, as the talk did.

    Parameters
    ----------
    real : sets that are used whole; none in a mix without real images
    synthetic : a set of which a prefix of a random permutation is used; none in the baseline
    n_synthetic : how many synthetic images the mix holds
    seed : of the permutation

    Raises
    ------
    InputError
        There are fewer synthetic images than the mix needs.
    """
    parts = list(real)
    for digits in synthetic:
        available = len(digits.labels)
        if n_synthetic > available:
            raise InputError(f"the mix needs {n_synthetic} synthetic images, there are {available}")
        order = np.random.default_rng(seed).permutation(available)
        parts.append(digits.take(order[:n_synthetic]))
    return Digits(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
