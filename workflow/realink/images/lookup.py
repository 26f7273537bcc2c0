"""Pictures that are among those of a study, found by how they look at its size."""

from collections.abc import Mapping

import numpy as np
from PIL import Image
from scipy.spatial import cKDTree

from realink.images.imagesets import ImageSet

SMALL = 8  # side, in pixels, of what is looked up
# Levels by which the same picture differs as a JPEG that was decoded smaller and as a PNG: 8 and
# 0.5 at the most of 25 photographs, at their sharpest edges; and as much of its small image.
MOST, MEAN, NEAR = 12, 1, 3


class Lookup:
    """Image sets, and whether a picture is one of theirs.

    Parameters
    ----------
    sets : by the name of their split; all of one size
    """

    def __init__(self, sets: Mapping[str, ImageSet]) -> None:
        self._sets = sets
        self._places = [(split, i) for split, images in sets.items() for i in range(len(images))]
        small = [
            _small(image)
            for images in sets.values()
            for part in images.slices()
            for image in part.images
        ]
        self._tree = cKDTree(np.array(small, np.float32).reshape(-1, SMALL**2))

    def split_of(self, image: np.ndarray) -> str:
        """The split that has an image which looks the same, or nothing.

        Parameters
        ----------
        image : uint8 [height, width] or [height, width, 3], of the sets' size
        """
        for near in sorted(self._tree.query_ball_point(_small(image), NEAR, p=np.inf)):
            split, i = self._places[near]
            apart = np.abs(self._sets[split].images[i].astype(np.int16) - image)
            if apart.max() <= MOST and apart.mean() <= MEAN:
                return split
        return ""


def _small(image: np.ndarray) -> np.ndarray:
    grey = Image.fromarray(image).convert("L")
    return np.asarray(grey.resize((SMALL, SMALL), Image.Resampling.BOX), np.float32).ravel()
