"""Harvest for things: rendered objects with colours of their own, in the light of real pictures.

An object keeps its colours and, but for some jitter, the place that the renderer gave it. One real
picture gives exposure, contrast, sharpness and noise; the same or another one, blurred, is behind.
Nothing is cut out of real pictures, so it does not matter whether an object can be found in them.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from realink.training.augmentation import blurred
from realink.translation.composing import Objects, placed
from realink.translation.exposure import as_sharp, exposed, light, noise, sharpness
from realink.translation.translators.harvest import Settings

BEHIND = (1 / 64, 1 / 5)  # sigma of what is behind, in sides: from grainy to smooth


def compose(objects: Objects, taken: Tensor, others: Tensor, settings: Settings) -> Tensor:
    """Compose pictures, float32 [b, channels, height, width] in 0..1.

    Parameters
    ----------
    taken, others : real pictures, as many of both: how each is to look, and what may be behind it
    """
    device, side = taken.device, min(taken.shape[2:])
    draws = torch.randn(len(taken), 4, device=device) * settings.jitter
    size, proportion = draws[:, 0].exp(), (draws[:, 1] / 2).exp()
    objects = placed(objects, size, proportion, draws[:, 2:] / 2)
    low, high = (math.log(end * side) for end in BEHIND)
    exchanged = torch.rand(len(taken), 1, 1, 1, device=device) < settings.exchange
    ground = torch.where(exchanged, others, taken)
    ground = blurred(ground, (low + torch.rand(len(taken), device=device) * (high - low)).exp())
    made = ground * (1 - objects.covers) + exposed(objects, light(taken))
    made = as_sharp(made, sharpness(taken))
    # Measured in grey, so drawn in grey.
    grain = torch.randn_like(made[:, :1]) * noise(taken).view(-1, 1, 1, 1)
    return (made + grain).clamp(0, 1)
