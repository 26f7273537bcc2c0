"""Image sets brought to another size."""

import numpy as np
from PIL import Image

FILTER = Image.Resampling.BICUBIC


def size(side: int, height: int, width: int) -> tuple[int, int]:
    """Height and width of images whose longer side is to have so many pixels; 0 leaves them."""
    longest = max(height, width)
    if side in (0, longest):
        return height, width
    return max(1, round(height * side / longest)), max(1, round(width * side / longest))


def reduced(images: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bring images, uint8 [n, h, w] or [n, h, w, 3], to a size; of this size, they stay."""
    if images.shape[1:3] == (height, width):
        return images
    made = np.empty((len(images), height, width, *images.shape[3:]), np.uint8)
    for place in range(len(images)):
        made[place] = Image.fromarray(images[place]).resize((width, height), FILTER)
    return made
