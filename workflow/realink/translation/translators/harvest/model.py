"""Our translator of looks: rendered shapes with what real images have of colour, light and ground.

Nothing is trained. Each real image is taken apart into an object and a background (`apart`). A
rendered shape is then fitted into the object's extent, takes its colour relative to the background,
and is composed with the background. The label comes from the renderer alone, so it cannot be lost.
Rendered objects with colours of their own are composed in another way, by `things`. Labels of real
images are not read.
"""

import torch
from torch import Tensor, nn

from realink.images.imagesets import Shape
from realink.translation.composing import (
    Objects,
    by_kind,
    extents,
    moved,
    random_blur,
    told_apart,
    under,
)
from realink.translation.loop import Batch, Pool
from realink.translation.translators.harvest import Settings, apart, things

LARGEST = 0.95  # height and width of an object, of the picture's
AT_ONCE = 16  # pictures, in which objects are looked for
SPREAD = 1.4  # factor by which an object's size may differ from the middle one's


class Translator(nn.Module):
    """Has no parameters, but a buffer: ``lit``, whether rendered things have light of their own."""

    def __init__(self, settings: Settings, shape: Shape) -> None:
        super().__init__()
        self.settings = settings
        self.register_buffer("lit", torch.tensor(False))

    def translate(self, rendered: Batch, real: Pool) -> Tensor:
        """Translate images, float32 [b, channels, height, width] in [-1, 1], to the same."""
        return by_kind(
            rendered,
            shapes=lambda objects: self._shapes(objects, real),
            things=lambda objects: self._things(objects, real),
        )

    def survey(self, rendered: Pool, real: Pool) -> None:
        """Find out what ``lit`` says."""
        self.lit.fill_(things.lit(rendered, real))

    def noted(self, real: Pool) -> dict[str, float]:
        """``object_found``: the share of real pictures in which an object can be told."""
        told = []
        for index in torch.arange(len(real), device=real.device).split(AT_ONCE):
            told.append(apart.told_from_ground((real[index].images + 1) / 2))
        return {"object_found": torch.cat(told).float().mean().item()}

    def _things(self, objects: Objects, real: Pool) -> Tensor:
        def drawn() -> Tensor:
            return (real.draw(len(objects.plain)).images + 1) / 2

        taken = drawn()
        return things.compose(objects, taken, None if self.lit else drawn(), self.settings)

    def _shapes(self, objects: Objects, real: Pool) -> Tensor:
        # Taken apart anew for each batch: a cache of tens of thousands would not fit.
        looks = apart.take_apart((real.draw(len(objects.plain)).images + 1) / 2)
        start, size = extents(objects.covers), objects.covers.shape[2:]
        goal = _fitted(start, looks.extent, size, self.settings.jitter)
        objects = random_blur(moved(objects, start, goal), self.settings.blur)
        return self._composed(objects, looks)

    def _composed(self, objects: Objects, looks: apart.Looks) -> Tensor:
        b, device = len(looks.field), looks.field.device
        exchanged = torch.rand(b, 1, 1, 1, device=device) < self.settings.exchange
        other = torch.randperm(b, device=device)
        offset = torch.where(exchanged, looks.offset[other], looks.offset)
        below = under(looks.field, objects.covers)
        offset = told_apart(below + offset, below, self.settings.contrast) - below
        drawn = (looks.field + offset) * objects.covers
        behind = (looks.field + looks.grain) * (1 - objects.covers)
        return (behind + drawn).clamp(0, 1)


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
