"""Harvest for things: rendered objects with colours of their own, in the light of real pictures.

Objects whose light is about that of real pictures, and varies as much, as of cut-outs and of most
3-D renders, have light of their own. They keep it, but for the slow changes of a real picture's,
on the ground of that picture. Others, such as drawings, get the exposure and contrast of one real
picture, and another one, blurred, is behind them. Either keep their hues and, but for some jitter,
the place that the renderer gave them, and become as sharp and as noisy as the real picture.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from realink.training.augmentation import blurred
from realink.translation.batches import Pool
from realink.translation.composing import Objects, cut_out, jittered, under
from realink.translation.exposure import as_sharp, exposed, faded, light, light_of, noise, sharpness
from realink.translation.translators.harvest import Settings
from realink.translation.translators.harvest.apart import Looks, take_apart

BEHIND = (1 / 64, 1 / 5)  # sigma of what is behind, in sides: from grainy to smooth
OWN = 0.7  # spread of the light of objects with one of their own, over that of real pictures
APART = 2  # times that spread, by which the mean light of objects and of real pictures may differ
LAMP = (0.5, 2.0)  # least and largest factor of an object's light
LOOKED_AT, AT_ONCE = 200, 16  # pictures of a set, at most; and together


def lit(rendered: Pool, real: Pool) -> bool:
    """Whether the mean light of rendered things varies from one to the next as real pictures' does.

    It must be about as light, too: else only real pictures say how light things are. Seen are
    `LOOKED_AT` of either set at most. False where there are fewer than two things.
    """
    things, pictures = [], []
    for index in _spread(rendered):
        objects = cut_out(rendered[index])
        things.append(light_of(objects).mean[~objects.plain])
    for index in _spread(real):
        pictures.append(light((real[index].images + 1) / 2).mean.flatten())
    own, wanted = torch.cat(things), torch.cat(pictures)
    if min(len(own), len(wanted)) < 2:
        return False
    near = (own.mean() - wanted.mean()).abs() <= APART * wanted.std()
    return bool(near & (own.std() >= OWN * wanted.std()))


def _spread(pool: Pool) -> tuple[Tensor, ...]:
    count = min(len(pool), LOOKED_AT)
    return torch.linspace(0, len(pool) - 1, count, device=pool.device).long().split(AT_ONCE)


def compose(objects: Objects, taken: Tensor, behind: Tensor | None, settings: Settings) -> Tensor:
    """Compose pictures, float32 [b, channels, height, width] in 0..1.

    Parameters
    ----------
    taken : real pictures, as many: how each is to look
    behind : others, of which something is behind; None where objects have light of their own, and
        `taken` is behind them
    """
    objects = faded(jittered(objects, settings.jitter), settings.fading)
    if behind is None:
        looks = take_apart(taken)
        ground = (looks.field + looks.grain).clamp(0, 1)
        colours = objects.colours * _lamp(looks, objects)
    else:
        ground, colours = _blurred(behind), exposed(objects, light(taken))
    made = as_sharp(ground * (1 - objects.covers) + colours, sharpness(taken))
    # Measured in grey, so drawn in grey.
    grain = torch.randn_like(made[:, :1]) * noise(taken).view(-1, 1, 1, 1)
    return (made + grain).clamp(0, 1)


def _blurred(behind: Tensor) -> Tensor:
    device, side = behind.device, min(behind.shape[2:])
    low, high = (math.log(end * side) for end in BEHIND)
    return blurred(behind, (low + torch.rand(len(behind), device=device) * (high - low)).exp())


def _lamp(looks: Looks, objects: Objects) -> Tensor:
    """Where the ground is lighter than below the object on the whole, [b, 1, height, width]."""
    below = under(looks.field, objects.covers).mean(1, keepdim=True)
    return (looks.field.mean(1, keepdim=True) / below.clamp(min=0.05)).clamp(*LAMP)
