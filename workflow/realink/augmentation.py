"""Augmentation on the fly: every image of a batch is bent and moved by itself."""

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch.nn import functional as F

WAVES = 6  # cosines an axis that the bending is a sum of


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Strength of the augmentation; each image draws its own values, evenly up to the limits."""

    rotation: float  # limit in degrees
    scale: float  # limit of the logarithm of the size
    aspect: float  # limit of half the logarithm of width / height
    shear: float  # limit of the sideways shift per height
    shift: float  # limit in pixels, along each axis
    elastic: float  # root mean square of the bending, in pixels along each axis
    smoothness: float  # of the bending: sigma of its Gaussian filter, in pixels


@torch.no_grad()
def augment(images: torch.Tensor, settings: Settings) -> torch.Tensor:
    """Turn, stretch, shear, shift and bend each image of [n, 1, side, side] in 0..1 by itself.

    The bending is a Gaussian-filtered random displacement (Simard et al. 2003, ICDAR). All of it
    is one bilinear resampling with paper outside; kornia's two transforms, each a resampling of
    its own, took eight times as long on a CPU. Random numbers come from torch's global generator
    of the images' device.
    """
    count, side, device = len(images), images.shape[-1], images.device
    basis = _basis(side, settings.smoothness, device)
    draws = torch.rand(count, 6, device=device) * 2 - 1
    angle, shear = draws[:, 0] * math.radians(settings.rotation), draws[:, 1] * settings.shear
    scale, aspect = draws[:, 2] * settings.scale, draws[:, 3] * settings.aspect
    wide, high = torch.exp(scale + aspect), torch.exp(scale - aspect)
    cos, sin = angle.cos(), angle.sin()
    # grid_sample counts a side as 2 units.
    shift = draws[:, 4:] * (2 * settings.shift / side)
    affine = torch.stack(
        [
            torch.stack([cos * wide, sin * wide], 1),
            torch.stack([(cos * shear - sin) * high, (sin * shear + cos) * high], 1),
            shift,
        ]
    )
    bend = torch.randn(basis.shape[1] - 3, count, 2, device=device)
    bend *= 2 * settings.elastic / side
    # Every grid is linear in its image's numbers, so one product makes them all.
    grids = basis @ torch.cat([affine, bend]).flatten(1)
    grids = grids.view(side, side, count, 2).permute(2, 0, 1, 3).contiguous()
    return F.grid_sample(images, grids, padding_mode="zeros", align_corners=False)


@lru_cache(maxsize=4)
def _basis(side: int, smoothness: float, device: torch.device) -> torch.Tensor:
    """What `augment`'s grids are sums of: x, y, 1 and bending waves, [side * side, 3 + 35].

    The cosine transform of Gaussian-filtered white noise, but for the constant, cut at `WAVES`
    an axis; the mean square of a random sum with unit variances is 1.
    """
    centre = (torch.arange(side) + 0.5) / side
    order = torch.arange(WAVES)
    waves = torch.cos(math.pi * centre[:, None] * order) * torch.where(order > 0, 2**0.5, 1.0)
    waves = waves * torch.exp(-((math.pi * order * smoothness / side) ** 2) / 2)
    bends = torch.einsum("yi,xj->yxij", waves, waves).flatten(2).flatten(0, 1)[:, 1:]
    bends = bends / bends.square().sum(1).mean().sqrt()
    across = (2 * centre - 1).expand(side, side)
    affine = torch.stack([across, across.T, torch.ones(side, side)], dim=2).flatten(0, 1)
    return torch.cat([affine, bends], dim=1).to(device)
