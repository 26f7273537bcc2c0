"""Our translator: it bends a rendered digit and a real one of its label towards each other.

A registration network sees a rendered digit and a real one of the same label, and finds the smooth
motion that carries one into the other (amortised diffeomorphic registration: Balakrishnan et al.,
VoxelMorph, arXiv 1809.05231; Dalca et al., 1805.04605; flows by scaling and squaring: Arsigny et
al. 2006, MICCAI). A translation stops somewhere on that way, coming from either side, so N real
digits and thousands of rendered ones give shapes that neither has, as warps learned between images
of one class do (Hauberg et al., 1510.02795). There is no discriminator: the labels that a GAN has
to guess are the tie here. A reader, trained on the same digits beside it, has tries thrown away
that it takes for another digit.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional

from realink.augmentation import Settings as Augmentation
from realink.augmentation import augment
from realink.translation import Batch, Fakes, Losses, Pool, TrainingSettings

SIDE = 28
SURE = 0.9  # probability of its label that ends a digit's tries
SQUARINGS = 4  # halvings of the motion before it is small enough to be one step
# Scales of likeness: pixels of a box filter that is applied twice, and its weight. Without the
# coarse ones, strokes that do not touch would not attract each other.
LIKENESS = ((1, 0.5), (3, 1.0), (7, 3.0))


@dataclass(frozen=True, kw_only=True)
class Settings(TrainingSettings):
    """Knobs of the warp.

    Attributes
    ----------
    channels
        Feature maps of both networks at 14 x 14; two and four times as many at 7 x 7.
    reach
        Largest speed of the motion along an axis, in image sides.
    smoothness_weight
        Of the motion's mean squared change between neighbours of its 7 x 7 points.
    borrowed
        Fraction of tries that are moved as another pair of digits would be.
    from_real
        Fraction of tries that bend the real digit towards the rendered one, not the other way.
    tries
        Translations of a digit, until the reader is sure of its label; the surest is taken.
    """

    channels: int
    reach: float
    smoothness_weight: float
    borrowed: float
    from_real: float
    tries: int


class Translator(nn.Module):
    """The registration network, and the reader that checks what it makes."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.registration = _Registration(settings.channels, settings.reach)
        self.reader = _reader(settings.channels)

    def generator_parameters(self) -> Iterator[nn.Parameter]:
        """Yield all parameters."""
        yield from self.parameters()

    def discriminator_parameters(self) -> Iterator[nn.Parameter]:
        """Yield nothing: likeness is measured, not learned."""
        yield from ()

    def fakes(self, font: Batch, real: Batch) -> Fakes:
        """Return motions, and digits moved both ways with what they should have become."""
        rows, columns = _pairs(font.labels, real.labels)
        rendered, written = _ink(font.images[rows]), _ink(real.images[columns])
        rendered = _stroke_width_of(rendered, written)
        motion = self.registration(rendered, written)
        return (
            motion,
            torch.cat([_move(rendered, motion), _move(written, -motion)]),
            torch.cat([written, rendered]),
        )

    def generator_losses(self, font: Batch, real: Batch, fakes: Fakes) -> Losses:
        """Become alike by a smooth motion; and read rendered and real digits."""
        motion, moved, wanted = fakes
        if not len(motion):  # a small batch without a pair: only the reader learns
            moved = wanted = motion = real.images[:1] * 0
        unlike = moved - wanted
        likeness = sum(weight * _blurred(unlike, size).square().mean() for size, weight in LIKENESS)
        images = torch.cat([_ink(real.images), _ink(font.images)])
        labels = torch.cat([real.labels, font.labels])
        read = self.reader(augment(images, READER_AUGMENTATION))
        return {
            "likeness": likeness,
            "roughness": self.settings.smoothness_weight * _roughness(motion),
            "reading": functional.cross_entropy(read, labels),
        }

    def discriminator_losses(self, font: Batch, real: Batch, fakes: Fakes) -> Losses:
        """Return nothing."""
        return {}

    def translate(self, font: Batch, real: Pool) -> Tensor:
        """Translate font digits, float32 [b, 1, 28, 28] in [-1, 1], to handwriting, the same."""
        best, belief = font.images.clone(), torch.full(font.labels.shape, -1.0).to(font.images)
        todo = torch.arange(len(belief), device=belief.device)
        for _ in range(self.settings.tries):
            ink = self._try(Batch(font.images[todo], font.labels[todo]), real)
            own = self.reader(ink).softmax(1).gather(1, font.labels[todo, None])[:, 0]
            better = own > belief[todo]
            best[todo[better]], belief[todo[better]] = 2 * ink[better] - 1, own[better]
            todo = todo[belief[todo] < SURE]
            if not len(todo):
                break
        return best

    def _try(self, font: Batch, real: Pool) -> Tensor:
        models = real.like(font.labels)
        written = _ink(models.images)
        rendered = _stroke_width_of(_ink(font.images), written)
        motion = self.registration(rendered, written)
        # A label that no real digit has: there is nothing to move towards.
        known = (models.labels == font.labels)[:, None, None, None]
        stop, way, borrow, side = torch.rand(4, len(written), 1, 1, 1, device=written.device)
        other = torch.randperm(len(written), device=written.device)
        borrowed = (2 * way - 1) * (motion * known)[other]
        borrow = (borrow < self.settings.borrowed) | ~known
        from_font = _move(rendered, torch.where(borrow, borrowed, stop * motion))
        from_real = _move(written, torch.where(borrow, borrowed, (stop - 1) * motion))
        rendered_side = (side < 1 - self.settings.from_real) | ~known
        return _inked(torch.where(rendered_side, from_font, from_real))


# Fixed, whatever the study's classifiers do.
READER_AUGMENTATION = Augmentation(
    rotation=10, scale=0.1, aspect=0.1, shear=0.2, shift=1, elastic=0.8, smoothness=4
)


class _Registration(nn.Module):
    """Velocity of the motion from one digit to another: [b, 1, 28, 28] twice to [b, 2, 7, 7].

    In grid_sample's units, in which a side is 2.
    """

    def __init__(self, channels: int, reach: float) -> None:
        super().__init__()
        self.reach = 2 * reach
        self.features = nn.Sequential(
            nn.Conv2d(2, channels, 5, stride=2, padding=2),
            nn.LeakyReLU(0.1),
            nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1),
            nn.LeakyReLU(0.1),
            nn.Conv2d(2 * channels, 4 * channels, 3, padding=1),
            nn.LeakyReLU(0.1),
            nn.Conv2d(4 * channels, 4 * channels, 3, padding=1),
            nn.LeakyReLU(0.1),
        )
        self.whole = nn.Linear(4 * channels * 49, 4 * channels)
        self.speed = nn.Conv2d(4 * channels, 2, 3, padding=1)
        nn.init.zeros_(self.speed.weight)  # the first motion is none
        nn.init.zeros_(self.speed.bias)

    def forward(self, start: Tensor, goal: Tensor) -> Tensor:
        features = self.features(torch.cat([start, goal], 1))
        # A digit leans or is tall as a whole, which no 3 x 3 filter sees.
        features = functional.leaky_relu(
            features + self.whole(features.flatten(1))[:, :, None, None], 0.1
        )
        # A training was lost on tanh's flat part, whose slope vanishes; this one's never does.
        return self.reach * functional.softsign(self.speed(features))


def _reader(channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, channels, 5, stride=2, padding=2),
        nn.ReLU(),
        nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(2 * channels, 4 * channels, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(4 * channels * 49, 10),
    )


def _pairs(font: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
    """Pair each font label with a random equal real one; those that have none are left out.

    int64 [b] twice to the places of the pairs in both, int64 [pairs] twice.
    """
    same = font[:, None] == real[None]
    rows = same.any(1).nonzero()[:, 0]
    if not len(rows):
        return rows, rows
    return rows, torch.multinomial(same[rows].float(), 1)[:, 0]


def _ink(images: Tensor) -> Tensor:
    return (images + 1) / 2


def _inked(images: Tensor) -> Tensor:
    """Give strokes that resampling has made pale full ink and steep edges; [b, 1, 28, 28]."""
    images = images / images.amax((1, 2, 3), keepdim=True).clamp(min=0.1)
    return images.square() * (3 - 2 * images)


def _stroke_width_of(images: Tensor, other: Tensor) -> Tensor:
    """Thicken or thin strokes, by up to a pixel a side, until there is as much ink as in `other`.

    A motion that had to change their width would tear them.
    """
    thick, thin = _thickened(images), -_thickened(-images)
    now, more, less, goal = (
        part.mean((1, 2, 3), keepdim=True) for part in (images, thick, thin, other)
    )
    grow = ((goal - now) / (more - now).clamp(min=1e-3)).clamp(0, 1)
    shrink = ((now - goal) / (now - less).clamp(min=1e-3)).clamp(0, 1)
    return images + grow * (thick - images) - shrink * (images - thin)


def _thickened(images: Tensor) -> Tensor:
    """Largest value of each pixel's 3 x 3 neighbours, as max_pool2d gives it, but faster."""
    for axis in 2, 3:
        thick, near = images.clone(), images.shape[axis] - 1
        for to, start in (0, 1), (1, 0):
            part = thick.narrow(axis, to, near)
            torch.maximum(part, images.narrow(axis, start, near), out=part)
        images = thick
    return images


def _move(images: Tensor, velocity: Tensor) -> Tensor:
    """Move images for one unit of time along the steady flow that [b, 2, 7, 7] points describe."""
    finer = _finer(velocity.shape[-1], velocity.device)
    velocity = finer @ velocity @ finer.T
    place = (torch.arange(SIDE, device=images.device) * 2 + 1) / SIDE - 1
    still = torch.stack(torch.meshgrid(place, place, indexing="xy"))
    way = velocity / 2**SQUARINGS
    for _ in range(SQUARINGS):
        grid = (still + way).permute(0, 2, 3, 1)
        way = way + functional.grid_sample(way, grid, padding_mode="border", align_corners=False)
    return functional.grid_sample(images, (still + way).permute(0, 2, 3, 1), align_corners=False)


def _blurred(images: Tensor, size: int) -> Tensor:
    blur = _blur(size, images.device)
    return blur @ images @ blur.T


# Blurring and bicubic interpolation are linear along each axis: two small matrix products, several
# times as fast on a CPU as torch's filters.


@lru_cache
def _blur(size: int, device: torch.device) -> Tensor:
    """A box filter of `size` pixels, applied twice, as a matrix [SIDE, SIDE]."""
    places = torch.arange(SIDE)
    box = ((places[:, None] - places).abs() <= size // 2) / size
    return (box @ box).to(device)


@lru_cache
def _finer(points: int, device: torch.device) -> Tensor:
    """Bicubic interpolation of `points` that end at the edges, as a matrix [SIDE, points]."""
    each = torch.eye(points)[:, None, :, None]
    columns = functional.interpolate(each, (SIDE, 1), mode="bicubic", align_corners=True)
    return columns[:, 0, :, 0].T.contiguous().to(device)


def _roughness(motion: Tensor) -> Tensor:
    steps = [motion.diff(dim=axis) for axis in (2, 3)]
    return sum(step.square().mean() for step in steps)
