"""A classifier that says how sure it is, and whether a picture is like any that it knows."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from realink.images.imagesets import Shape

LEAST = 1e-30  # probability whose logarithm is taken


class Seeing(nn.Module):
    """Images, float32 [n, c, h, w] in 0..1, to class probabilities and features.

    Features, float32 [n, d] of length 1, are what its last linear layer reads, a mean where it
    reads mirror images, too; of a network without one, the logarithms of its probabilities.

    Parameters
    ----------
    whole : from such images to probabilities, in evaluation mode, on the CPU
    shape : of the images
    """

    def __init__(self, whole: nn.Module, shape: Shape) -> None:
        super().__init__()
        self.whole = whole
        called: list[nn.Module] = []
        # The last that is called, not the last that there is: backbones have linear layers, too.
        layers = [layer for layer in whole.modules() if isinstance(layer, nn.Linear)]
        hooks = [layer.register_forward_hook(lambda it, *_: called.append(it)) for layer in layers]
        with torch.inference_mode():
            whole(torch.zeros(1, shape.channels, shape.height, shape.width))
        for hook in hooks:
            hook.remove()
        self._last = called[-1:]  # in a list, or it would be a part of this network twice

    @property
    def linear(self) -> bool:
        """Whether it ends in a linear layer."""
        return bool(self._last)

    def read(self, images: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Probabilities, and what the last linear layer read: once, and once of mirror images."""
        read: list[torch.Tensor] = []
        hooks = [
            layer.register_forward_hook(lambda _, inputs, __: read.append(inputs[0]))
            for layer in self._last
        ]
        try:
            probabilities = self.whole(images)
        finally:
            for hook in hooks:
                hook.remove()
        return probabilities, read

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        probabilities, read = self.read(images)
        features = sum(read) if read else probabilities.clamp(min=LEAST).log()
        return probabilities, F.normalize(features.float().flatten(1))


class Trusted(nn.Module):
    """Images, float32 [n, c, h, w] in 0..1, to calibrated probabilities and how unknown they are.

    Unknown is, float32 [n] in 0..2, one less the cosine to the most similar image that is known
    (nearest neighbour in normalised features: Sun et al. 2022, arXiv:2204.06507).

    Parameters
    ----------
    whole, shape : see `Seeing`
    temperature : that the logits are divided by (Guo et al. 2017, arXiv:1706.04599)
    known : float [m, d], features of images that are known
    """

    def __init__(
        self, whole: nn.Module, shape: Shape, temperature: float, known: torch.Tensor
    ) -> None:
        super().__init__()
        self.seeing, self.temperature = Seeing(whole, shape), temperature
        # Half as large, and as near to one another.
        self.register_buffer("known", known.half())

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        probabilities, features = self.seeing(images)
        logits = probabilities.clamp(min=LEAST).log() / self.temperature
        return logits.softmax(1), 1 - (features @ self.known.float().T).amax(1)
