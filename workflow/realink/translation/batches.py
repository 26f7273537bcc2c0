"""Sets of images as translators see them: batches of tensors, drawn from a whole set."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from realink.images.imagesets import ImageSet
from realink.store.rows import Rows


class Batch(NamedTuple):
    """Images of one domain.

    images : float32 [b, channels, height, width] in [-1, 1]
    labels : int64 [b], None of unlabelled images
    masks : float32 [b, 1, height, width] in 0..1, the objects' coverage, where it is known
    colours : as the images, the objects' colours on no background, where they are known; of any
        value where the mask is 0
    """

    images: Tensor
    labels: Tensor | None
    masks: Tensor | None = None
    colours: Tensor | None = None


class Pool:
    """A whole set, of which batches are drawn: on the device, but large ones of a CPU on disk."""

    def __init__(self, images: ImageSet, device: str) -> None:
        self.device = device
        self.pixels = _held(images.images, device)
        self.masks = _held(images.masks, device)
        self.colours = _held(images.colours, device)
        self.labels = None
        if images.labels is not None:
            self.labels = torch.as_tensor(images.labels, device=device)
            self.by_label = self.labels.argsort(stable=True)
            self.counts = self.labels.bincount(minlength=len(images.classes))

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, index: Tensor) -> Batch:
        images = _drawn(self.pixels, index) / 127.5 - 1
        masks = None if self.masks is None else _drawn(self.masks, index) / 255
        colours = None if self.colours is None else _drawn(self.colours, index) / 127.5 - 1
        labels = None if self.labels is None else self.labels[index]
        return Batch(images, labels, masks, colours)

    def draw(self, size: int) -> Batch:
        # With replacement, since there may be fewer real images than a batch holds.
        return self[torch.randint(len(self), (size,), device=self.device)]

    def like(self, labels: Tensor) -> Batch:
        """Draw an image for each label, of the same label where the set has any, else of any.

        Of labelled images only.
        """
        count = self.counts[labels]
        first = (self.counts.cumsum(0) - self.counts)[labels]
        first, count = first * (count > 0), count.where(count > 0, len(self))
        draws = torch.rand(len(labels), dtype=torch.float64, device=self.labels.device)
        return self[self.by_label[first + (draws * count).long()]]


def _held(levels: np.ndarray | Rows | None, device: str) -> Tensor | Rows | None:
    """Levels uint8 [n, height, width] or [n, height, width, 3] where batches are drawn of them."""
    if levels is None or (isinstance(levels, Rows) and torch.device(device).type == "cpu"):
        return levels
    if not isinstance(levels, Rows):
        return torch.as_tensor(levels, device=device)
    held, done = torch.empty(levels.shape, dtype=torch.uint8, device=device), 0
    for block in levels.blocks():
        held[done : done + len(block)] = torch.from_numpy(block)
        done += len(block)
    return held


def _drawn(held: Tensor | Rows, index: Tensor) -> Tensor:
    """Levels at some places, float32 [b, channels, height, width]."""
    levels = torch.from_numpy(held[index.numpy()]) if isinstance(held, Rows) else held[index]
    levels = levels[:, None] if levels.ndim == 3 else levels.movedim(-1, 1)
    return levels.contiguous().float()
