"""Which unlabelled pictures to label next: at first typical ones, later those that teach most.

With few labels a classifier does not know what it does not know, and typical pictures of parts
without a label serve better: TypiClust (Hacohen, Dekel & Weinshall 2022, ICML, arXiv:2202.02794).
With more, BADGE (Ash, Zhang, Krishnamurthy, Langford & Agarwal 2020, ICLR, arXiv:1906.03671) draws
pictures one after another, each with a probability that grows with how far the gradient that its
label would give lies from those drawn before. Gradients are large where the classifier is unsure:
what is drawn is unsure and various at once. docs/lab/next.md has what was measured, and what was
tried beside them. Nothing here reads or writes files.
"""

import warnings
from collections.abc import Callable

import numpy as np
from scipy.cluster.vq import kmeans2

FEW = 10  # labels a class, up to which typical pictures are taken
DIMENSIONS = 64  # in which clusters are sought
CLUSTERS, SMALLEST, NEIGHBOURS = 500, 5, 20  # of TypiClust
TURNS = 20  # of k-means
COMPARED = 1000  # images of a cluster, at most, among which neighbours are sought


def choose(
    scores: np.ndarray, features: np.ndarray, labelled: np.ndarray, count: int, seed: int
) -> np.ndarray:
    """Choose what to label next: `typical` images with few labels, `various` ones with more.

    Parameters
    ----------
    scores : float [n, classes], probabilities that the classifier gives the unlabelled images
    features : float [n, d], what its last layer reads of these
    labelled : float [m, d], the same of the labelled ones
    count : how many, at most; of fewer images all are
    seed : of what is by chance

    Returns
    -------
    int64 [min(count, n)], places in the order in which they were chosen, none twice
    """
    if len(labelled) < FEW * scores.shape[1]:
        return typical(features, labelled, count, seed)
    return various(scores, features, count, seed)


def typical(features: np.ndarray, labelled: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Choose by TypiClust: of the largest clusters with the fewest labels the most typical images.

    There are as many clusters as there will be labels, 500 at most. Typical is what has a small
    mean distance to its neighbours in the cluster; those of fewer than five images come last.
    Parameters and result are those of `choose`.
    """
    n, count = len(features), min(count, len(features))
    known = _directions(np.concatenate([features, labelled]), seed)
    clusters = min(len(labelled) + count, CLUSTERS)
    cluster = _clusters(known, clusters, seed)
    labels = np.bincount(cluster[n:], minlength=clusters)
    sizes = np.bincount(cluster, minlength=clusters)
    # Of each cluster its unlabelled images, the most typical first.
    ranked = [_ranked(known, np.flatnonzero(cluster == number), n) for number in range(clusters)]
    chosen: list[int] = []
    while len(chosen) < count:
        there = [number for number in range(clusters) if len(ranked[number])]
        large = [number for number in there if sizes[number] >= SMALLEST] or there
        best = min(large, key=lambda number: (labels[number], -sizes[number], number))
        chosen.append(int(ranked[best][0]))
        ranked[best] = ranked[best][1:]
        labels[best] += 1
    return np.array(chosen, np.int64)


def _clusters(known: np.ndarray, number: int, seed: int) -> np.ndarray:
    """Part unit vectors by k-means; int [n], some clusters may be empty."""
    random = np.random.default_rng(seed)

    def distances(place: int) -> np.ndarray:
        return np.maximum(2 - 2 * known @ known[place], 0)

    first = int(random.integers(len(known)))
    centres = known[_apart(min(number, len(known)), len(known), distances, first, random)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of empty ones
        return kmeans2(known, centres, iter=TURNS, minit="matrix")[1]


def _apart(
    count: int,
    n: int,
    distances: Callable[[int], np.ndarray],
    first: int,
    random: np.random.Generator,
) -> np.ndarray:
    """Draw images far apart: k-means++ (Arthur & Vassilvitskii 2007, SODA).

    Parameters
    ----------
    count, n : how many of how many
    distances : squared, float [n], of all images from one

    Returns
    -------
    int64 [count], places, the first of which is `first`, each further one drawn with a probability
    in proportion to its squared distance from the nearest of those before
    """
    drawn, nearest, left = [first], np.full(n, np.inf), np.ones(n, bool)
    while len(drawn) < count:
        left[drawn[-1]] = False
        nearest = np.minimum(nearest, distances(drawn[-1]))
        weights = np.where(left, nearest, 0).astype(np.float64)
        if not weights.any():  # all that are left are like what was drawn
            weights = left.astype(np.float64)
        drawn.append(int(random.choice(n, p=weights / weights.sum())))
    return np.array(drawn, np.int64)


def _ranked(known: np.ndarray, members: np.ndarray, n: int) -> np.ndarray:
    """Those members of a cluster that have no label, the first n of all, the most typical first."""
    own = known[members]
    among = own[:: -(-len(own) // COMPARED) or 1]
    apart = np.sqrt(np.maximum(2 - 2 * own @ among.T, 0))
    near = min(NEIGHBOURS + 1, len(among))  # most are their own nearest
    mean = np.sort(apart, axis=1)[:, :near].sum(1)
    order = members[np.argsort(mean, kind="stable")]
    return order[order < n]


def _directions(features: np.ndarray, seed: int) -> np.ndarray:
    """Features in the space of their principal axes, as unit vectors: float32 [n, 64 or fewer].

    By subspace iteration from random directions (Halko, Martinsson & Tropp 2011, SIAM Review 53).
    """
    seen = spread(features)
    size = min(DIMENSIONS, *seen.shape)
    axes = np.random.default_rng(seed).normal(size=(seen.shape[1], size)).astype(np.float32)
    for _ in range(4):
        axes, _ = np.linalg.qr(seen.T @ (seen @ axes))
    found = seen @ axes
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)


def spread(features: np.ndarray) -> np.ndarray:
    """Features, float [n, d], each brought to zero mean and unit variance over the images."""
    features = features.astype(np.float32)
    spread = features.std(0)
    return (features - features.mean(0)) / (spread + 1e-3 * spread.mean() + 1e-6)


def various(scores: np.ndarray, features: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Draw images by BADGE; parameters and result are those of `choose`."""
    if not len(scores):
        return np.empty(0, np.int64)
    # The gradient of the last layer's weights is this factor times the features: neither it nor
    # the distances of all pairs need be held.
    factor = scores.astype(np.float64)
    factor[np.arange(len(scores)), scores.argmax(1)] -= 1
    seen = spread(features)
    norms = (factor**2).sum(1) * (seen.astype(np.float64) ** 2).sum(1)

    def distances(place: int) -> np.ndarray:
        along = (factor @ factor[place]) * (seen @ seen[place])
        return np.maximum(norms + norms[place] - 2 * along, 0)

    random = np.random.default_rng(seed)
    return _apart(min(count, len(scores)), len(scores), distances, int(norms.argmax()), random)
