"""What differs between two sets of images, by simple measures of background, object and light.

The measures are few and have names, so that a person can act on them; a
network finds more (`realink.scores.gap.detected`).
"""

import numpy as np
import pandas as pd
from scipy import ndimage

from realink.images.imagesets import ImageSet
from realink.seeds import seed_for

LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
FRAME = 8  # a picture's frame is an eighth of its sides wide
# Each measure, and what images that have less, or more, of it are like.
MEASURES = {
    "background light": ("a darker background", "a lighter background"),
    "background texture": ("a plainer background", "a busier background"),
    "object size": ("smaller objects", "larger objects"),
    "light": ("darker pictures", "lighter pictures"),
    "contrast": ("less contrast", "more contrast"),
    "colour": ("paler colours", "stronger colours"),
    "sharpness": ("softer edges", "sharper edges"),
}
FOLDS = 5
RIDGE = 0.1  # of the features' mean variance, which are standardised
FEWEST = 10  # images of either kind; of fewer nothing is measured
SAMPLE = 100  # images of either kind that are measured of a class
MOST = 99.0  # standard deviations: what has no spread at all differs by so many at most


def measures(images: np.ndarray) -> np.ndarray:
    """The `MEASURES` of each image: float [n, 7], of uint8 [n, h, w] or [n, h, w, 3].

    Light and background light: mean of all, and median of the frame, 0..1. Background texture:
    standard deviation in the frame. Object size: square root of the share of pixels whose colour is
    further from the frame's median than Otsu's threshold (1979, IEEE Trans. SMC 9:62). Contrast:
    standard deviation of light. Colour: mean of the strongest less the weakest channel. Sharpness:
    logarithm of the Laplacian's variance over that of light, so that contrast matters little.
    """
    _, height, width = images.shape[:3]
    frame = np.ones((height, width), bool)
    down, across = (max(1, side // FRAME) for side in (height, width))
    frame[down:-down, across:-across] = False
    return np.array([_of_one(image / 255, frame) for image in images]).reshape(-1, len(MEASURES))


def _of_one(image: np.ndarray, frame: np.ndarray) -> list[float]:
    channels = image.reshape(*image.shape[:2], -1)
    light = channels @ LUMA if channels.shape[2] == 3 else channels[..., 0]
    apart = np.sqrt(np.sum((channels - np.median(channels[frame], axis=0)) ** 2, axis=2))
    edges = ndimage.laplace(light)
    return [
        np.median(light[frame]),
        light[frame].std(),
        np.sqrt(np.mean(apart > _otsu(apart))),
        light.mean(),
        light.std(),
        np.mean(channels.max(axis=2) - channels.min(axis=2)),
        np.log((edges.var() + 1e-6) / (light.var() + 1e-6)),
    ]


def _otsu(values: np.ndarray) -> float:
    """The threshold that leaves two groups furthest apart."""
    counts, edges = np.histogram(values, 64)
    middles = (edges[1:] + edges[:-1]) / 2
    below, sums = np.cumsum(counts)[:-1], np.cumsum(counts * middles)
    above = counts.sum() - below
    between = (sums[:-1] * above - (sums[-1] - sums[:-1]) * below) ** 2
    between = np.divide(between, below * above, np.zeros(len(below)), where=below * above > 0)
    return float(edges[1 + between.argmax()])


def differences(made: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Standardised differences of measures, float [m, k] and [n, k]: made less real, float [k].

    Of the means, over the root of the mean of both variances (Cohen 1988).
    """
    shift = made.mean(axis=0) - real.mean(axis=0)
    spread = np.sqrt((made.var(axis=0, ddof=1) + real.var(axis=0, ddof=1)) / 2)
    known = np.divide(shift, spread, np.sign(shift) * MOST, where=spread > 1e-9)
    return np.clip(np.where(np.abs(shift) < 1e-9, 0.0, known), -MOST, MOST)


def told_apart(
    made: np.ndarray, real: np.ndarray, *, seed: int, groups: np.ndarray | None = None
) -> float:
    """Balanced accuracy in telling two sets apart by their measures, from about 0.5 to 1.

    Fisher's linear discriminant of the measures and their squares, so that it also sees what
    differs in spread alone; cross-fitted, so that no image is told by what was fitted on it.

    Parameters
    ----------
    made, real : float [m, k] and [n, k]
    seed : of the folds
    groups : int [n], of real images that belong together, which stay in one fold
    """
    random = np.random.default_rng(seed)
    folds = [random.permutation(len(made)) % FOLDS, _folds(len(real), groups, random)]
    shares = []
    scores = [np.full(len(made), np.nan), np.full(len(real), np.nan)]
    for fold in range(FOLDS):
        fitted = [side[own != fold] for side, own in zip((made, real), folds, strict=True)]
        if min(map(len, fitted)) < 2:
            continue
        direction, offset, shape = _discriminant(*fitted)
        for side, own, score in zip((made, real), folds, scores, strict=True):
            score[own == fold] = shape(side[own == fold]) @ direction - offset
    for score, sign in zip(scores, (1, -1), strict=True):
        known = score[~np.isnan(score)] * sign
        shares.append(np.mean(known > 0) + np.mean(known == 0) / 2 if len(known) else 0.5)
    return float(np.mean(shares))


def _folds(n: int, groups: np.ndarray | None, random: np.random.Generator) -> np.ndarray:
    if groups is None or len(np.unique(groups)) < 2:
        return random.permutation(n) % FOLDS
    names, places = np.unique(groups, return_inverse=True)
    return (random.permutation(len(names)) % FOLDS)[places]


def _discriminant(made: np.ndarray, real: np.ndarray):
    """Fisher's direction, its threshold half-way, and how features are made of measures."""
    both = np.concatenate([made, real])
    centre, scale = both.mean(axis=0), both.std(axis=0)
    scale[scale < 1e-9] = 1.0

    def shape(values: np.ndarray) -> np.ndarray:
        standard = np.clip((values - centre) / scale, -5, 5)
        return np.concatenate([standard, standard**2], axis=1)

    sides = [shape(made), shape(real)]
    means = [side.mean(axis=0) for side in sides]
    within = sum(np.cov(side.T) for side in sides) / 2
    ridge = RIDGE * max(np.trace(within) / len(within), 1e-9)
    direction = np.linalg.solve(within + ridge * np.eye(len(within)), means[0] - means[1])
    return direction, direction @ (means[0] + means[1]) / 2, shape


def by_class(made: ImageSet, real: ImageSet, *, seed: int) -> pd.DataFrame:
    """How synthetic images of each class differ from real ones of the same.

    Parameters
    ----------
    made, real : labelled, of the same classes
    seed : of the images that are drawn, `SAMPLE` of each kind and class, and of the folds

    Returns
    -------
    One row a class, whose name is the index: ``made_images`` and ``real_images``, how many were
    measured; ``told_apart``; and `differences`, a column a measure. A class with fewer than
    `FEWEST` images of a kind has none.
    """
    rows = []
    for label, name in enumerate(real.classes):
        sides = []
        for kind, images in (("made", made), ("real", real)):
            places = np.flatnonzero(images.labels == label)
            random = np.random.default_rng(seed_for(seed, "looks", kind, name))
            sides.append(np.sort(random.permutation(places)[:SAMPLE]))
        if min(map(len, sides)) < FEWEST:
            continue
        values = [
            measures(np.asarray(images.take(places).images))
            for images, places in zip((made, real), sides, strict=True)
        ]
        groups = None if real.groups is None else real.groups[sides[1]]
        told = told_apart(*values, seed=seed_for(seed, "told apart", name), groups=groups)
        rows.append((name, *map(len, sides), told, *differences(*values)))
    columns = ["label", "made_images", "real_images", "told_apart", *MEASURES]
    return pd.DataFrame(rows, columns=columns).set_index("label")
