"""The talk's kind of translator: a CycleGAN, unpaired and blind to labels."""

from dataclasses import dataclass

from realink.settings import setting
from realink.translation.settings import TrainingSettings

SHAPES = {"channels": (1, 3), "sides": (16, 128), "unlabelled": True}


@dataclass(frozen=True, kw_only=True)
class Settings(TrainingSettings):
    """Knobs of the CycleGAN.

    Attributes
    ----------
    channels
        Feature maps of the generators at half size; twice as many at a quarter.
    discriminator_channels
        Feature maps of the discriminators at half size; twice as many a layer later, and so on, up
        to eight times as many.
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
