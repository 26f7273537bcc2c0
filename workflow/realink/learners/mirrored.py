"""Scores of a network on a pretrained one: of images, and of their mirror images if these help."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from realink.images.features import Features

AT_ONCE = 64  # images whose features, or maps, a network reads at once


def predict(
    network: nn.Module, features: Features, *, device: str | torch.device = "cpu"
) -> np.ndarray:
    """Class probabilities, float32 [n, classes], of images as they are and mirrored.

    Parameters
    ----------
    network : its buffer `mirrored`, bool [], says whether mirror images are read, too
    """
    made = []
    with torch.inference_mode():
        for start in range(0, max(1, len(features)), AT_ONCE):
            views = features.values[: 1 + int(network.mirrored), start : start + AT_ONCE]
            scores = [network(torch.from_numpy(view).to(device)).softmax(1) for view in views]
            made.append(torch.stack(scores).mean(0).cpu())
    return torch.cat(made).numpy()


class Whole(nn.Module):
    """Images, float32 [n, c, h, w] in 0..1, to class probabilities, float32 [n, classes].

    `encoder` makes of images what `network` reads.
    """

    def __init__(self, network: nn.Module, encoder: nn.Module) -> None:
        super().__init__()
        self.network, self.encoder = network, encoder
        self.mirrored = bool(network.mirrored)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        scores = self.network(self.encoder(images)).softmax(1)
        if not self.mirrored:
            return scores
        return (scores + self.network(self.encoder(images.flip(3))).softmax(1)) / 2
