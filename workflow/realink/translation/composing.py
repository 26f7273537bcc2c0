"""Pictures composed of shapes, colours and backgrounds: what translators without training share.

Images are float32 [b, channels, height, width] in 0..1; covers, float32 [b, 1, height, width], are
1 where an object hides what is behind it. All chance comes from torch's global generators.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from realink.training.augmentation import blurred
from realink.translation.loop import Batch

ALIKE = 4 / 255  # largest difference between a drawing and its mask
WHOLE = 0.9  # mean cover at the rim from which an object fills its picture
TAIL = 0.02  # share of an object's mass that may lie beyond each side of its extent


class Objects(NamedTuple):
    """Rendered objects, cut out.

    covers : float32 [b, 1, height, width]
    colours : float32 [b, channels, height, width], times the covers
    plain : bool [b, 1, 1, 1], whether one is only a shape: its colour is the renderer's choice
    """

    covers: Tensor
    colours: Tensor
    plain: Tensor


def cut_out(rendered: Batch) -> Objects:
    """Cut rendered objects out of their backgrounds.

    By their masks; a picture that equals its mask or the mask's negative, as a drawn glyph does, is
    only a shape. Others keep their colours on no background, where these are known: a rim of the
    background that they were laid on would come along. Where there are no masks, a picture without
    colours is a shape, too, as strong as its light differs from the rim's side of the scale; one
    with colours is all object.
    """
    light = (rendered.images + 1) / 2
    grey = light.mean(1, keepdim=True)
    if rendered.masks is None:
        drab = _largest(light - grey) <= ALIKE
        bright = edges(grey).mean(1).view(-1, 1, 1, 1) > 0.5
        shape = torch.where(bright, 1 - grey, grey)
        covers, plain = torch.where(drab, shape, torch.ones_like(grey)), drab
    else:
        covers = rendered.masks
        plain = _largest(light - covers) <= ALIKE
        plain |= _largest(1 - light - covers) <= ALIKE
    colours = light if rendered.colours is None else (rendered.colours + 1) / 2
    return Objects(covers, colours * covers, plain)


def _largest(difference: Tensor) -> Tensor:
    return difference.abs().amax((1, 2, 3), keepdim=True)


def by_kind(
    rendered: Batch, shapes: Callable[[Objects], Tensor], things: Callable[[Objects], Tensor]
) -> Tensor:
    """Compose what is only a shape one way, and what has colours of its own another way.

    This is the one place where translators tell glyphs from things, each picture by what it holds.

    Parameters
    ----------
    shapes, things : from objects of one kind to as many images in 0..1

    Returns
    -------
    float32 [b, channels, height, width] in [-1, 1], as `Batch` has them
    """
    objects = cut_out(rendered)
    plain = objects.plain.flatten()
    made = torch.empty_like(rendered.images)
    for kind, compose in ((plain, shapes), (~plain, things)):
        if kind.any():
            made[kind] = compose(Objects(*(part[kind] for part in objects)))
    return 2 * made - 1


def jittered(objects: Objects, spread: float) -> Objects:
    """Move objects a little: by `spread` of the logarithm of size, and half of it of the rest."""
    draws = torch.randn(len(objects.covers), 4, device=objects.covers.device) * spread
    return placed(objects, draws[:, 0].exp(), (draws[:, 1] / 2).exp(), draws[:, 2:] / 2)


def placed(objects: Objects, size: Tensor, proportion: Tensor, shift: Tensor) -> Objects:
    """Enlarge and shift objects about the picture's middle; parts may leave the picture.

    One that reaches the rim all around, as a picture without an alpha channel does, is not reduced,
    and only shifted as far as it still fills the picture.

    Parameters
    ----------
    size, proportion : float32 [b], factors of the height, and of the width beside it
    shift : float32 [b, 2], to the right and down, in sides of the picture
    """
    whole = edges(objects.covers).mean(1) > WHOLE
    high, wide = size, size * proportion
    high, wide = (torch.where(whole, side.clamp(min=1), side) for side in (high, wide))
    room = torch.where(whole[:, None], (torch.stack([wide, high], 1) - 1) / 2, math.inf)
    shift = torch.maximum(torch.minimum(shift, room), -room)
    affine = torch.zeros(len(size), 2, 3, device=size.device)
    affine[:, 0, 0], affine[:, 1, 1] = 1 / wide, 1 / high
    # affine_grid counts a side as 2 units.
    affine[:, :, 2] = -2 * shift / torch.stack([wide, high], 1)
    layers = torch.cat([objects.covers, objects.colours], 1)
    grid = functional.affine_grid(affine, list(layers.shape), align_corners=False)
    # What lies beyond the rim of one that fills the picture is as what lies at it.
    inside = functional.grid_sample(layers, grid, align_corners=False)
    beyond = functional.grid_sample(layers, grid, padding_mode="border", align_corners=False)
    layers = torch.where(whole.view(-1, 1, 1, 1), beyond, inside)
    return Objects(layers[:, :1], layers[:, 1:], objects.plain)


def edges(images: Tensor, share: float = 0.0) -> Tensor:
    """Values in the outer `share` of each side, but one pixel at least; [b, channels * pixels]."""
    height, width = images.shape[2:]
    down, across = max(1, round(height * share)), max(1, round(width * share))
    rim = torch.ones(height, width, dtype=torch.bool, device=images.device)
    rim[down:-down, across:-across] = False
    return images[:, :, rim].flatten(1)


def extents(covers: Tensor) -> Tensor:
    """Top, bottom, left and right of objects, float32 [b, 4] in pixels from the upper left corner.

    But for `TAIL` of their mass on each side; those of an object without any are the middle of the
    picture.
    """
    sides = []
    for axis in (3, 2):
        mass = covers.sum((1, axis))
        # Less than one pixel in all is no object.
        mass = torch.where(covers.sum((1, 2, 3)).view(-1, 1) < 1, _middle(mass), mass)
        share = mass.cumsum(1) / mass.sum(1, keepdim=True)
        sides += [(share <= TAIL).sum(1), (share < 1 - TAIL).sum(1) + 1]
    return torch.stack(sides, 1).float()


def _middle(mass: Tensor) -> Tensor:
    side = mass.shape[1]
    place = torch.arange(side, device=mass.device)
    return ((place >= side // 5) & (place < side - side // 5)).float()


def moved(objects: Objects, start: Tensor, goal: Tensor) -> Objects:
    """Stretch and shift objects from their extents `start` to others, `goal`; both as `extents`."""
    height, width = objects.covers.shape[2:]
    affine = torch.zeros(len(start), 2, 3, device=start.device)
    for row, (low, high, side) in enumerate(((2, 3, width), (0, 1, height))):
        factor = (start[:, high] - start[:, low]) / (goal[:, high] - goal[:, low])
        # affine_grid counts a side as 2 units, from -1.
        middles = [(box[:, low] + box[:, high]) / side - 1 for box in (start, goal)]
        affine[:, row, row] = factor
        affine[:, row, 2] = middles[0] - factor * middles[1]
    layers = torch.cat([objects.covers, objects.colours], 1)
    grid = functional.affine_grid(affine, list(layers.shape), align_corners=False)
    layers = functional.grid_sample(layers, grid, align_corners=False)
    return Objects(layers[:, :1], layers[:, 1:], objects.plain)


def random_blur(objects: Objects, limit: float) -> Objects:
    """Blur each object by a Gaussian of its own sigma, up to `limit` pixels."""
    sigma = torch.rand(len(objects.covers), device=objects.covers.device) * limit
    return Objects(blurred(objects.covers, sigma), blurred(objects.colours, sigma), objects.plain)


def under(images: Tensor, covers: Tensor) -> Tensor:
    """Mean colours of images where the covers are, [b, channels, 1, 1]; 0 without a cover."""
    weight = covers.sum((2, 3), keepdim=True).clamp(min=1e-3)
    return (images * covers).sum((2, 3), keepdim=True) / weight


def told_apart(colours: Tensor, behind: Tensor, least: float) -> Tensor:
    """Change colours that can hardly be told from those behind them; all [b, channels, 1, 1].

    One that differs by less than `least`, as a root mean square over the channels and as a picture
    can show it, becomes lighter or darker than what is behind it by that much: the way it already
    differs, if it does and there is room.
    """
    colours = colours.clamp(0, 1)
    apart = colours - behind
    light, lighter = (part.mean(1, keepdim=True) for part in (behind, apart))
    up = torch.where(lighter.abs() > least / 4, lighter > 0, light < 0.5)
    up = (up & (light + least <= 1)) | (light - least < 0)
    changed = (behind + torch.where(up, least, -least)).clamp(0, 1)
    alike = apart.square().mean(1, keepdim=True).sqrt() < least
    return torch.where(alike, changed, colours)
