"""Pseudo-labels: what a classifier reads in unlabelled images, as labels for its successor.

Self-training (Lee 2013, ICML workshop on challenges in representation learning): a teacher labels
the images of which it is surest, and a student is trained anew on these, too; then the student
teaches. Taking a share of what is read in each class (Zou et al. 2018, arXiv:1810.07911) keeps the
easy classes from crowding out the others, and classes in the proportions in which they are read.
"""

import numpy as np

from realink.images.imagesets import ImageSet

# Of what is read in each class, the share that is taken, round by round: with the teacher, three
# trainings in all.
SHARES = (0.5, 0.8)
NONE = -1  # in place of a label, of images that are not taken


def surest(probabilities: np.ndarray, share: float) -> np.ndarray:
    """Label the images that are surest in each class.

    Parameters
    ----------
    probabilities : float32 [n, classes]
    share : of the images read as a class, those that are taken, in (0, 1]; one at least

    Returns
    -------
    int32 [n], the class that is read, or `NONE`
    """
    read, sure = probabilities.argmax(1), probabilities.max(1)
    labels = np.full(len(read), NONE, np.int32)
    for label in np.unique(read):
        own = np.flatnonzero(read == label)
        own = own[np.argsort(-sure[own], kind="stable")]
        labels[own[: int(np.ceil(share * len(own)))]] = label
    return labels


def labelled(images: ImageSet, labels: np.ndarray) -> ImageSet:
    """The images that were taken, with their labels, of `surest`."""
    taken = labels != NONE
    return ImageSet(images.images[taken], labels[taken].astype(np.int64), images.classes)
