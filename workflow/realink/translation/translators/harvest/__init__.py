"""Our translator of looks: rendered shapes with real images' colour, light and ground."""

from dataclasses import dataclass

from realink.settings import Bounded, setting

SHAPES = {"channels": (1, 3), "sides": (16, 224), "unlabelled": True}


@dataclass(frozen=True, kw_only=True)
class Settings(Bounded):
    """Knobs of the harvest.

    Attributes
    ----------
    exchange
        Fraction of images that take their object's colour from another real image.
    contrast
        Least difference between an object's colour and what is behind it, of the full range.
    jitter
        Standard deviation of the logarithms of an object's size and proportion; its place
        varies by half of that along each axis, in its own heights.
    blur
        Largest sigma of the object's Gaussian filter, in pixels.
    """

    exchange: float = setting(0.5, low=0, high=1)
    contrast: float = setting(0.2, low=0.01, high=0.5)  # beside mid-grey there is no room for more
    jitter: float = setting(0.1, low=0, high=0.5)
    blur: float = setting(1.2, low=0)
