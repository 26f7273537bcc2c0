"""The talk's kind of translator at its best: a CycleGAN whose verdicts are on patches.

As `cyclegan`, unpaired and blind to labels, but its discriminators see parts of an image, 26 x 26
pixels, and not the whole (PatchGAN: Isola et al., pix2pix, arXiv 1611.07004). So they learn few
images less easily by heart, and ask for the look of strokes more than for the shape of a whole
digit. More labels are kept.
"""

from dataclasses import dataclass

from torch import nn

from realink.images.imagesets import Shape
from realink.settings import setting
from realink.translation.settings import TrainingSettings
from realink.translation.translators import cyclegan

SHAPES = {"channels": (1, 3), "sides": (16, 128)}


@dataclass(frozen=True, kw_only=True)
class Settings(TrainingSettings):
    """Knobs of the CycleGAN: those of `cyclegan`, written out, since they are read without torch.

    Attributes
    ----------
    channels
        Feature maps of the generators at half size; twice as many at a quarter.
    discriminator_channels
        Feature maps of the discriminators at half size; 2 and 4 times as many in later layers.
    blocks
        Residual blocks of a generator, at a quarter of the size.
    cycle_weight
        Of the mean absolute difference between an image and its way there and back.
    identity_weight
        Of the mean absolute change that a generator makes to an image of its target domain.
    """

    steps: int = setting(600, low=1)
    learning_rate: float = setting(0.0005, above=0)
    average: float = setting(0.985, low=0, below=1)
    channels: int = setting(16, low=1)
    discriminator_channels: int = setting(24, low=1)
    blocks: int = setting(2, low=0)
    cycle_weight: float = setting(10, low=0)
    identity_weight: float = setting(0, low=0)


class Translator(cyclegan.Translator):
    """Both generators and both discriminators; labels are ignored."""

    @staticmethod
    def discriminator(channels: int, shape: Shape) -> nn.Module:
        """Build what gives every fourth pixel of an image a verdict, [b, 1, height/4, width/4]."""
        return nn.Sequential(
            *cyclegan.halvings(channels, shape),
            *cyclegan.convolution(2 * channels, 4 * channels, stride=1),
            nn.Conv2d(4 * channels, 1, 3, padding=1),
        )
