"""The talk's kind of translator at its best: a CycleGAN whose verdicts are on patches."""

from realink.translation.translators.cyclegan import SHAPES, Settings

__all__ = ["SHAPES", "Settings"]
