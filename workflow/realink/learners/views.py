"""Views: versions of an image set that a backbone sees."""

from __future__ import annotations

import numpy as np
import torch

from realink.training import augmentation

AS_IS, MIRRORED = 0, 1  # all others are augmented
# As strong as pretrained networks are used to; in pixels for images of 100.
ROTATION, SCALE, SHIFT = 10, 0.2, 8


def view(images: np.ndarray, number: int, seed: int) -> np.ndarray:
    """One view of some images.

    Parameters
    ----------
    images : uint8 [n, height, width] or [n, height, width, 3]
    number : 0, the images as they are; 1, mirrored sideways; else augmented, each by itself
    seed : of the augmentation

    Returns
    -------
    uint8, like `images`
    """
    if number == AS_IS:
        return images
    if number == MIRRORED:
        return np.ascontiguousarray(images[:, :, ::-1])
    pixels = images if images.ndim == 4 else images[..., None]
    light = torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2).float() / 255
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        light = augmentation.augment(light, policy(max(images.shape[1:3])))
    moved = (light.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1)
    return moved.contiguous().numpy().reshape(images.shape)


def policy(side: int) -> augmentation.Settings:
    """How images whose longer side has so many pixels are augmented."""
    return augmentation.Settings(
        rotation=ROTATION,
        scale=SCALE,
        aspect=0.1,
        shear=0.1,
        shift=SHIFT * side / 100,
        elastic=0,
        smoothness=side / 4,
        brightness=0.1,
        contrast=0.2,
        colour=0.1,
    )
