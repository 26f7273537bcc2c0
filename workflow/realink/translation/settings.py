"""Which translators there are, and what they declare; settings that all with training have.

Needs the standard library only, because every parse of the workflow reads it.
"""

import math
from dataclasses import dataclass

from realink.declared import TRANSLATORS
from realink.settings import Bounded, setting

names, declared, complete = TRANSLATORS.names, TRANSLATORS.declared, TRANSLATORS.complete


@dataclass(frozen=True, kw_only=True)
class TrainingSettings(Bounded):
    """What the training loop itself reads of every translator's settings.

    Attributes
    ----------
    steps
        Optimiser steps of the generators, and as many of the discriminators.
    batch_size
        Rendered images in a step, and as many real ones.
    learning_rate
        Of Adam; constant for the first half of the steps, then linear to zero.
    average
        Decay of the running mean of the generators' weights, which is the result; 0 takes the last.
    """

    steps: int = setting(500, low=1)
    batch_size: int = setting(64, low=1)
    learning_rate: float = setting(0.001, above=0)
    average: float = setting(0.98, low=0, below=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.average**self.steps > 0.01:
            highest = math.floor(1000 * 0.01 ** (1 / self.steps)) / 1000
            raise ValueError(
                f"average: after {self.steps} steps a running mean of decay {self.average} would "
                f"still hold over 1 % of the first weights; take {highest} or less"
            )


def sees_unlabelled(translator: str) -> bool:
    """Whether a translator reads no label of real images, so that it may see unlabelled ones."""
    return declared(translator).SHAPES.get("unlabelled", False)
