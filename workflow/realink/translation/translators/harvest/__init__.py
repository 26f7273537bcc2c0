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
        Of shapes, such as glyphs: fraction that take their colour from another real image.
    contrast
        Of shapes: least difference between their colour and what is behind, of the full range.
    jitter
        Standard deviation of the logarithms of an object's size and proportion; its place
        varies by half of that along each axis, a shape's in its own heights, others' in sides.
    blur
        Of shapes: largest sigma of their Gaussian filter, in pixels.
    fading
        Of things: largest part of their colour that they lose, as in haze and dim light.
    """

    exchange: float = setting(0.5, low=0, high=1)
    contrast: float = setting(0.2, low=0.01, high=0.5)  # beside mid-grey there is no room for more
    jitter: float = setting(0.1, low=0, high=0.5)
    blur: float = setting(1.2, low=0)
    fading: float = setting(0.4, low=0, high=1)
