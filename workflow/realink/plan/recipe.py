"""A recipe: what makes one classifier of the grid. Apart from the grid, which no job runs.

Needs the standard library only, because every parse of the workflow reads it.
"""

from typing import Literal, NamedTuple

from realink.plan.mixes import RENDERED, Mix

MIXED, FIRST = "mixed", "first"  # how synthetic images come: among the real ones, or before them
CONCATENATE = "concatenate"


class Recipe(NamedTuple):
    """All that makes one classifier of the grid, resolved from the config once.

    Attributes
    ----------
    learner, mix
        Names.
    n_real
        The count that it stands at: the real images that a mix with real images holds; without
        any, in a study with a `total`, those that it leaves out.
    n_synthetic
        Synthetic images that it holds.
    replicate
        Which draw of the real images, from 1.
    synthetic
        Where the synthetic ones come from: ``none``, ``rendered`` or a translator's name.
    real, augmented, control, pseudo, unlabelled
        As of `Mix`.
    real_share
        Fraction of real images in a training batch, or ``concatenate``: all equally often.
    steps, batch_size
        Of learners that train by steps; else None.
    order
        ``mixed``, real and synthetic images in each batch; or ``first``, synthetic ones first and
        real ones after, for the share of the steps that `real_share` says.
    """

    learner: str
    mix: str
    n_real: int
    n_synthetic: int
    replicate: int
    synthetic: str
    real: bool
    augmented: bool
    control: str | None
    pseudo: bool
    unlabelled: int | None
    real_share: float | Literal["concatenate"]
    steps: int | None
    batch_size: int | None
    order: str = MIXED

    @property
    def real_steps(self) -> int | None:
        """How many of its steps, the last ones, see real images alone; None where all are mixed."""
        if self.order == MIXED or self.steps is None:
            return None
        return min(max(1, round(self.steps * self.real_share)), self.steps - 1)

    @property
    def translator(self) -> str | None:
        """The translator that its synthetic images need, if any."""
        return None if self.synthetic in ("none", RENDERED) else self.synthetic

    @property
    def teacher(self) -> str | None:
        """The mix whose classifier labels its unlabelled images, if it learns from any."""
        return Mix.parse(self.mix).supervised.name if self.pseudo else None
