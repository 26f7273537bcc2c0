"""Pseudo-labels: what a classifier reads in unlabelled images, as labels for its successor.

Self-training (Lee 2013, ICML workshop on challenges in representation learning): a teacher labels
the images of which it is surest, and a student is trained anew on these, too; then the student
teaches. Taking a share of what is read in each class (Zou et al. 2018, arXiv:1810.07911) keeps the
easy classes from crowding out the others. How large a share, the teacher says itself: as many as
it reads alike however they are augmented. A class that gets more than an equal part of all images
has mostly taken others' in, of which the surest of an equal part hold few. Where it is in truth
more frequent this goes wrong: docs/unlabelled.md.
"""

import math

import numpy as np
import torch

from realink.images.imagesets import ImageSet
from realink.learning import augmentation
from realink.learning.classifier import Network, batches

ROUNDS = 2  # with the teacher, three trainings in all
VIEWS = 4  # augmented ones, beside the image itself
ASKED = 5000  # images that are augmented, at most: the share is known to a point by then
NONE = -1  # in place of a label, of images that are not taken


def agreement(
    network: Network,
    images: np.ndarray,
    policy: augmentation.Settings,
    *,
    seed: int,
    device: str | torch.device = "cpu",
) -> float:
    """Share of images that a classifier reads alike as they are and in each augmented view.

    Parameters
    ----------
    network : on `device` and in evaluation mode
    images : uint8 [n, height, width] or [n, height, width, 3], in an order that says nothing of
        their classes: the first 5,000 stand for all
    policy : how they are augmented
    seed : of the augmentation

    Returns
    -------
    float in [0, 1]
    """
    device, alike = torch.device(device), []
    devices = [device] if device.type == "cuda" else []
    with torch.inference_mode(), torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        for chunk in batches(network.shape, images[:ASKED], device):
            read = network(chunk).argmax(1)
            same = torch.ones_like(read, dtype=torch.bool)
            for _ in range(VIEWS):
                same &= network(augmentation.augment(chunk, policy)).argmax(1) == read
            alike.append(same.cpu())
    return torch.cat(alike).float().mean().item()


def surest(probabilities: np.ndarray, share: float) -> np.ndarray:
    """Label the images that are surest in each class, no more than an equal part of all.

    Parameters
    ----------
    probabilities : float32 [n, classes]
    share : of the images read as a class, those that are taken, in [0, 1]; one at least, and at
        most this share of n / classes

    Returns
    -------
    int32 [n], the class that is read, or `NONE`
    """
    read, sure = probabilities.argmax(1), probabilities.max(1)
    labels, most = np.full(len(read), NONE, np.int32), len(read) / probabilities.shape[1]
    for label in np.unique(read):
        own = np.flatnonzero(read == label)
        own = own[np.argsort(-sure[own], kind="stable")]
        labels[own[: max(1, math.ceil(share * min(len(own), most)))]] = label
    return labels


def labelled(images: ImageSet, labels: np.ndarray) -> ImageSet:
    """The images that were taken, with their labels, of `surest`."""
    taken = labels != NONE
    return ImageSet(images.images[taken], labels[taken].astype(np.int64), images.classes)
