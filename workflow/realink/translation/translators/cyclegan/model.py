"""The talk's kind of translator: a CycleGAN, unpaired and blind to labels.

Two generators, rendered to real and back, and a discriminator for each domain, trained with the
least-squares GAN loss and the cycle-consistency loss (Zhu et al., CycleGAN, arXiv 1703.10593; Mao
et al., LSGAN, 1611.04076). Nothing ties an image to its label: the cycle only asks that the way
back be found, so a generator may turn every 4 into a 9 as long as the other one turns it back.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from realink.images.imagesets import Shape
from realink.translation.loop import Batch, Fakes, Losses, Pool
from realink.translation.translators.cyclegan import Settings


class Translator(nn.Module):
    """Both generators and both discriminators; labels are ignored."""

    def __init__(self, settings: Settings, shape: Shape) -> None:
        super().__init__()
        self.settings = settings
        self.to_real = _Generator(settings.channels, settings.blocks, shape)
        self.to_rendered = _Generator(settings.channels, settings.blocks, shape)
        self.discriminator_real = self.discriminator(settings.discriminator_channels, shape)
        self.discriminator_rendered = self.discriminator(settings.discriminator_channels, shape)

    @staticmethod
    def discriminator(channels: int, shape: Shape) -> nn.Module:
        """Build what gives each image [b, channels, height, width] one verdict, [b, 1, 1, 1]."""
        # Verdicts on patches keep more labels and hide what this translator is here to show: they
        # are another one, patchgan.
        layers = halvings(channels, shape)
        sides = [side // 2 // 2 for side in (shape.height, shape.width)]
        shared, inside = len(layers), 2 * channels
        while len(layers) == shared or max(sides) > 4:
            outside = min(2 * inside, 8 * channels)
            layers += convolution(inside, outside, stride=2)
            inside, sides = outside, [(side + 1) // 2 for side in sides]
        return nn.Sequential(*layers, nn.Conv2d(inside, 1, tuple(sides)))

    def generator_parameters(self) -> Iterator[nn.Parameter]:
        """Yield what the generators' optimiser trains."""
        yield from self.to_real.parameters()
        yield from self.to_rendered.parameters()

    def discriminator_parameters(self) -> Iterator[nn.Parameter]:
        """Yield what the discriminators' optimiser trains."""
        yield from self.discriminator_real.parameters()
        yield from self.discriminator_rendered.parameters()

    def translate(self, rendered: Batch, real: Pool) -> Tensor:
        """Translate images, float32 [b, channels, height, width] in [-1, 1], to the same."""
        return self.to_real(rendered.images)

    def fakes(self, rendered: Batch, real: Batch) -> Fakes:
        """Return the rendered images translated to real ones, and the real ones to rendered."""
        return self.to_real(rendered.images), self.to_rendered(real.images)

    def generator_losses(self, rendered: Batch, real: Batch, fakes: Fakes) -> Losses:
        """Fool both discriminators, and find the way back."""
        fake_real, fake_rendered = fakes
        again_rendered, again_real = self.to_rendered(fake_real), self.to_real(fake_rendered)
        adversarial = _squared(self.discriminator_real(fake_real), 1) + _squared(
            self.discriminator_rendered(fake_rendered), 1
        )
        cycle = functional.l1_loss(again_rendered, rendered.images)
        cycle = cycle + functional.l1_loss(again_real, real.images)
        losses = {"adversarial": adversarial, "cycle": self.settings.cycle_weight * cycle}
        if self.settings.identity_weight:  # at weight 0, two passes fewer
            change = functional.l1_loss(self.to_real(real.images), real.images)
            change = change + functional.l1_loss(self.to_rendered(rendered.images), rendered.images)
            losses["identity"] = self.settings.identity_weight * change
        return losses

    def discriminator_losses(self, rendered: Batch, real: Batch, fakes: Fakes) -> Losses:
        """Tell real from translated in both domains: 1 for real, 0 for translated."""
        fake_real, fake_rendered = fakes
        return {
            "discriminator_real": _telling_apart(self.discriminator_real, real.images, fake_real),
            "discriminator_rendered": _telling_apart(
                self.discriminator_rendered, rendered.images, fake_rendered
            ),
        }


def _telling_apart(discriminator: nn.Module, true: Tensor, fake: Tensor) -> Tensor:
    # One call for both is faster; instance normalisation keeps the images apart.
    said_true, said_fake = discriminator(torch.cat([true, fake])).chunk(2)
    return (_squared(said_true, 1) + _squared(said_fake, 0)) / 2


def _squared(said: Tensor, target: float) -> Tensor:
    return (said - target).square().mean()


class _Generator(nn.Sequential):
    """Images [b, channels, height, width] to images of the same shape, in [-1, 1]."""

    def __init__(self, channels: int, blocks: int, shape: Shape) -> None:
        # Pixel (un)shuffling (Shi et al., arXiv 1609.05158) keeps all convolutions at a half and
        # a quarter of the size, where they are cheap.
        wide = 2 * channels
        super().__init__(
            nn.PixelUnshuffle(2),
            nn.Conv2d(4 * shape.channels, channels, 3, padding=1),
            _norm(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, wide, 4, stride=2, padding=1),
            _norm(wide),
            nn.ReLU(inplace=True),
            *(_Residual(wide) for _ in range(blocks)),
            nn.Conv2d(wide, 4 * channels, 1),
            nn.PixelShuffle(2),
            _norm(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, 4 * shape.channels, 3, padding=1),
            nn.PixelShuffle(2),
            nn.Tanh(),
        )

    def forward(self, images: Tensor) -> Tensor:
        height, width = images.shape[2:]
        if height % 4 or width % 4:  # what two halvings cannot take is added and cut off again
            images = functional.pad(images, (0, -width % 4, 0, -height % 4), "replicate")
            return super().forward(images)[:, :, :height, :width]
        return super().forward(images)


def _norm(channels: int) -> nn.GroupNorm:
    # Instance normalisation; nn.InstanceNorm2d computes the same, more slowly on a CPU.
    return nn.GroupNorm(channels, channels)


class _Residual(nn.Module):
    """Two 3 x 3 convolutions around which the input is added (He et al., arXiv 1512.03385)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1),
            _norm(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1),
            _norm(channels),
        )

    def forward(self, features: Tensor) -> Tensor:
        return features + self.body(features)


def halvings(channels: int, shape: Shape) -> list[nn.Module]:
    """Layers that every discriminator begins with: to a quarter of the size, 2 x `channels`."""
    return [
        nn.Conv2d(shape.channels, channels, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(channels, 2 * channels, 4, stride=2, padding=1),
        _norm(2 * channels),
        nn.LeakyReLU(0.2, inplace=True),
    ]


def convolution(inside: int, outside: int, *, stride: int) -> list[nn.Module]:
    """A further layer of a discriminator."""
    return [
        nn.Conv2d(inside, outside, 3, stride=stride, padding=1),
        _norm(outside),
        nn.LeakyReLU(0.2, inplace=True),
    ]
