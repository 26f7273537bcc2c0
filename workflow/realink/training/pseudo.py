"""Pseudo-labels: what a classifier reads in unlabelled images, as labels for its successor.

Self-training (Lee 2013, ICML workshop on challenges in representation learning): a teacher labels
the images of which it is surest, and a student is trained anew on these, too; then the student
teaches. What it reads is the mean over an image and augmented views of it (MixMatch, Berthelot
et al. 2019, arXiv:1905.02249, takes the views alone). Taking a share of what is read in each class
(Zou et al. 2018, arXiv:1810.07911) keeps the easy classes from crowding out the others. How large
a share, the teacher says itself: as many as it reads alike in all views. Where a class is read more
often than in an equal part of the images, many of these belong to others, but few of its surest. So
no class counts for more than an equal part. Where one is read much more seldom, it may be rare, and
then many that are read as it belong to others, too: it has a share of its own.
"""

import math

import numpy as np
import torch

from realink.images.imagesets import ImageSet, concatenate
from realink.learners.small.network import Network, batches
from realink.training import augmentation

ROUNDS = 2  # with the teacher, three trainings in all
VIEWS = 4  # augmented ones, beside the image itself
ASKED = 10_000  # images that are read in a round, at most: it takes a quarter of a training
RARE = 0.75  # of an equal part of the images: a class that is read more seldom has its own share
WEIGHT = 10  # pseudo-labelled images that a labelled one counts as much as, at most
NONE = -1  # in place of a label, of images that are not taken
UNASKED = -2  # of images that are not even read


def label(
    network: Network,
    images: np.ndarray,
    policy: augmentation.Settings,
    *,
    seed: int,
    among: np.ndarray | None = None,
    device: str | torch.device = "cpu",
) -> np.ndarray:
    """Label the images of which a classifier is surest.

    Parameters
    ----------
    network : on `device` and in evaluation mode
    images : uint8 [n, height, width] or [n, height, width, 3]
    policy : how they are augmented
    seed : of the augmentation, and of which images are read where there are more than `ASKED`
    among : int [m], places of the only images that may be read, in [0, n); None for all

    Returns
    -------
    int32 [n]: a class, `NONE` where the image is not taken, `UNASKED` where it is not read
    """
    places = np.arange(len(images)) if among is None else among
    asked = np.sort(np.random.default_rng(seed).permutation(places)[:ASKED])
    labels = np.full(len(images), UNASKED, np.int32)
    labels[asked] = surest(*read(network, images[asked], policy, seed=seed, device=device))
    return labels


def read(
    network: Network,
    images: np.ndarray,
    policy: augmentation.Settings,
    *,
    seed: int,
    device: str | torch.device = "cpu",
) -> tuple[np.ndarray, np.ndarray]:
    """Read images as they are and in augmented views.

    Parameters are those of `label`.

    Returns
    -------
    probabilities : float32 [n, classes], the mean over all views
    alike : bool [n], whether an image is read alike in all views
    """
    device, means, alike = torch.device(device), [], []
    devices = [device] if device.type == "cuda" else []
    with torch.inference_mode(), torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        for chunk in batches(network.shape, images, device):
            views = [chunk, *(augmentation.augment(chunk, policy) for _ in range(VIEWS))]
            probabilities = torch.stack([network(view).softmax(1) for view in views])
            classes = probabilities.argmax(2)
            means.append(probabilities.mean(0).cpu())
            alike.append((classes == classes[0]).all(0).cpu())
    return torch.cat(means).numpy(), torch.cat(alike).numpy()


def surest(probabilities: np.ndarray, alike: np.ndarray) -> np.ndarray:
    """Label the images that are surest in each class, no more than an equal part of all.

    As large a share is taken as is read alike of all images; of a class that is read more seldom
    than in `RARE` of an equal part, no more than are read alike in it; one at least of each.

    Parameters
    ----------
    probabilities : float32 [n, classes]
    alike : bool [n], whether an image is read alike in all views

    Returns
    -------
    int32 [n], the class that is read, or `NONE`
    """
    classes, sure = probabilities.argmax(1), probabilities.max(1)
    labels, most = np.full(len(classes), NONE, np.int32), len(classes) / probabilities.shape[1]
    for place in np.unique(classes):
        own = np.flatnonzero(classes == place)
        taken = math.ceil(alike.mean() * min(len(own), most))
        if len(own) < RARE * most:
            taken = min(taken, alike[own].sum())
        own = own[np.argsort(-sure[own], kind="stable")]
        labels[own[: max(1, taken)]] = place
    return labels


def taught(real: ImageSet | None, unlabelled: ImageSet, labels: np.ndarray) -> ImageSet:
    """The real images that a student is trained on: the labelled ones, and those of `label`.

    A label is right, a pseudo-label may not be, and the hard images get none. So a labelled image
    counts as `WEIGHT` others; as fewer, but at least one, if all labelled ones together then count
    about as much as all others.

    Parameters
    ----------
    real : the labelled images, or None if there are none
    unlabelled : n images
    labels : int32 [n], of `label`
    """
    taken = labels >= 0
    own = ImageSet(unlabelled.images[taken], labels[taken].astype(np.int64), unlabelled.classes)
    if real is None:
        return own
    times = min(WEIGHT, max(1, round(len(own) / len(real))))
    return concatenate([*[real] * times, own])
