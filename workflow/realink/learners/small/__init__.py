"""small: one small convolutional network, trained from scratch; the learner for glyphs.

Needs the standard library only, because every parse of the workflow reads it.
"""

from dataclasses import dataclass

from realink.settings import Bounded, setting

# Images that it can do; and it reads these themselves, no features of them.
LIMITS = {
    "channels": (1, 3),
    "sides": (16, 224),
    "encoded": False,
    "orders": ("mixed", "first"),
}


@dataclass(frozen=True, kw_only=True)
class Settings(Bounded):
    """Network size and training recipe.

    Attributes
    ----------
    side
        Pixels of the longer side, to which larger images are reduced first; 0 leaves all as they
        are.
    steps
        Optimiser steps, equal for all mixes where a study has no `epochs`.
    batch_size
        Images in a step.
    optimiser
        ``muon`` (convolutions by Muon, all else by gradient descent, on a one-cycle schedule), or
        ``adam`` at the constant rate `learning_rate`, which needs no more.
    muon_learning_rate
        Of the convolutions: peak of the one-cycle schedule.
    learning_rate
        Of the last layer and the norms: peak of the same schedule; or of Adam.
    warmup_fraction
        Share of the steps before the peak.
    momentum
        Nesterov's.
    weight_decay
        L2 penalty on the last layer's weights.
    label_smoothing
        Probability spread evenly over the classes.
    width
        Channels of the first convolution; the next have 2 and 4 times these.
    dropout
        Of features before the last layer.
    standardise
        Whether each image is first brought to zero mean and unit variance, over its pixels and
        channels; for photographs.
    """

    side: int = setting(0, low=0, high=224)
    steps: int = setting(1100, low=1)
    batch_size: int = setting(64, low=1)
    optimiser: str = "muon"
    muon_learning_rate: float = setting(0.07, above=0)
    learning_rate: float = setting(0.1, above=0)
    warmup_fraction: float = setting(0.3, low=0, below=1)
    momentum: float = setting(0.9, above=0, below=1)
    weight_decay: float = setting(0.0005, low=0)
    label_smoothing: float = setting(0.05, low=0, below=1)
    width: int = setting(16, low=1)
    dropout: float = setting(0.05, low=0, below=1)
    standardise: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.optimiser not in ("muon", "adam"):
            raise ValueError(f"optimiser must be muon or adam, not {self.optimiser!r}")
        if 0 < self.side < LIMITS["sides"][0]:
            raise ValueError(f"side: {self.side} is neither 0 nor at least {LIMITS['sides'][0]}")
