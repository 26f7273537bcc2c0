"""What a pretrained network sees in one view of an image set."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from realink.images.features import Features
from realink.images.imagesets import ImageSet, Shape
from realink.images.resized import reduced, size
from realink.learners.batches import batches
from realink.learners.views import view as viewed

AT_ONCE = 128  # images in memory


def shape_for(side: int, images: ImageSet) -> Shape:
    """The shape at which a network sees images whose longer side is brought to so many pixels."""
    height, width = size(side, *images.images.shape[1:3])
    return images.shape._replace(height=height, width=width)


def chosen(images: ImageSet, most: int, seed: int) -> ImageSet:
    """Of a synthetic set at most so many images, drawn at random, in their order."""
    if len(images) <= most:
        return images
    order = np.random.default_rng(seed).permutation(len(images))
    return images.take(np.sort(order[:most]))


def encoded(
    encoder: nn.Module,
    images: ImageSet,
    shape: Shape,
    view: int,
    seed_of: Callable[[int], int],
    device: str,
) -> Features:
    """Encode one view.

    Parameters
    ----------
    encoder : of a learner, on the device and in evaluation mode
    shape : of `shape_for`
    view : as of `views.view`
    seed_of : the seed of each part of the set, by its place, 0 and on

    Returns
    -------
    Features
        float16 [1, n, ...].
    """
    made = []
    with torch.inference_mode():
        for place, start in enumerate(range(0, max(1, len(images)), AT_ONCE)):
            part = np.asarray(images.images[start : start + AT_ONCE])
            seen = viewed(reduced(part, shape.height, shape.width), view, seed_of(place))
            made += [
                encoder(batch).to(torch.float16).cpu().numpy() for batch in batches(seen, device)
            ]
    return Features(np.concatenate(made)[None], images.labels, images.classes, shape)
