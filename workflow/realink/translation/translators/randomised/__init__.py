"""Domain randomisation: rendered shapes in random colours and light, on random backgrounds."""

from dataclasses import dataclass

from realink.settings import Bounded, setting

SHAPES = {"channels": (1, 3), "sides": (16, 224), "unlabelled": True}


@dataclass(frozen=True, kw_only=True)
class Settings(Bounded):
    """Knobs of the randomisation.

    Attributes
    ----------
    contrast
        Of shapes, such as glyphs: least difference between their colour and what is behind, of the
        full range.
    texture
        Largest standard deviation of a background's smooth patches, of the full range; things have
        up to twice that behind them.
    gradient
        Of shapes: largest change of the light from one side to the other, of the full range.
    blur
        Of shapes: largest sigma of the picture's Gaussian filter, in pixels.
    noise
        Largest standard deviation of the pixels' noise, of the full range.
    stains
        Of things: largest standard deviation of the smooth noise on their light, of it.
    confetti
        Of things: share of pictures over which small pieces of random colours are laid.
    shadow
        Of things: share of pictures of which one side is darkened.
    fading
        Of things: largest part of the colour that a picture loses, as in haze and dim light.
    cast
        Of things: limit of the logarithm of each channel's factor.
    """

    contrast: float = setting(0.2, low=0.01, high=0.5)  # beside mid-grey there is no room for more
    texture: float = setting(0.12, low=0, high=1)
    gradient: float = setting(0.3, low=0, high=1)
    blur: float = setting(1, low=0)
    noise: float = setting(0.05, low=0, high=1)
    stains: float = setting(0.3, low=0, high=1)
    confetti: float = setting(0.3, low=0, high=1)
    shadow: float = setting(0.3, low=0, high=1)
    fading: float = setting(0.8, low=0, high=1)
    cast: float = setting(0.15, low=0, high=1)
