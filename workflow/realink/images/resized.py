"""Image sets brought to another size."""

from dataclasses import replace

import numpy as np
from PIL import Image

from realink.images.imagesets import ImageSet
from realink.store.rows import Rows

FILTER = Image.Resampling.BICUBIC


def size(side: int, height: int, width: int) -> tuple[int, int]:
    """Height and width of images whose longer side is to have so many pixels; 0 leaves them."""
    longest = max(height, width)
    if side in (0, longest):
        return height, width
    return max(1, round(height * side / longest)), max(1, round(width * side / longest))


def reduced(images: np.ndarray | Rows, height: int, width: int) -> np.ndarray | Rows:
    """Bring images to a size; each pixel is a weighted mean over its area.

    Parameters
    ----------
    images : uint8 [n, h, w] or [n, h, w, 3]; large ones are read by slices

    Returns
    -------
    uint8 [n, height, width] or [n, height, width, 3]; those of this size as they were
    """
    if images.shape[1:3] == (height, width):
        return images
    made = np.empty((len(images), height, width, *images.shape[3:]), np.uint8)
    for place, image in enumerate(images):
        made[place] = Image.fromarray(image).resize((width, height), FILTER)
    return made


def sized(images: ImageSet, side: int) -> ImageSet:
    """Image sets at the size at which a learner reads them, without masks if that is another."""
    height, width = size(side, *images.images.shape[1:3])
    if images.images.shape[1:3] == (height, width):
        return images
    smaller = reduced(images.images, height, width)
    return replace(images, images=smaller, masks=None, colours=None)
