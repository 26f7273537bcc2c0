"""Our translator of shapes: it bends a rendered image and a real one of its label to each other.

A registration network sees a rendered image and a real one of the same label, and finds the smooth
motion that carries one into the other (amortised diffeomorphic registration: Balakrishnan et al.,
VoxelMorph, arXiv 1809.05231; Dalca et al., 1805.04605; flows by scaling and squaring: Arsigny et
al. 2006, MICCAI). A translation stops somewhere on that way, coming from either side, so N real
images and thousands of rendered ones give shapes that neither has, as warps learned between images
of one class do (Hauberg et al., 1510.02795). There is no discriminator: the labels that a GAN has
to guess are the tie here. A reader, trained on the same images beside it, has tries thrown away
that it takes for another class.

Images are taken as bright strokes on a dark background: motion brings dark in from outside.
"""

import math
from collections.abc import Iterator
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional

from realink.images.imagesets import Shape
from realink.training.augmentation import Settings as Augmentation
from realink.training.augmentation import augment
from realink.translation.loop import Batch, Fakes, Losses, Pool
from realink.translation.translators.warp import Settings

SURE = 0.9  # probability of its label that ends an image's tries
SQUARINGS = 4  # halvings of the motion before it is small enough to be one step
POINTS = 7  # of the motion along a side, or one for every four pixels if these are fewer
# Scales of likeness: how far a box filter that is applied twice reaches, in quarters of the
# distance between two of seven points, and its weight. Without the coarse ones, strokes that do
# not touch would not attract each other.
LIKENESS = ((0, 0.5), (1, 1.0), (3, 3.0))


class Translator(nn.Module):
    """The registration network, and the reader that checks what it makes."""

    def __init__(self, settings: Settings, shape: Shape) -> None:
        super().__init__()
        self.settings = settings
        self.registration = _Registration(settings.channels, settings.reach, shape)
        self.reader = _reader(settings.channels, shape)
        # Fixed, whatever the study's classifiers do.
        unit = _unit(shape)
        self.reader_augmentation = Augmentation(
            rotation=10,
            scale=0.1,
            aspect=0.1,
            shear=0.2,
            shift=unit,
            elastic=0.8 * unit,
            smoothness=4 * unit,
            brightness=0,
            contrast=0,
            colour=0,
            gradient=0,
            blur=0,
            noise=0,
            invert=0,
        )

    def generator_parameters(self) -> Iterator[nn.Parameter]:
        """Yield all parameters."""
        yield from self.parameters()

    def discriminator_parameters(self) -> Iterator[nn.Parameter]:
        """Yield nothing: likeness is measured, not learned."""
        yield from ()

    def fakes(self, rendered: Batch, real: Batch) -> Fakes:
        """Return motions, and images moved both ways with what they should have become."""
        rows, columns = _pairs(rendered.labels, real.labels)
        drawn, seen = _light(rendered.images[rows]), _light(real.images[columns])
        drawn = _stroke_width_of(drawn, seen)
        motion = self.registration(drawn, seen)
        return (
            motion,
            torch.cat([_move(drawn, motion), _move(seen, -motion)]),
            torch.cat([seen, drawn]),
        )

    def generator_losses(self, rendered: Batch, real: Batch, fakes: Fakes) -> Losses:
        """Become alike by a smooth motion; and read rendered and real images."""
        motion, moved, wanted = fakes
        if not len(motion):  # a small batch without a pair: only the reader learns
            moved = wanted = motion = real.images[:1] * 0
        unlike = moved - wanted
        likeness = sum(weight * _blurred(unlike, far).square().mean() for far, weight in LIKENESS)
        images = torch.cat([_light(real.images), _light(rendered.images)])
        labels = torch.cat([real.labels, rendered.labels])
        read = self.reader(augment(images, self.reader_augmentation))
        return {
            "likeness": likeness,
            "roughness": self.settings.smoothness_weight * _roughness(motion),
            "reading": functional.cross_entropy(read, labels),
        }

    def discriminator_losses(self, rendered: Batch, real: Batch, fakes: Fakes) -> Losses:
        """Return nothing."""
        return {}

    def translate(self, rendered: Batch, real: Pool) -> tuple[Tensor, Tensor]:
        """Translate images, float32 [b, 1, height, width] in [-1, 1], to the same.

        And say which of them are real images that were bent, bool [b].
        """
        images, labels = rendered.images, rendered.labels
        best, belief = images.clone(), torch.full(labels.shape, -1.0).to(images)
        from_real = torch.zeros_like(belief, dtype=torch.bool)
        todo = torch.arange(len(belief), device=belief.device)
        for _ in range(self.settings.tries):
            light, bent = self._try(Batch(images[todo], labels[todo]), real)
            own = self.reader(light).softmax(1).gather(1, labels[todo, None])[:, 0]
            better = own > belief[todo]
            best[todo[better]], belief[todo[better]] = 2 * light[better] - 1, own[better]
            from_real[todo[better]] = bent[better]
            todo = todo[belief[todo] < SURE]
            if not len(todo):
                break
        return best, from_real

    def _try(self, rendered: Batch, real: Pool) -> tuple[Tensor, Tensor]:
        models = real.like(rendered.labels)
        seen = _light(models.images)
        drawn = _stroke_width_of(_light(rendered.images), seen)
        motion = self.registration(drawn, seen)
        # A label that no real image has: there is nothing to move towards.
        known = (models.labels == rendered.labels)[:, None, None, None]
        stop, way, borrow, side = torch.rand(4, len(seen), 1, 1, 1, device=seen.device)
        other = torch.randperm(len(seen), device=seen.device)
        borrowed = (2 * way - 1) * (motion * known)[other]
        borrow = (borrow < self.settings.borrowed) | ~known
        from_rendered = _move(drawn, torch.where(borrow, borrowed, stop * motion))
        from_real = _move(seen, torch.where(borrow, borrowed, (stop - 1) * motion))
        rendered_side = (side < 1 - self.settings.from_real) | ~known
        light = _sharpened(torch.where(rendered_side, from_rendered, from_real))
        return light, ~rendered_side[:, 0, 0, 0]


def _unit(shape: Shape) -> float:
    """Pixels from which other lengths follow: a quarter of the distance between two points."""
    return min(shape.height, shape.width) / (4 * POINTS)


def _points(shape: Shape) -> tuple[int, int]:
    """Points of the motion along both axes."""
    return tuple(min(POINTS, _quarter(side)) for side in (shape.height, shape.width))


def _quarter(side: int) -> int:
    """Pixels of a side after two convolutions of stride 2."""
    return (side + 3) // 4


def _to_points(shape: Shape) -> list[nn.Module]:
    """What brings features of a quarter of the size to the motion's points, if anything."""
    points = _points(shape)
    if points == (_quarter(shape.height), _quarter(shape.width)):
        return []
    return [nn.AdaptiveAvgPool2d(points)]


class _Registration(nn.Module):
    """Velocity of the motion from one image to another: [b, 1, h, w] twice to [b, 2, *points].

    In grid_sample's units, in which a side is 2.
    """

    def __init__(self, channels: int, reach: float, shape: Shape) -> None:
        super().__init__()
        self.reach = 2 * reach
        self.features = nn.Sequential(
            nn.Conv2d(2, channels, 5, stride=2, padding=2),
            nn.LeakyReLU(0.1),
            nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1),
            nn.LeakyReLU(0.1),
            *_to_points(shape),
            nn.Conv2d(2 * channels, 4 * channels, 3, padding=1),
            nn.LeakyReLU(0.1),
            nn.Conv2d(4 * channels, 4 * channels, 3, padding=1),
            nn.LeakyReLU(0.1),
        )
        self.whole = nn.Linear(4 * channels * math.prod(_points(shape)), 4 * channels)
        self.speed = nn.Conv2d(4 * channels, 2, 3, padding=1)
        nn.init.zeros_(self.speed.weight)  # the first motion is none
        nn.init.zeros_(self.speed.bias)

    def forward(self, start: Tensor, goal: Tensor) -> Tensor:
        features = self.features(torch.cat([start, goal], 1))
        # A stroke leans or is tall as a whole, which no 3 x 3 filter sees.
        features = functional.leaky_relu(
            features + self.whole(features.flatten(1))[:, :, None, None], 0.1
        )
        # A training was lost on tanh's flat part, whose slope vanishes; this one's never does.
        return self.reach * functional.softsign(self.speed(features))


def _reader(channels: int, shape: Shape) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, channels, 5, stride=2, padding=2),
        nn.ReLU(),
        nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1),
        nn.ReLU(),
        *_to_points(shape),
        nn.Conv2d(2 * channels, 4 * channels, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(4 * channels * math.prod(_points(shape)), shape.classes),
    )


def _pairs(rendered: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
    """Pair each rendered label with a random equal real one; those that have none are left out.

    int64 [b] twice to the places of the pairs in both, int64 [pairs] twice.
    """
    same = rendered[:, None] == real[None]
    rows = same.any(1).nonzero()[:, 0]
    if not len(rows):
        return rows, rows
    return rows, torch.multinomial(same[rows].float(), 1)[:, 0]


def _light(images: Tensor) -> Tensor:
    return (images + 1) / 2


def _sharpened(images: Tensor) -> Tensor:
    """Give strokes that resampling has made pale full light and steep edges; [b, 1, h, w]."""
    images = images / images.amax((1, 2, 3), keepdim=True).clamp(min=0.1)
    return images.square() * (3 - 2 * images)


def _stroke_width_of(images: Tensor, other: Tensor) -> Tensor:
    """Thicken or thin strokes, a `_unit` a side at most, to as much light as there is in `other`.

    A motion that had to change their width would tear them.
    """
    pixels = max(1, round(min(images.shape[2:]) / (4 * POINTS)))
    thick, thin = _thickened(images, pixels), -_thickened(-images, pixels)
    now, more, less, goal = (
        part.mean((1, 2, 3), keepdim=True) for part in (images, thick, thin, other)
    )
    grow = ((goal - now) / (more - now).clamp(min=1e-3)).clamp(0, 1)
    shrink = ((now - goal) / (now - less).clamp(min=1e-3)).clamp(0, 1)
    return images + grow * (thick - images) - shrink * (images - thin)


def _thickened(images: Tensor, pixels: int) -> Tensor:
    """Largest value within some pixels along each axis, as max_pool2d gives it, but faster."""
    for axis in (2, 3) * pixels:
        thick, near = images.clone(), images.shape[axis] - 1
        for to, start in (0, 1), (1, 0):
            part = thick.narrow(axis, to, near)
            torch.maximum(part, images.narrow(axis, start, near), out=part)
        images = thick
    return images


def _move(images: Tensor, velocity: Tensor) -> Tensor:
    """Move images for one unit of time along the steady flow that [b, 2, *points] describe."""
    height, width = images.shape[2:]
    down, across = (
        _finer(side, points, velocity.device)
        for side, points in zip((height, width), velocity.shape[2:], strict=True)
    )
    velocity = down @ velocity @ across.T
    rows, columns = (
        (torch.arange(side, device=images.device) * 2 + 1) / side - 1 for side in (height, width)
    )
    still = torch.stack(torch.meshgrid(columns, rows, indexing="xy"))
    way = velocity / 2**SQUARINGS
    for _ in range(SQUARINGS):
        grid = (still + way).permute(0, 2, 3, 1)
        way = way + functional.grid_sample(way, grid, padding_mode="border", align_corners=False)
    return functional.grid_sample(images, (still + way).permute(0, 2, 3, 1), align_corners=False)


def _blurred(images: Tensor, far: int) -> Tensor:
    down, across = (_blur(side, far, images.device) for side in images.shape[2:])
    return down @ images @ across.T


# Blurring and bicubic interpolation are linear along each axis: two small matrix products, several
# times as fast on a CPU as torch's filters.


@lru_cache
def _blur(side: int, far: int, device: torch.device) -> Tensor:
    """A box filter that reaches `far` quarters of a point, applied twice, as [side, side]."""
    pixels = round(far * side / (4 * POINTS))
    places = torch.arange(side)
    box = ((places[:, None] - places).abs() <= pixels) / (2 * pixels + 1)
    return (box @ box).to(device)


@lru_cache
def _finer(side: int, points: int, device: torch.device) -> Tensor:
    """Bicubic interpolation of `points` that end at the edges, as a matrix [side, points]."""
    each = torch.eye(points)[:, None, :, None]
    columns = functional.interpolate(each, (side, 1), mode="bicubic", align_corners=True)
    return columns[:, 0, :, 0].T.contiguous().to(device)


def _roughness(motion: Tensor) -> Tensor:
    steps = [motion.diff(dim=axis) for axis in (2, 3)]
    return sum(step.square().mean() for step in steps)
