"""Augmentation on the fly: every image of a batch is moved, bent and photographed by itself."""

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch.nn import functional as F

FAINTEST_WAVE = 0.03  # of the bending: amplitude after the filter, below which one is left out
WAVES = 16  # of the bending along an axis, at most


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Strength of the augmentation; each image draws its own values.

    They are even in -limit..limit, or in 0..limit for blur and noise. Where a limit of light,
    blur, noise or inversion is 0, nothing is drawn or computed for it. Light is in fractions of
    the full range, from 0, black, to 1, white.
    """

    rotation: float  # limit in degrees
    scale: float  # limit of the logarithm of the size
    aspect: float  # limit of half the logarithm of width / height
    shear: float  # limit of the sideways shift per height
    shift: float  # limit in pixels, along each axis
    elastic: float  # root mean square of the bending, in pixels along each axis
    smoothness: float  # of the bending: sigma of its Gaussian filter, in pixels

    brightness: float = 0.0  # limit of what all pixels gain
    contrast: float = 0.0  # limit of the logarithm of the factor about the image's mean
    colour: float = 0.0  # limit of the logarithm of each channel's factor; nothing in grey images
    gradient: float = 0.0  # limit of the light's rise from one side of the image to the other
    blur: float = 0.0  # limit of the Gaussian filter's sigma, in pixels
    noise: float = 0.0  # limit of the standard deviation of Gaussian noise
    invert: float = 0.0  # probability of the negative


@torch.no_grad()
def augment(images: torch.Tensor, settings: Settings) -> torch.Tensor:
    """Move, bend and photograph each image of float32 [n, channels, height, width] in 0..1.

    Random numbers come from torch's global generator of the images' device.
    """
    # With colours last in memory, blur and noise take twice as long.
    images = _moved(images.contiguous(), settings)
    if settings.blur:
        images = blurred(images, torch.rand(len(images), device=images.device) * settings.blur)
    images = _lit(images, settings)
    if settings.noise:
        sigma = torch.rand(len(images), 1, 1, 1, device=images.device) * settings.noise
        images = torch.addcmul(images, torch.randn_like(images), sigma)
    bright = settings.brightness or settings.contrast or settings.colour or settings.gradient
    # A camera's values end at black and white.
    return images.clamp_(0, 1) if bright or settings.noise else images


def _moved(images: torch.Tensor, settings: Settings) -> torch.Tensor:
    """Turn, stretch, shear, shift and bend each image; outside it, its border is repeated.

    The bending is a Gaussian-filtered random displacement (Simard et al. 2003, ICDAR). All of it
    is one bilinear resampling; kornia's two transforms, each a resampling of its own, took eight
    times as long on a CPU.
    """
    count, _, height, width = images.shape
    device = images.device
    basis = _basis(height, width, settings.smoothness, device)
    draws = _even(count, 6, device=device)
    angle, shear = draws[:, 0] * math.radians(settings.rotation), draws[:, 1] * settings.shear
    scale, aspect = draws[:, 2] * settings.scale, draws[:, 3] * settings.aspect
    wide, high = torch.exp(scale + aspect), torch.exp(scale - aspect)
    cos, sin = angle.cos(), angle.sin()
    affine = torch.stack(
        [
            torch.stack([cos * wide, sin * wide], 1),
            torch.stack([(cos * shear - sin) * high, (sin * shear + cos) * high], 1),
            draws[:, 4:] * settings.shift,
        ]
    )
    bend = torch.randn(basis.shape[1] - 3, count, 2, device=device) * settings.elastic
    # grid_sample counts each side as 2 units.
    units = torch.tensor([2 / width, 2 / height], device=device)
    # Every grid is linear in its image's numbers, so one product makes them all.
    grids = basis @ (torch.cat([affine, bend]) * units).flatten(1)
    grids = grids.view(height, width, count, 2).permute(2, 0, 1, 3).contiguous()
    return F.grid_sample(images, grids, padding_mode="border", align_corners=False)


@lru_cache(maxsize=4)
def _basis(height: int, width: int, smoothness: float, device: torch.device) -> torch.Tensor:
    """What `_moved`'s grids are sums of: x, y, 1 and bending waves, [height * width, 3 + waves].

    x and y are pixels from the image's centre. The waves are the cosine transform of
    Gaussian-filtered white noise, but for the constant, without those that the filter all but
    removes; the mean square of a random sum with unit variances is 1.
    """
    down, across = _waves(height, smoothness), _waves(width, smoothness)
    bends = torch.einsum("yi,xj->yxij", down, across).flatten(2).flatten(0, 1)[:, 1:]
    bends = bends / bends.square().sum(1).mean().sqrt()
    y, x = torch.meshgrid(_from_centre(height), _from_centre(width), indexing="ij")
    affine = torch.stack([x, y, torch.ones(height, width)], dim=2).flatten(0, 1)
    return torch.cat([affine, bends], dim=1).to(device)


def _waves(side: int, smoothness: float) -> torch.Tensor:
    order = torch.arange(min(side, WAVES))
    factor = torch.exp(-((math.pi * order * smoothness / side) ** 2) / 2)
    # Two at least, so that a small picture bends as well.
    kept = (factor > FAINTEST_WAVE) | (order < 2)
    centre = (torch.arange(side) + 0.5) / side
    waves = torch.cos(math.pi * centre[:, None] * order) * torch.where(order > 0, 2**0.5, 1.0)
    return (waves * factor)[:, kept]


def blurred(images: torch.Tensor, sigma: torch.Tensor | float) -> torch.Tensor:
    """Filter images by a Gaussian, one for all or one for each.

    As products with a matrix for each image and axis, whose rows sum to 1, so that borders stay
    as light as they are: torch's convolutions filter a whole batch alike. As an augmentation:
    Chen et al. (2020, arXiv:2002.05709).

    Parameters
    ----------
    images : float32 [n, channels, height, width]
    sigma : pixels, a number or [n]; below 0.1 it leaves a pixel as it is, and is taken for that
    """
    sigma = torch.as_tensor(sigma, device=images.device).view(-1, 1, 1).clamp(min=0.1)

    def filters(side: int) -> torch.Tensor:
        place = torch.arange(side, dtype=torch.float32, device=images.device)
        powers = (place[:, None] - place).square() / (-2 * sigma.square())
        # Weights below float32's normal range make the products four times as slow.
        return torch.softmax(powers.clamp(min=-30), dim=-1)

    height, width = images.shape[2:]
    rows = images.flatten(1, 2) @ filters(width).mT
    return filters(height)[:, None] @ rows.view(images.shape)


def _lit(images: torch.Tensor, settings: Settings) -> torch.Tensor:
    """Change each image's light and colours, and invert some: one linear change of each channel.

    Brightness, contrast and colour as Howard (2013, arXiv:1312.5402), the negative as Cubuk et
    al. (2018, arXiv:1805.09501); the gradient is a lamp that is nearer to one side.
    """
    (count, channels, height, width), device = images.shape, images.device
    gain, rise = torch.ones(1, device=device), torch.zeros(1, device=device)
    if settings.contrast:
        gain = torch.exp(_even(count, 1, 1, 1, device=device) * settings.contrast)
        rise = images.mean((1, 2, 3), keepdim=True) * (1 - gain)
    if settings.colour and channels > 1:
        tint = torch.exp(_even(count, channels, 1, 1, device=device) * settings.colour)
        gain, rise = gain * tint, rise * tint
    if settings.brightness:
        rise = rise + _even(count, 1, 1, 1, device=device) * settings.brightness
    if settings.invert:
        negative = torch.rand(count, 1, 1, 1, device=device) < settings.invert
        gain, rise = torch.where(negative, -gain, gain), torch.where(negative, 1 - rise, rise)
    if gain.ndim > 1 or rise.ndim > 1:
        images = (images * gain).add_(rise)
    if settings.gradient:
        slope = _even(count, 1, 1, 1, device=device) * settings.gradient
        angle = torch.rand(count, 1, 1, 1, device=device) * math.pi
        across = _from_centre(width).to(device) / width * angle.cos()
        down = _from_centre(height).to(device)[:, None] / height * angle.sin()
        images = images + slope * (across + down)
    return images


def _even(*shape: int, device: torch.device) -> torch.Tensor:
    return torch.rand(*shape, device=device) * 2 - 1


def _from_centre(side: int) -> torch.Tensor:
    return torch.arange(side) + 0.5 - side / 2
