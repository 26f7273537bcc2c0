"""Controls: synthetic images or their labels changed, to tell what in them a classifier uses.

Each gives as many images as it gets, so that a control has the batches and steps of what it is a
control of.
"""

from dataclasses import replace

import numpy as np

from realink.images.imagesets import ImageSet


def changed(control: str, images: ImageSet, read: np.ndarray | None, seed: int) -> ImageSet:
    """Change a set of synthetic images as a control asks.

    Parameters
    ----------
    control
        ``shuffled``: the labels in random order. ``noise``: each image's pixels in random order.
        ``reread``: the judge's reading as label. ``confirmed``: only images whose label the judge
        reads in them, as often as fills the set.
    read
        int [n], places in the classes: what the judge read in them, which only the last two use.
    seed
        The only source of randomness.

    Raises
    ------
    ValueError
        The control is none of these, or no label is confirmed.
    """
    random = np.random.default_rng(seed)
    if control == "shuffled":
        return replace(images, labels=random.permutation(images.labels))
    if control == "noise":
        pixels = np.asarray(images.images).reshape(len(images), -1, *images.images.shape[3:])
        mixed = np.stack([random.permutation(image) for image in pixels])
        return replace(images, images=mixed.reshape(images.images.shape), colours=None)
    if control == "reread":
        return replace(images, labels=read.astype(np.int64))
    if control == "confirmed":
        right = random.permutation(np.flatnonzero(read == images.labels))
        if not len(right):
            raise ValueError("the judge confirms no label")
        return images.take(np.resize(right, len(images)))
    raise ValueError(f"{control!r} is no control of images")


def flipped(images: ImageSet, seed: int) -> ImageSet:
    """A task that needs no label: was an image left as it is, or flipped sideways, over, or both?

    It makes a network learn what the images look like (as Gidaris et al. 2018, arXiv 1803.07728,
    who turn them; flips fit images that are not square).

    Returns
    -------
    The images, each flipped at random, labelled by how, 0 to 3.
    """
    labels = np.random.default_rng(seed).integers(0, 4, len(images))
    result = np.array(images.images)
    for label in range(1, 4):
        axes = [axis for axis in (1, 2) if label & axis]
        result[labels == label] = np.flip(result[labels == label], axes)
    return ImageSet(result, labels, ("as it is", "over", "sideways", "both"))
