"""What a mix is: which images a classifier trains on, and whether they are augmented.

Needs the standard library only, because every parse of the workflow reads it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

REAL, RENDERED = "real", "rendered"
RANDOMISED = "randomised"  # the translator that looks at no real image: the rival of all others
AUGMENTED = "-aug"


@dataclass(frozen=True)
class Mix:
    """One mix; its `name` is only a label.

    Attributes
    ----------
    source
        Where its synthetic images come from: ``rendered``, a translator's name, or None.
    real
        Whether it holds the N real images.
    augmented
        Whether its images are augmented while training.
    """

    source: str | None
    real: bool
    augmented: bool = False

    @staticmethod
    @lru_cache
    def parse(name: str) -> "Mix":
        """Read a label: ``real``, ``X`` or ``real-X``, each with or without ``-aug``."""
        images = name.removesuffix(AUGMENTED)
        augmented = images != name
        if images == REAL:
            return Mix(None, True, augmented)
        source = images.removeprefix(f"{REAL}-")
        return Mix(source, source != images, augmented)

    @property
    def name(self) -> str:
        """Its label."""
        parts = [REAL] * self.real + [self.source] * (self.source is not None)
        return "-".join(parts) + AUGMENTED * self.augmented

    @property
    def plain(self) -> "Mix":
        """The mix of the same images without augmentation."""
        return replace(self, augmented=False)

    def as_augmented(self, augmented: bool) -> "Mix":
        """The mix of the same images, augmented or not."""
        return replace(self, augmented=augmented)

    @property
    def is_baseline(self) -> bool:
        """Whether it holds the real images alone."""
        return self.source is None

    @property
    def baseline(self) -> "Mix":
        """The real images alone, augmented as this mix is."""
        return Mix(None, True, self.augmented)

    @property
    def untranslated(self) -> "Mix":
        """The same mix with rendered images as they are in place of its synthetic ones."""
        return replace(self, source=RENDERED)

    @property
    def randomised(self) -> "Mix":
        """The same mix with randomised rendered images in place of its synthetic ones."""
        return replace(self, source=RANDOMISED)

    @property
    def translator(self) -> str | None:
        """The translator that its synthetic images need, if any."""
        return None if self.source in (None, RENDERED) else self.source

    def n_synthetic(self, n_real: int, total: int) -> int:
        """How many synthetic images it holds at a count of `n_real`."""
        return 0 if self.is_baseline else total - n_real

    def real_share(self, n_real: int, total: int, share: float | str) -> float | str:
        """Fraction of real images in a training batch, or ``concatenate``.

        The latter means that all images are used equally often. `share` is what the config asks
        of mixes that hold both kinds: at least this fraction, or ``concatenate``.
        """
        both = self.real and not self.is_baseline
        return (
            share if both and share != "concatenate" and share > n_real / total else "concatenate"
        )


def ordered(names: Iterable[str]) -> list[str]:
    """Labels: the baseline first, then the mixes with real images, then those without."""

    def place(name: str) -> tuple[bool, bool, str]:
        mix = Mix.parse(name)
        return not mix.is_baseline, not mix.real, name

    return sorted(names, key=place)
