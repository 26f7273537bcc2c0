"""A trained classifier as whoever uses it wants it: from images to probabilities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from realink.declared import LEARNERS
from realink.images.imagesets import Shape
from realink.images.resized import reduced
from realink.learners import encoded
from realink.store.checkpoints import learner_of, load
from realink.store.portable import to_onnx
from realink.store.rows import Rows

PIXELS = 400_000  # that a network sees at once: what a CPU's cache holds of its maps


class Classifier:
    """A classifier of the grid, whatever learned it, on the CPU.

    Attributes
    ----------
    learner : its name
    shape : of the images that it reads
    pretrained : ``name``, ``sha256`` and ``source`` of its backbone's weights, or None
    """

    def __init__(self, checkpoint: Path) -> None:
        """Load a checkpoint.

        Raises
        ------
        InputError
            It is none of a learner, or not of today's.
        """
        self.learner = learner_of(checkpoint)
        module = LEARNERS.load(self.learner)
        network = load(checkpoint, self.learner, module.model.Network, module.Settings)
        self.shape: Shape = network.shape
        self._whole = module.model.whole(network).eval()
        self.pretrained = None
        if encoded(self.learner):
            from realink.learners import backbone

            self.pretrained = backbone.about(network.settings.backbone, network.settings.weights)

    def scores(self, images: np.ndarray | Rows) -> np.ndarray:
        """Class probabilities, float32 [n, classes], of uint8 images of any size."""
        sized = reduced(images, self.shape.height, self.shape.width)
        with torch.inference_mode():
            return torch.cat([self._whole(batch) for batch in batches(sized)]).numpy()

    def to_onnx(self, record: Mapping[str, Any]) -> bytes:
        """The classifier as an ONNX model, see `realink.store.portable.to_onnx`."""
        return to_onnx(self._whole, self.shape, record)


def batches(
    images: np.ndarray | Rows, device: str | torch.device = "cpu"
) -> Iterator[torch.Tensor]:
    """Yield images as float32 [b, 1 or 3, height, width] in 0..1, channels last, on a device.

    Parameters
    ----------
    images : uint8 [n, height, width] or [n, height, width, 3], of which each part is read once;
        of none of them there is one batch, of none
    """
    size = max(1, PIXELS // (images.shape[1] * images.shape[2]))
    for start in range(0, max(1, len(images)), size):
        pixels = torch.from_numpy(np.array(images[start : start + size])).to(device)
        planes = pixels.unsqueeze(1) if pixels.ndim == 3 else pixels.permute(0, 3, 1, 2)
        yield planes.float().div_(255).contiguous(memory_format=torch.channels_last)
