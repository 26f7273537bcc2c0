"""A trained classifier as whoever uses it wants it: from images to probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from realink.declared import LEARNERS
from realink.errors import InputError
from realink.images.imagesets import Shape
from realink.images.resized import reduced
from realink.learners import encoded
from realink.learners.batches import batches
from realink.learners.trusted import Seeing, Trusted
from realink.store.checkpoints import learner_of, load
from realink.store.rows import Rows


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

    def features(self, images: np.ndarray | Rows) -> np.ndarray:
        """Features, float32 [n, d] of length 1, of uint8 images of any size: what it goes by."""
        sized = reduced(images, self.shape.height, self.shape.width)
        seeing = Seeing(self._whole, self.shape)
        with torch.inference_mode():
            return torch.cat([seeing(batch)[1] for batch in batches(sized)]).numpy()

    def seen(self, images: np.ndarray | Rows) -> tuple[np.ndarray, np.ndarray]:
        """Class probabilities, and features as the last layer reads them, a mean where mirrored.

        float32 [n, classes] and [n, d], of uint8 images of any size.

        Raises
        ------
        InputError
            The network does not end in a linear layer.
        """
        sized = reduced(images, self.shape.height, self.shape.width)
        seeing = Seeing(self._whole, self.shape)
        if not seeing.linear:
            raise InputError(
                f"the learner {self.learner} does not end in a linear layer, whose features "
                "pictures could be told apart by"
            )
        scores, features = [], []
        with torch.inference_mode():
            for batch in batches(sized):
                probabilities, read = seeing.read(batch)
                scores.append(probabilities)
                features.append(torch.stack(read).float().flatten(2).mean(0))
        return torch.cat(scores).numpy(), torch.cat(features).numpy()

    def to_onnx(self, record: Mapping[str, Any], *, temperature: float, known: np.ndarray) -> bytes:
        """The classifier as an ONNX model, see `realink.store.portable.to_onnx`.

        Parameters
        ----------
        temperature : of its probabilities
        known : float [n, d], `features` of images that it knows, from which others lie far
        """
        # It loads onnx, for which others need not wait.
        from realink.store.portable import to_onnx

        made = Trusted(self._whole, self.shape, temperature, torch.from_numpy(known))
        return to_onnx(made, self.shape, record)
