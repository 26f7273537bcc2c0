"""Real pictures taken apart into an object and what is behind it.

The object is the side of a threshold (Otsu 1979, IEEE Trans. SMC 9) on the light, less the slow
changes of that light, which is rarer at the rim, as far as it reaches into the middle; the
background is filled in from around it (normalised convolution: Knutsson & Westin 1993, CVPR).
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from realink.training.augmentation import blurred
from realink.translation.composing import edges, extents, under

RIM = 1 / 7  # of each side: where an object is rarer than the background
MIDDLE = 1 / 4  # of each side: what an object reaches into lies further inside
COARSE = 48  # longest side, in pixels, on which an object is looked for
SLOW = 1 / 4  # sigma, in sides, beyond which light is a lamp's or a shadow's
NEAR = 1 / 13  # sigma, in sides, from within which a background is filled in; `SLOW` if none is
TOLD = 2  # times the spreads of object and ground, by which their colours must differ


class Looks(NamedTuple):
    """What real images look like, but for their objects' shapes.

    field : float32 [b, channels, height, width], the background's slow colours
    grain : the same, the background less its field
    offset : float32 [b, channels, 1, 1], the object's colour less the field's
    extent : float32 [b, 4], the object's top, bottom, left and right, in pixels
    """

    field: Tensor
    grain: Tensor
    offset: Tensor
    extent: Tensor


def take_apart(images: Tensor) -> Looks:
    """Take real images, float32 [b, channels, height, width] in 0..1, apart into their looks."""
    found = find(images.mean(1, keepdim=True))
    side = min(images.shape[2:])
    # Pixels next to an object have a part of its colour.
    around = 1 - _grown(found, max(1, round(side / 20)))
    slow = blurred(images * around, SLOW * side) / blurred(around, SLOW * side).clamp(min=1e-4)
    weight = blurred(around, NEAR * side)
    field = (blurred(images * around, NEAR * side) + 0.02 * slow) / (weight + 0.02)
    core = 1 - _grown(1 - found, 1)
    core = torch.where(core.sum((2, 3), keepdim=True) > 5, core, found)
    return Looks(field, (images - field) * around, under(images - field, core), extents(found))


def find(light: Tensor) -> Tensor:
    """Find the objects of pictures, float32 [b, 1, height, width]: their covers, 0 or 1."""
    size = light.shape[2:]
    if max(size) > COARSE:
        smaller = [max(16, round(side * COARSE / max(size))) for side in size]
        light = functional.interpolate(light, smaller, mode="area")
    height, width = light.shape[2:]
    down, across = round(height * RIM), round(width * RIM)
    flat = light - blurred(light, SLOW * min(height, width))
    inner = flat[:, :, down:-down, across:-across]
    high = flat > _threshold(inner.flatten(1)).view(-1, 1, 1, 1)
    common = edges(high, RIM).float().mean(1).view(-1, 1, 1, 1) > 0.5
    found = high ^ common
    found &= (flat.amax((2, 3), keepdim=True) - flat.amin((2, 3), keepdim=True)) > 1e-3
    found = (found & _inside(found, 1 / 16)).float()
    reached = found * _inside(found, MIDDLE)
    for _ in range(max(height, width) // 2):  # what is connected with the middle
        reached = _grown(reached, 1) * found
    return functional.interpolate(reached, size)


def told_from_ground(images: Tensor) -> Tensor:
    """Whether an object can be told in each picture, float32 [b, c, h, w] in 0..1; bool [b].

    Its colour then differs from that around it by over `TOLD` times what the two vary by.
    """
    found = find(images.mean(1, keepdim=True))
    wide = max(2, min(images.shape[2:]) // 6)
    means, variances = [], []
    for part in found, _grown(found, wide) - _grown(found, 1):
        means.append(under(images, part))
        variances.append(under((images - means[-1]).square(), part))
    differ, vary = (means[0] - means[1]).square().mean(1), sum(variances).mean(1)
    told = differ > TOLD**2 * vary.clamp(min=1e-6)
    return told.flatten() & (found.sum((1, 2, 3)) > 0)


def _inside(like: Tensor, share: float) -> Tensor:
    """What is further than a share of each side from the rim, bool [height, width]."""
    height, width = like.shape[2:]
    down, across = round(height * share), round(width * share)
    inside = torch.zeros(height, width, dtype=torch.bool, device=like.device)
    inside[down : height - down, across : width - across] = True
    return inside


def _threshold(values: Tensor) -> Tensor:
    """Otsu's threshold of each row of [b, n]: that between the two groups furthest apart, [b]."""
    ordered = values.sort(1).values
    n = values.shape[1]
    share = torch.arange(1, n, device=values.device) / n
    sums = ordered.cumsum(1)
    low = sums[:, :-1] / (share * n)
    high = (sums[:, -1:] - sums[:, :-1]) / ((1 - share) * n)
    place = (share * (1 - share) * (high - low).square()).argmax(1, keepdim=True)
    return (ordered.gather(1, place) + ordered.gather(1, place + 1))[:, 0] / 2


def _grown(covers: Tensor, pixels: int) -> Tensor:
    covers = functional.max_pool2d(covers, (2 * pixels + 1, 1), 1, (pixels, 0))
    return functional.max_pool2d(covers, (1, 2 * pixels + 1), 1, (0, pixels))
