"""What a mix is: which images a classifier trains on, and how.

Needs the standard library only, because every parse of the workflow reads it.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

REAL, RENDERED = "real", "rendered"
RANDOMISED = "randomised"  # the translator that looks at no real image: the rival of all others
AUGMENTED = "-aug"
# Controls that change the synthetic images or their labels (`realink.training.controls`): the first
# two need to know what the judge read in them.
JUDGED = ("reread", "confirmed")
CHANGED = (*JUDGED, "shuffled", "noise")
PRETRAINED = "pretrained"  # learns from these images without their labels, then from real ones
EXPOSED = "exposed"  # as many real images in a batch as a baseline's has
CONTROLS = (*CHANGED, PRETRAINED, EXPOSED)
PSEUDO = "pseudo"  # learns from unlabelled real images, too (`realink.training.pseudo`)

_LABEL = re.compile(r"(.+?)(?:-(\d+(?:epochs|steps)))?(?:-([1-9]\d{0,8})unlabelled)?")


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
    control
        One of `CONTROLS`, for mixes of real and synthetic images, or None.
    budget
        How long it trains, if not as the study says: ``2epochs``, two passes over its own images,
        or ``900steps``.
    pseudo
        Whether a student learns from a teacher's labels of the unlabelled real images as well.
    unlabelled
        From how many of them, or None: from all.
    learner
        What learns it, where a study has several learners; else None.
    """

    source: str | None
    real: bool
    augmented: bool = False
    control: str | None = None
    budget: str | None = None
    pseudo: bool = False
    unlabelled: int | None = None
    learner: str | None = None

    @staticmethod
    @lru_cache
    def parse(name: str) -> "Mix":
        """Read a label: ``real``, ``X`` or ``real-X``, and what may follow.

        That is, in this order: a control (of ``real-X``), ``-pseudo``, ``-aug``, a budget, and
        ``-550unlabelled``: from how many unlabelled images it learns. Before it may stand a
        learner, ``frozen:real-X``.
        """
        learner, colon, label = name.rpartition(":")
        if colon:
            return replace(Mix.parse(label), learner=learner)
        rest, budget, number = _LABEL.fullmatch(name).groups()
        unlabelled = number and int(number)
        taught = rest.removesuffix(AUGMENTED)
        images = taught.removesuffix(f"-{PSEUDO}")
        augmented, pseudo = taught != rest, images != taught
        if images == REAL:
            return Mix(None, True, augmented, None, budget, pseudo, unlabelled)
        source, real, control = images.removeprefix(f"{REAL}-"), images.startswith(f"{REAL}-"), None
        if real and "-" in source and source.rpartition("-")[2] in CONTROLS:
            source, _, control = source.rpartition("-")
        return Mix(source, real, augmented, control, budget, pseudo, unlabelled)

    @property
    def name(self) -> str:
        """Its label."""
        parts = [REAL * self.real, self.source, self.control, PSEUDO * self.pseudo]
        few = self.unlabelled and f"{self.unlabelled}unlabelled"
        label = "-".join(filter(None, [*parts, "aug" * self.augmented, self.budget, few]))
        return f"{self.learner}:{label}" if self.learner else label

    @property
    def without_learner(self) -> "Mix":
        """The same mix, whatever learns it."""
        return replace(self, learner=None)

    @property
    def plain(self) -> "Mix":
        """The mix of the same images without augmentation."""
        return replace(self, augmented=False)

    @property
    def is_variant(self) -> bool:
        """Whether it is a control, has a budget of its own or sees few of the unlabelled images.

        Such mixes are for tables, not for curves.
        """
        return bool(self.control or self.budget or self.unlabelled)

    @property
    def standard(self) -> "Mix":
        """The mix of these images without anything else: what the config's `real_share` names."""
        return Mix(self.source, self.real, learner=self.learner)

    @property
    def uncontrolled(self) -> "Mix":
        """The mix that it is a control of; itself if it is none."""
        return replace(self, control=None)

    @property
    def is_baseline(self) -> bool:
        """Whether it holds the labelled real images alone."""
        return self.source is None and not self.pseudo

    @property
    def supervised(self) -> "Mix":
        """The same mix without pseudo-labels: what its teacher trains on."""
        return replace(self, pseudo=False, unlabelled=None)

    @property
    def unreduced(self) -> "Mix":
        """The same mix that learns from all unlabelled images; itself if it does."""
        return replace(self, unlabelled=None)

    @property
    def unrendered(self) -> "Mix":
        """The labelled real images alone, with pseudo-labels if this mix has any."""
        return replace(self.baseline, pseudo=self.pseudo, unlabelled=self.unlabelled)

    @property
    def baseline(self) -> "Mix":
        """The real images alone, augmented as this mix is, and with its budget."""
        return Mix(None, True, self.augmented, budget=self.budget, learner=self.learner)

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

    def real_share(self, n_real: int, n_synthetic: int, share: float | str) -> float | str:
        """Fraction of real images in a training batch, or ``concatenate``.

        The latter means that all images are used equally often. `share` is what the config asks
        of mixes that hold both kinds: at least this fraction, or ``concatenate``. Pseudo-labelled
        images are real ones, and it is not known before how many they will be. Beside labelled
        ones they leave half as much of a batch to synthetic images; without, these alone have
        labels that are right.
        """
        both = (self.real or self.pseudo) and self.source is not None
        if not both or share == "concatenate":
            return "concatenate"
        if self.pseudo:
            return (1 + share) / 2 if self.real else share
        return share if share > n_real / (n_real + n_synthetic) else "concatenate"

    def steps(self, images: int, *, steps: int, epochs: float | None, batch: int) -> int:
        """Optimiser steps of its classifier, by its own budget or else the study's.

        Parameters
        ----------
        images : that it holds
        steps : of a study without `epochs`, whatever a mix holds
        epochs : passes over the images that a mix holds, whatever steps that takes; or None
        batch : images in a step
        """
        if self.budget:
            number, unit = re.fullmatch(r"(\d+)(epochs|steps)", self.budget).groups()
            steps, epochs = int(number), int(number) if unit == "epochs" else None
        if epochs is None:
            return steps
        return math.ceil(epochs * images / batch)

    def batch(self, batch: int, share: float | str) -> int:
        """Images in a batch, of which `share` are real; `batch` but for the control `EXPOSED`."""
        return round(batch / share) if self.control == EXPOSED else batch


def ordered(names: Iterable[str]) -> list[str]:
    """Labels: the baseline first, then the mixes with real images, then those without.

    By name among themselves, and by size where numbers in it differ.
    """

    def place(name: str) -> tuple[bool, bool, list[str | int]]:
        mix = Mix.parse(name)
        parts = re.split(r"(\d+)", name)  # words and numbers in turn
        by_size = [int(part) if part.isdigit() else part for part in parts]
        return not mix.is_baseline, not mix.real, by_size

    return sorted(names, key=place)
