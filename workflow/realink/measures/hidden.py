"""Pseudo-labels, held to the labels that were hidden; evaluation only."""

import numpy as np
import pandas as pd

from realink.images.imagesets import ImageSet


def rightness(taken: np.ndarray, hidden: ImageSet, known: ImageSet) -> pd.DataFrame:
    """Count pseudo-labels, and those that are right.

    Parameters
    ----------
    taken : int [n], places in the classes, or less than 0, of `realink.learning.pseudo.surest`
    hidden : the n images, with their labels
    known : images whose labels were not hidden, which do not count

    Returns
    -------
    One row a class: ``label``, its name; ``there``, images of it; ``taken``, images that are
    labelled so; ``right``, those of these that are of it.
    """
    seen = {image.tobytes() for image in known.images}
    counts = np.array([image.tobytes() not in seen for image in hidden.images], bool)
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
