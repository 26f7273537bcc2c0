"""Our translator of looks: rendered shapes with what real images have of colour, light and ground.

Nothing is trained. Each real image is taken apart into an object and a background: the object is
the side of a threshold (Otsu 1979, IEEE Trans. SMC 9) on its light, less the slow changes of that
light, which is rarer at the rim, as far as it reaches into the middle; the background is filled in
from around it (normalised convolution: Knutsson & Westin 1993, CVPR). A rendered shape is then
fitted into the object's extent, takes its colour relative to the background, and is composed with
the background. The label comes from the renderer alone, so it cannot be lost. Rendered objects with
colours of their own are composed in another way, by `things`. Labels of real images are not read.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from realink.images.imagesets import Shape
from realink.training.augmentation import blurred
from realink.translation.composing import (
    Objects,
    by_kind,
    edges,
    extents,
    moved,
    random_blur,
    told_apart,
    under,
)
from realink.translation.loop import Batch, Pool
from realink.translation.translators.harvest import Settings, things

RIM = 1 / 7  # of each side: where an object is rarer than the background
MIDDLE = 1 / 4  # of each side: what an object reaches into lies further inside
COARSE = 48  # longest side, in pixels, on which an object is looked for
SLOW = 1 / 4  # sigma, in sides, beyond which light is a lamp's or a shadow's
NEAR = 1 / 13  # sigma, in sides, from within which a background is filled in; `SLOW` if none is
LARGEST = 0.95  # height and width of an object, of the picture's
TOLD = 2  # times the spreads of object and ground, by which their colours must differ
AT_ONCE = 16  # pictures, in which objects are looked for
SPREAD = 1.4  # factor by which an object's size may differ from the middle one's


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


class Translator(nn.Module):
    """Has no parameters."""

    def __init__(self, settings: Settings, shape: Shape) -> None:
        super().__init__()
        self.settings = settings

    def translate(self, rendered: Batch, real: Pool) -> Tensor:
        """Translate images, float32 [b, channels, height, width] in [-1, 1], to the same."""
        return by_kind(
            rendered,
            shapes=lambda objects: self._shapes(objects, real),
            things=lambda objects: self._things(objects, real),
        )

    def noted(self, real: Pool) -> dict[str, float]:
        """``object_found``: the share of real pictures in which an object can be told."""
        told = []
        for index in torch.arange(len(real), device=real.device).split(AT_ONCE):
            told.append(told_from_ground((real[index].images + 1) / 2))
        return {"object_found": torch.cat(told).float().mean().item()}

    def _things(self, objects: Objects, real: Pool) -> Tensor:
        taken, behind = ((real.draw(len(objects.plain)).images + 1) / 2 for _ in range(2))
        return things.compose(objects, taken, behind, self.settings)

    def _shapes(self, objects: Objects, real: Pool) -> Tensor:
        # Taken apart anew for each batch: a cache of tens of thousands would not fit.
        looks = take_apart((real.draw(len(objects.plain)).images + 1) / 2)
        start, size = extents(objects.covers), objects.covers.shape[2:]
        goal = _fitted(start, looks.extent, size, self.settings.jitter)
        objects = random_blur(moved(objects, start, goal), self.settings.blur)
        return self._composed(objects, looks)

    def _composed(self, objects: Objects, looks: Looks) -> Tensor:
        b, device = len(looks.field), looks.field.device
        exchanged = torch.rand(b, 1, 1, 1, device=device) < self.settings.exchange
        other = torch.randperm(b, device=device)
        offset = torch.where(exchanged, looks.offset[other], looks.offset)
        below = under(looks.field, objects.covers)
        offset = told_apart(below + offset, below, self.settings.contrast) - below
        drawn = (looks.field + offset) * objects.covers
        behind = (looks.field + looks.grain) * (1 - objects.covers)
        return (behind + drawn).clamp(0, 1)


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


def _fitted(start: Tensor, found: Tensor, size: torch.Size, jitter: float) -> Tensor:
    """Where objects go: into the extents that were found, in their own proportions, with jitter.

    All extents are [b, 4]. Each gets the height of what was found.
    """
    high, wide = _sides(start)
    found_high, found_wide = _sides(found)
    # Pictures that were stretched to their size have wider or narrower objects than rendered ones.
    # A few of either say little about it.
    stretch = (found_wide / found_high).log().median() - (wide / high).log().median()
    stretch = (stretch * len(start) / (len(start) + 20)).exp()
    wide = wide * stretch
    factor = _alike(found_high) / high
    in_size, in_width, down, across = torch.randn(4, len(start), device=start.device) * jitter
    high, wide = high * factor * in_size.exp(), wide * factor * (in_size + in_width).exp()
    fits = torch.minimum(LARGEST * size[0] / high, LARGEST * size[1] / wide).clamp(max=1)
    high, wide = high * fits, wide * fits
    ends = []
    for place, (side, length, shift) in enumerate(((size[0], high, down), (size[1], wide, across))):
        middle = found[:, 2 * place : 2 * place + 2].mean(1) + shift / 2 * high
        middle = torch.minimum(torch.maximum(middle, length / 2), side - length / 2)
        ends += [middle - length / 2, middle + length / 2]
    return torch.stack(ends, 1)


def _sides(extents: Tensor) -> tuple[Tensor, Tensor]:
    return extents[:, 1] - extents[:, 0], extents[:, 3] - extents[:, 2]


def _alike(sizes: Tensor) -> Tensor:
    # Where the object was not found, its size is anything.
    middle = sizes.median()
    return sizes.clamp(middle / SPREAD, middle * SPREAD)
