"""Our translator of shapes: it bends a rendered image and a real one to each other."""

from dataclasses import dataclass

from realink.settings import setting
from realink.translation.settings import TrainingSettings

SHAPES = {"channels": (1,), "sides": (16, 128), "instead": "cyclegan or harvest"}


@dataclass(frozen=True, kw_only=True)
class Settings(TrainingSettings):
    """Knobs of the warp.

    Attributes
    ----------
    channels
        Feature maps of both networks at half size; two and four times as many at a quarter.
    reach
        Largest speed of the motion along an axis, in image sides.
    smoothness_weight
        Of the motion's mean squared change between neighbours of its points.
    borrowed
        Fraction of tries that are moved as another pair of images would be.
    from_real
        Fraction of tries that bend the real image towards the rendered one, not the other way.
    tries
        Translations of an image, until the reader is sure of its label; the surest is taken.
    """

    learning_rate: float = setting(0.002, above=0)
    channels: int = setting(16, low=1)
    reach: float = setting(0.25, above=0)
    smoothness_weight: float = setting(1, low=0)
    borrowed: float = setting(0.5, low=0, high=1)
    from_real: float = setting(0.5, low=0, high=1)
    tries: int = setting(8, low=1)
