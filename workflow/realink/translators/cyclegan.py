"""The talk's kind of translator: a CycleGAN, unpaired and blind to labels.

Two generators, font to real and back, and a discriminator for each domain, trained with the
least-squares GAN loss and the cycle-consistency loss (Zhu et al., CycleGAN, arXiv 1703.10593; Mao
et al., LSGAN, 1611.04076). Nothing ties a digit to its label: the cycle only asks that the way back
be found, so a generator may turn every 4 into a 9 as long as the other one turns it back.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from realink.translation import Batch, Fakes, Losses, Pool, TrainingSettings


@dataclass(frozen=True, kw_only=True)
class Settings(TrainingSettings):
    """Knobs of the CycleGAN.

    Attributes
    ----------
    channels
        Feature maps of the generators at 14 x 14; twice as many at 7 x 7.
    discriminator_channels
        The same of the discriminators.
    blocks
        Residual blocks of a generator, at 7 x 7.
    cycle_weight
        Of the mean absolute difference between an image and its way there and back.
    identity_weight
        Of the mean absolute change that a generator makes to an image of its target domain.
    """

    channels: int
    discriminator_channels: int
    blocks: int
    cycle_weight: float
    identity_weight: float


class Translator(nn.Module):
    """Both generators and both discriminators; labels are ignored."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.to_real = _generator(settings.channels, settings.blocks)
        self.to_font = _generator(settings.channels, settings.blocks)
        self.discriminator_real = _discriminator(settings.discriminator_channels)
        self.discriminator_font = _discriminator(settings.discriminator_channels)

    def generator_parameters(self) -> Iterator[nn.Parameter]:
        """Yield what the generators' optimiser trains."""
        yield from self.to_real.parameters()
        yield from self.to_font.parameters()

    def discriminator_parameters(self) -> Iterator[nn.Parameter]:
        """Yield what the discriminators' optimiser trains."""
        yield from self.discriminator_real.parameters()
        yield from self.discriminator_font.parameters()

    def translate(self, font: Batch, real: Pool) -> Tensor:
        """Translate font digits, float32 [b, 1, 28, 28] in [-1, 1], to handwriting, the same."""
        return self.to_real(font.images)

    def fakes(self, font: Batch, real: Batch) -> Fakes:
        """Return the font digits translated to real ones, and the real ones to font."""
        return self.to_real(font.images), self.to_font(real.images)

    def generator_losses(self, font: Batch, real: Batch, fakes: Fakes) -> Losses:
        """Fool both discriminators, and find the way back."""
        fake_real, fake_font = fakes
        again_font, again_real = self.to_font(fake_real), self.to_real(fake_font)
        adversarial = _squared(self.discriminator_real(fake_real), 1) + _squared(
            self.discriminator_font(fake_font), 1
        )
        cycle = functional.l1_loss(again_font, font.images)
        cycle = cycle + functional.l1_loss(again_real, real.images)
        losses = {"adversarial": adversarial, "cycle": self.settings.cycle_weight * cycle}
        if self.settings.identity_weight:  # at weight 0, two passes fewer
            change = functional.l1_loss(self.to_real(real.images), real.images)
            change = change + functional.l1_loss(self.to_font(font.images), font.images)
            losses["identity"] = self.settings.identity_weight * change
        return losses

    def discriminator_losses(self, font: Batch, real: Batch, fakes: Fakes) -> Losses:
        """Tell real from translated in both domains: 1 for real, 0 for translated."""
        fake_real, fake_font = fakes
        return {
            "discriminator_real": _telling_apart(self.discriminator_real, real.images, fake_real),
            "discriminator_font": _telling_apart(self.discriminator_font, font.images, fake_font),
        }


def _telling_apart(discriminator: nn.Module, true: Tensor, fake: Tensor) -> Tensor:
    # One call for both is faster; instance normalisation keeps the images apart.
    said_true, said_fake = discriminator(torch.cat([true, fake])).chunk(2)
    return (_squared(said_true, 1) + _squared(said_fake, 0)) / 2


def _squared(said: Tensor, target: float) -> Tensor:
    return (said - target).square().mean()


def _generator(channels: int, blocks: int) -> nn.Sequential:
    # Pixel (un)shuffling (Shi et al., arXiv 1609.05158) keeps all convolutions at 14 x 14 and
    # 7 x 7, where they are cheap.
    wide = 2 * channels
    return nn.Sequential(
        nn.PixelUnshuffle(2),
        nn.Conv2d(4, channels, 3, padding=1),
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
        nn.Conv2d(channels, 4, 3, padding=1),
        nn.PixelShuffle(2),
        nn.Tanh(),
    )


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


def _discriminator(channels: int) -> nn.Sequential:
    # One verdict for the whole digit. Verdicts on overlapping patches (pix2pix) keep more labels
    # and hide what this translator is here to show; docs/translators.md has the numbers.
    return nn.Sequential(
        nn.Conv2d(1, channels, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(channels, 2 * channels, 4, stride=2, padding=1),
        _norm(2 * channels),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(2 * channels, 4 * channels, 3, stride=2, padding=1),
        _norm(4 * channels),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(4 * channels, 1, 4),
    )
