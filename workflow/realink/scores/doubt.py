"""Wrong labels: pictures whose label is doubted most by classifiers that never saw them.

The ranking of confident learning by self-confidence (Northcutt, Jiang & Chuang 2021, JAIR 70,
arXiv:1911.00068): the probability that a picture's own label gets from classifiers that were not
trained on it. Nothing here reads or writes files.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

FOLDS = 5
LISTED, SHARE = 20, 0.02  # of all labelled images, those that are listed: so many, or this share


def folds(
    labels: np.ndarray, groups: np.ndarray | None, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Part labelled images into folds: each is held out once, groups whole, classes spread evenly.

    Parameters
    ----------
    labels : int64 [n]
    groups : int64 [n]; None where each image is by itself
    seed : of the parts

    Yields
    ------
    rest, held : int64 [.], places of the images of all other folds and of one; empty folds are
        passed over
    """
    groups = np.arange(len(labels)) if groups is None else groups
    # A group goes by the class of its first image; groups of a class come in random order.
    _, first, unit = np.unique(groups, return_index=True, return_inverse=True)
    random = np.random.default_rng(seed).permutation(len(first))
    order = np.lexsort((random, labels[first]))
    fold = np.empty(len(first), np.int64)
    fold[order] = np.arange(len(first)) % FOLDS
    for number in range(FOLDS):
        held = np.flatnonzero(fold[unit] == number)
        if 0 < len(held) < len(labels):
            yield np.flatnonzero(fold[unit] != number), held


def unjudged(labels: np.ndarray, rest: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Those of the images held out whose class no other image has: int64 [.], places."""
    return held[~np.isin(labels[held], labels[rest])]


def doubted(scores: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    """The images whose label is doubted most: those that are taken for another class.

    Parameters
    ----------
    scores : float [n, classes], probabilities by classifiers that did not see the image; NaN of
        images that were not judged
    labels : int64 [n]

    Returns
    -------
    One row an image, most doubted first, a fiftieth of all at most, but 20 if there are as many;
    ``place`` of the image, ``predicted``, a class's place, and the probabilities ``own``, of the
    image's label, and ``other``, of what was predicted.
    """
    own = scores[np.arange(len(labels)), labels]
    known = np.nan_to_num(scores, nan=-1.0)
    predicted = known.argmax(1)
    table = pd.DataFrame(
        {
            "place": np.arange(len(labels)),
            "predicted": predicted,
            "own": own,
            "other": known.max(1, initial=-1.0),
        }
    )
    table = table[(predicted != labels) & ~np.isnan(own)].sort_values("own", kind="stable")
    return table.head(max(LISTED, int(SHARE * len(labels)))).reset_index(drop=True)
