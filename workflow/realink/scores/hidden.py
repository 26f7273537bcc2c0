"""Pseudo-labels, held to the labels that were hidden; evaluation only."""

import numpy as np
import pandas as pd

from realink.images.imagesets import ImageSet
from realink.training.pseudo import UNASKED


def rightness(taken: np.ndarray, hidden: ImageSet, known: ImageSet) -> pd.DataFrame:
    """Count pseudo-labels, and those that are right.

    Parameters
    ----------
    taken : int [n] of `realink.training.pseudo.label`: places in the classes, `NONE` or `UNASKED`
    hidden : the n images, with their labels
    known : images whose labels were not hidden, which do not count

    Returns
    -------
    One row a class: ``label``, its name; ``there``, images of it that were read; ``taken``, images
    that are labelled so; ``right``, those of these that are of it.
    """
    seen = {image.tobytes() for image in known.images}
    counts = np.array([image.tobytes() not in seen for image in hidden.images], bool)
    counts &= taken != UNASKED
    labels, said = hidden.labels[counts], taken[counts]
    n = len(hidden.classes)
    return pd.DataFrame(
        {
            "label": hidden.classes,
            "there": np.bincount(labels, minlength=n),
            "taken": np.bincount(said[said >= 0], minlength=n),
            "right": np.bincount(labels[said == labels], minlength=n),
        }
    )
