"""The images that a classifier is made from and tested on, as its learner reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from realink.images.features import Features
from realink.images.imagesets import ImageSet
from realink.images.resized import sized
from realink.learners import encoded
from realink.plan.recipe import Recipe
from realink.seeds import seed_for
from realink.store.features import read_features
from realink.store.files import read_images


def read_sets(
    learner: str, side: int, paths: Mapping[str, Sequence[Path]], cell: Recipe, seed: int
) -> dict[str, ImageSet | Features | None]:
    """Read image sets, or features of them.

    Parameters
    ----------
    side : of the learner's settings, to which images are reduced
    paths : by name: one image set, or views of it; none where there is nothing to read
    cell, seed : of a learner that reads features, which real ones are drawn from the pool

    Returns
    -------
    By the same names; None of what there is not.
    """
    if not encoded(learner):
        return {
            name: sized(read_images(*of, labelled=name != "unlabelled"), side) if of else None
            for name, of in paths.items()
        }
    sets = {name: read_features(of) if of else None for name, of in paths.items()}
    if sets["real"] is not None:
        # As `draw_real` draws them from the same pool.
        sets["real"] = sets["real"].draw(cell.n_real, seed_for(seed, "draw", cell.replicate))
    return sets
