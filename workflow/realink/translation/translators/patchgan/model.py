"""The talk's kind of translator at its best: a CycleGAN whose verdicts are on patches.

As `cyclegan`, unpaired and blind to labels, but its discriminators see parts of an image, 26 x 26
pixels, and not the whole (PatchGAN: Isola et al., pix2pix, arXiv 1611.07004). So they learn few
images less easily by heart, and ask for the look of strokes more than for the shape of a whole
digit. More labels are kept.
"""

from torch import nn

from realink.images.imagesets import Shape
from realink.translation.translators.cyclegan import model as cyclegan


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
