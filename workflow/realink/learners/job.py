"""One classifier to be trained: what a learner's `fit` takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np

from realink.images.features import Features
from realink.images.imagesets import ImageSet
from realink.plan.recipe import Recipe
from realink.seeds import seed_for
from realink.training import augmentation

Images = TypeVar("Images", ImageSet, Features)


@dataclass(frozen=True, kw_only=True)
class Job(Generic[Images]):
    """One classifier of the grid, and the images, or their features, that it is made from.

    Attributes
    ----------
    recipe, settings
        What it is, and its learner's settings.
    validation
        What choices are made on.
    real, synthetic, unlabelled
        What is trained on; None where the recipe has none. The synthetic ones are all that there
        are, of which `n_synthetic` are drawn.
    policy
        How images are augmented; None of features, and where nothing needs it.
    judged
        int [n], what the judge predicted for the synthetic images, of controls that need it.
    teacher
        The classifier that gives the first pseudo-labels.
    seed
        Root of all random streams.
    device
        Of torch.
    report
        Called as ``report(step, steps, entry)``.
    chosen
        What validation images choose, where there are none: as they chose it for classifiers of
        the same recipe (`chosen` of a learner's model); else empty.
    """

    recipe: Recipe
    settings: Any
    validation: Images
    real: Images | None
    synthetic: Images | None
    unlabelled: Images | None
    policy: augmentation.Settings | None
    judged: np.ndarray | None
    teacher: Any
    seed: int
    device: str
    report: Callable[[int, int, dict[str, float]], None] | None = None
    chosen: Mapping[str, float] = field(default_factory=dict)

    @property
    def place(self) -> tuple[Any, ...]:
        """What tells apart the random streams of classifiers."""
        cell = self.recipe
        # Those of `small` are as they were before there were others.
        names = (cell.mix,) if cell.learner == "small" else (cell.learner, cell.mix)
        return *names, cell.n_real, cell.replicate

    def seed_for(self, role: str, *further: Any) -> int:
        """The seed of one random stream of this classifier."""
        return seed_for(self.seed, role, *self.place, *further)

    def drawn(self, synthetic: Images) -> Images:
        """The synthetic images of the recipe: of a replicate, the same for all."""
        number = min(self.recipe.n_synthetic, len(synthetic))
        return synthetic.draw(number, seed_for(self.seed, "synthetic", self.recipe.replicate))

    @property
    def real_share(self) -> float | None:
        """Fraction of real images in a batch, or their weight; None for all images alike."""
        share = self.recipe.real_share
        return None if share == "concatenate" else share


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A trained classifier.

    Attributes
    ----------
    network
        On the job's device, in evaluation mode.
    real_share
        The fraction of real images that it saw.
    kept
        Further arrays to keep beside its scores.
    """

    network: Any
    real_share: float
    kept: dict[str, np.ndarray] = field(default_factory=dict)
