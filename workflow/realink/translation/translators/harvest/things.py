"""Harvest for things: rendered objects with colours of their own, in the light of real pictures.

An object keeps its colours and, but for some jitter, the place that the renderer gave it. One real
picture gives exposure, contrast, sharpness and noise; another one, blurred, is what is behind it.
Nothing is cut out of real pictures, so it does not matter whether an object can be found in them.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from realink.training.augmentation import blurred
from realink.translation.composing import Objects, jittered
from realink.translation.exposure import as_sharp, exposed, faded, light, noise, sharpness
from realink.translation.translators.harvest import Settings

BEHIND = (1 / 64, 1 / 5)  # sigma of what is behind, in sides: from grainy to smooth


def compose(objects: Objects, taken: Tensor, behind: Tensor, settings: Settings) -> Tensor:
    """Compose pictures, float32 [b, channels, height, width] in 0..1.

    Parameters
    ----------
    taken, behind : real pictures, as many of both: how each is to look, and what is behind it
    """
    device, side = taken.device, min(taken.shape[2:])
    objects = faded(jittered(objects, settings.jitter), settings.fading)
    low, high = (math.log(end * side) for end in BEHIND)
    ground = blurred(behind, (low + torch.rand(len(behind), device=device) * (high - low)).exp())
    made = ground * (1 - objects.covers) + exposed(objects, light(taken))
    made = as_sharp(made, sharpness(taken))
    # Measured in grey, so drawn in grey.
    grain = torch.randn_like(made[:, :1]) * noise(taken).view(-1, 1, 1, 1)
    return (made + grain).clamp(0, 1)
