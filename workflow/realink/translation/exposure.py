"""How a picture was taken: its light, how sharp it is and its noise; and pictures brought to that.

Images are float32 [b, channels, height, width] in 0..1. Nothing here looks for objects.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from realink.training.augmentation import blurred
from realink.translation.composing import Objects

MIDDLE = 0.6  # of each side, where a picture shows what it is of
FLATTEST, STEEPEST = 0.1, 1.6  # factors of an object's contrast
FLAT = 1 / 255  # spread of the light, below which a picture shows nothing
FAINT = 0.05  # spread of an object's light, below which it is taken for that
SHARPEST, BLURS = 0.1, 12  # pixels, of the Gaussian filters that are tried, and how many
SOFTEST = 1 / 9  # sigma of the strongest, in sides
NORM = 1 / 0.6745 / 6  # from Laplacians' median size to the noise's standard deviation


class Light(NamedTuple):
    """Exposure and contrast: mean and spread of the light, float32 [b, 1, 1, 1] each."""

    mean: Tensor
    spread: Tensor


def light(images: Tensor) -> Light:
    """Measure the light of pictures' middles."""
    grey = middle(images).mean(1).flatten(1)
    return Light(*(value.view(-1, 1, 1, 1) for value in (grey.mean(1), grey.std(1))))


def light_of(objects: Objects) -> Light:
    """Measure the light of objects, where they cover."""
    area = objects.covers.sum((2, 3), keepdim=True).clamp(min=1)
    grey = objects.colours.mean(1, keepdim=True)
    mean = grey.sum((2, 3), keepdim=True) / area
    off = (grey - mean * objects.covers).square().sum((2, 3), keepdim=True) / area
    return Light(mean, off.sqrt())


def middle(images: Tensor) -> Tensor:
    """The middle of pictures, two thirds of each side about, three pixels at the least."""
    height, width = images.shape[2:]
    down, across = (
        min(round(side * (1 - MIDDLE) / 2), (side - 3) // 2) for side in (height, width)
    )
    return images[:, :, down : height - down, across : width - across]


def exposed(objects: Objects, real: Light) -> Tensor:
    """Bring objects' light to the mean and spread of real pictures'; their colours times covers.

    Statistics are transferred as by Reinhard et al. (2001, IEEE CG&A 21), but all channels alike,
    so that hues stay.
    """
    own = light_of(objects)
    gain = (real.spread / own.spread.clamp(min=FAINT)).clamp(FLATTEST, STEEPEST)
    return objects.colours * gain + (real.mean - gain * own.mean) * objects.covers


def faded(objects: Objects, most: float) -> Objects:
    """Take up to so much of each object's colour away, as haze and dim light do."""
    part = most * torch.rand(len(objects.covers), 1, 1, 1, device=objects.covers.device)
    grey = objects.colours.mean(1, keepdim=True)
    return objects._replace(colours=torch.lerp(objects.colours, grey, part))


def sharpness(images: Tensor) -> Tensor:
    """How much neighbours differ, over the spread of the light, in pictures' middles; [b].

    Infinite where all is flat: then it says nothing of how sharp a picture is.
    """
    grey = middle(images).mean(1)
    down = grey[:, 1:, :-1] - grey[:, :-1, :-1]
    across = grey[:, :-1, 1:] - grey[:, :-1, :-1]
    steep = (down.square() + across.square()).mean((1, 2)).sqrt()
    spread = grey.flatten(1).std(1)
    return torch.where(spread > FLAT, steep / spread.clamp(min=FLAT), torch.inf)


def as_sharp(images: Tensor, wanted: Tensor) -> Tensor:
    """Blur pictures until none is sharper than wanted, [b]; one that is not stays as it is."""
    longest = max(SOFTEST * min(images.shape[2:]), 2 * SHARPEST)
    sigmas = torch.logspace(math.log10(SHARPEST), math.log10(longest), BLURS)
    made, sharper = images.clone(), sharpness(images) > wanted
    for sigma in sigmas:
        left = sharper.nonzero()[:, 0]
        if not len(left):
            break
        made[left] = blurred(images[left], sigma)
        sharper[left] = sharpness(made[left]) > wanted[left]
    return made


def noise(images: Tensor) -> Tensor:
    """Standard deviation of pictures' noise, [b], from the median size of their Laplacians.

    As Immerkaer (1996, CVIU 64) from the mean, which the texture of what is shown would raise.
    """
    kernel = torch.tensor([[1.0, -2, 1], [-2, 4, -2], [1, -2, 1]], device=images.device)
    grey = images.mean(1, keepdim=True)
    return NORM * functional.conv2d(grey, kernel.view(1, 1, 3, 3)).abs().flatten(1).median(1).values
