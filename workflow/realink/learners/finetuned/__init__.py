"""finetuned: a pretrained network whose last blocks are trained, too; where there is time.

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
    """The backbone, and how its last blocks and the head are trained.

    Attributes
    ----------
    backbone, weights, side, synthetic
        As of the learner frozen.
    views
        In how many views each real image is trained on, of mixes with -aug: as it is, and
        augmented; mirrored ones cost nothing.
    steps
        Optimiser steps.
    batch_size
        Images in a step.
    learning_rate
        Of the last blocks: peak of a one-cycle schedule.
    head_learning_rate
        Of the head: peak of the same schedule.
    weight_decay
        Of the last blocks' weights.
    label_smoothing
        Probability spread evenly over the classes.
    """

    backbone: str = DEFAULT_BACKBONE
    weights: str = "wheel"
    side: int = setting(0, low=0, high=224)
    views: int = setting(4, low=2, high=20)
    synthetic: int = setting(4000, low=1)
    steps: int = setting(200, low=1)
    batch_size: int = setting(32, low=2)
    learning_rate: float = setting(0.0004, above=0)
    head_learning_rate: float = setting(0.0005, above=0)
    weight_decay: float = setting(0.01, low=0)
    label_smoothing: float = setting(0.1, low=0, below=1)
