"""Randomisation for things: rendered objects with colours of their own, as photographs vary.

What those do who have no real picture: solid and busy backgrounds, confetti that covers parts of an
object, Perlin noise (1985, SIGGRAPH) on it, and light from a skewed distribution
(Lopes da Silva & Fernandes 2022, on traffic signs); shadows, a cast, blur, and noise. Objects move
a little, and their edges may be cut off.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from realink.training.augmentation import blurred
from realink.translation.composing import Objects, jittered, under
from realink.translation.translators.randomised import Settings

JITTER = 0.1  # of size, as a logarithm; half of it of proportion and place
OCTAVES, FALL = 5, 0.7  # of noise: each has twice as many patches, that much weaker
VIVID = 0.3  # of random colours, what is left of them in backgrounds
PIECES = 8  # of confetti in a picture, at most
PIECE = 1 / 8  # longest side of one, in sides of the picture
LIGHT = (2.0, 2.2)  # of a beta distribution, the mean light of an object
BLUR = 1 / 64  # largest sigma, in sides
HARD = 10  # steepness of a shadow's edge


def compose(objects: Objects, settings: Settings) -> Tensor:
    """Compose pictures, float32 [b, channels, height, width] in 0..1."""
    objects = jittered(objects, JITTER)
    stained = 1 + settings.stains * _even(objects.covers) * _clouds(objects.covers)
    images = objects.colours * stained.clamp(0.2, 2)
    images = images + _ground(objects.colours, settings) * (1 - objects.covers)
    images = _confetti(images, settings.confetti)
    images = _shadowed(images, settings.shadow)
    images = _lit(images, objects.covers, settings)
    images = blurred(images, _even(images).flatten() ** 1.5 * BLUR * min(images.shape[2:]))
    noise = torch.randn_like(images) * settings.noise * _even(images) ** 2
    return (images + noise).clamp(0, 1)


def _ground(like: Tensor, settings: Settings) -> Tensor:
    """Backgrounds: a third of one colour, a third with a few soft patches, a third busy."""
    count, channels, height, width = like.shape
    flat = torch.rand(count, channels, 1, 1, device=like.device)
    patches = torch.randn(count, channels, 4, 4, device=like.device)
    soft = functional.interpolate(patches, (height, width), mode="bicubic")
    kind = torch.randint(3, (count, 1, 1, 1), device=like.device)
    pattern = torch.where(kind == 1, soft, _clouds(like)) * (kind > 0)
    ground = flat + 2 * settings.texture * _even(like) * pattern
    return torch.lerp(ground.mean(1, keepdim=True), ground, VIVID).clamp(0, 1)


def _clouds(like: Tensor) -> Tensor:
    """Smooth noise of several scales, of unit variance in each picture and channel."""
    count, channels, height, width = like.shape
    total = torch.zeros_like(like)
    for octave in range(OCTAVES):
        patches = 2 ** (octave + 1)
        if patches > max(height, width):
            break
        drawn = torch.randn(count, channels, patches, patches, device=like.device)
        total += FALL**octave * functional.interpolate(drawn, (height, width), mode="bicubic")
    return total / total.flatten(2).std(2)[:, :, None, None].clamp(min=1e-3)


def _confetti(images: Tensor, share: float) -> Tensor:
    """Lay pieces of random colours over a share of the pictures, up to `PIECES` on each."""
    count, channels, height, width = images.shape
    device = images.device
    down = torch.arange(height, device=device).view(1, height, 1) + 0.5
    across = torch.arange(width, device=device).view(1, 1, width) + 0.5
    pieces = torch.randint(1, PIECES + 1, (count, 1, 1), device=device)
    pieces = pieces * (torch.rand(count, 1, 1, device=device) < share)
    for place in range(PIECES):
        x, y, wide, high = torch.rand(4, count, 1, 1, device=device)
        # Half a pixel at least on each side of the middle.
        reach = PIECE / 2 * min(height, width)
        inside = (down - y * height).abs() < high * reach + 0.5
        inside = inside & ((across - x * width).abs() < wide * reach + 0.5)
        colour = torch.rand(count, channels, 1, 1, device=device)
        images = torch.where((inside & (place < pieces))[:, None], colour, images)
    return images


def _shadowed(images: Tensor, share: float) -> Tensor:
    """Darken one side of a share of the pictures, by up to 0.7 of the light."""
    height, width = images.shape[2:]
    angle = _even(images) * 2 * math.pi
    down = torch.linspace(-1, 1, height, device=images.device).view(1, 1, height, 1)
    across = torch.linspace(-1, 1, width, device=images.device)
    far = angle.cos() * across + angle.sin() * down - (_even(images) * 1.6 - 0.8)
    strength = 0.7 * _even(images) * (_even(images) < share)
    return images * (1 - strength * torch.sigmoid(2 * HARD * far))


def _lit(images: Tensor, covers: Tensor, settings: Settings) -> Tensor:
    """Draw the light of each object, flatten its contrast in some, and change its colours.

    Colours fade, as in haze and dim light, and get a cast.
    """
    faded = settings.fading * _even(images)
    images = torch.lerp(images, images.mean(1, keepdim=True), faded)
    light = torch.distributions.Beta(*LIGHT).sample((len(images),))
    light = light.to(images.device).view(-1, 1, 1, 1)
    mean = under(images.mean(1, keepdim=True), covers)
    steep = light / mean.clamp(min=0.08) * (1 - 0.8 * _even(images) ** 2)
    tint = torch.rand(len(images), images.shape[1], 1, 1, device=images.device)
    return (light + (images - mean) * steep) * ((2 * tint - 1) * settings.cast).exp()


def _even(images: Tensor) -> Tensor:
    return torch.rand(len(images), 1, 1, 1, device=images.device)
