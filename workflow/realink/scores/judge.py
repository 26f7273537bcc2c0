"""Numbers that judge a classifier or a translator, from predictions and labels alone."""

from typing import Any

import numpy as np


def error_rate(predicted: np.ndarray, labels: np.ndarray) -> float | None:
    """Fraction of wrong predictions, both int [n]; None where there is nothing to predict."""
    return float(np.mean(predicted != labels)) if len(labels) else None


def retention(read: np.ndarray, labels: np.ndarray, classes: int) -> dict[str, Any]:
    """How many translated images are still read as the label that they carry.

    Parameters
    ----------
    read : int [n], the class that the judge reads in each translated image
    labels : int64 [n], the label of the rendered image that it was made from
    classes : how many there are

    Returns
    -------
    ``label_retention`` (fraction), ``retention_by_class`` (`classes` fractions, None for an
    absent class) and ``confusion`` (`classes` x `classes` counts: rows are labels, columns what
    was read)
    """
    confusion = np.zeros((classes, classes), np.int64)
    np.add.at(confusion, (labels, read), 1)
    carried = confusion.sum(axis=1)
    return {
        "label_retention": float(np.trace(confusion) / carried.sum()),
        "retention_by_class": [
            float(kept / n) if n else None
            for kept, n in zip(np.diag(confusion), carried, strict=True)
        ],
        "confusion": confusion.tolist(),
    }
