"""Images of all domains on a plane, by what the judge sees in them. To look at; no measure."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch

from realink.images.imagesets import ImageSet
from realink.learners.small import network as small
from realink.scores.gap import features_of

MAPPED = 120  # images of each set


def on_a_plane(
    sets: Mapping[str, ImageSet],
    judge: small.Network,
    *,
    seed: int,
    device: str | torch.device = "cpu",
) -> pd.DataFrame:
    """Place images by the two directions in which the judge's features of them all vary most.

    Principal components of the features that the gap's distances are of, of as many images of each
    set as there are of the smallest, but no more than `MAPPED`.

    Parameters
    ----------
    sets : by name
    judge : on `device` and in evaluation mode

    Returns
    -------
    One row an image: ``images``, the set; ``label``, the name of its class; ``x`` and ``y``; and
    ``share``, the part of the features' variance that is in these two directions.
    """
    size = min(MAPPED, *map(len, sets.values()))
    drawn = {name: images.draw(size, seed) for name, images in sets.items()}
    seen = np.concatenate([features_of(own.images, judge, device) for own in drawn.values()])
    seen = seen.astype(np.float64) - seen.mean(axis=0)
    left, scales, directions = np.linalg.svd(seen, full_matrices=False)
    # The sign of a direction is anything: its largest part is positive here.
    signs = np.sign(directions[np.arange(2), np.abs(directions[:2]).argmax(axis=1)])
    places = left[:, :2] * scales[:2] * signs
    return pd.DataFrame(
        {
            "images": np.repeat(list(drawn), size),
            "label": [own.classes[label] for own in drawn.values() for label in own.labels],
            "x": places[:, 0].round(3),
            "y": places[:, 1].round(3),
            "share": round(float((scales[:2] ** 2).sum() / (scales**2).sum()), 4),
        }
    )
