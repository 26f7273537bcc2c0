"""Which unlabelled pictures to label next: those that a classifier learns most from, and not alike.

BADGE (Ash, Zhang, Krishnamurthy, Langford & Agarwal 2020, ICLR, arXiv:1906.03671): pictures are
drawn one after another, each with a probability that grows with how far the gradient that its label
would give lies from those of the pictures drawn before. A gradient is large where the classifier is
unsure, so what is drawn is unsure and various at once. What was tried beside it is in
docs/lab/next.md. Nothing here reads or writes files.
"""

import numpy as np


def spread(features: np.ndarray) -> np.ndarray:
    """Features, float [n, d], each brought to zero mean and unit variance over the images."""
    features = features.astype(np.float32)
    spread = features.std(0)
    return (features - features.mean(0)) / (spread + 1e-3 * spread.mean() + 1e-6)


def various(scores: np.ndarray, features: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Draw images by BADGE, the surest to be drawn first.

    Parameters
    ----------
    scores : float [n, classes], probabilities that the classifier gives
    features : float [n, d], what its last layer reads
    count : how many to draw, at most; of fewer images all are
    seed : of the draw

    Returns
    -------
    int64 [min(count, n)], places in the order in which they were drawn, none twice
    """
    random = np.random.default_rng(seed)
    # The gradient of the last layer's weights is this factor times the features: neither it nor
    # the distances of all pairs need be held.
    factor = scores.astype(np.float64)
    factor[np.arange(len(scores)), scores.argmax(1)] -= 1
    seen = spread(features)
    norms = (factor**2).sum(1) * (seen.astype(np.float64) ** 2).sum(1)
    left = np.ones(len(scores), bool)
    distances = norms.copy()
    drawn = []
    for _ in range(min(count, len(scores))):
        weights = np.where(left, distances, 0)
        if weights.sum() > 0:
            place = weights.argmax() if not drawn else random.choice(len(left), p=_shares(weights))
        else:  # all that are left are like what was drawn
            place = random.choice(np.flatnonzero(left))
        drawn.append(int(place))
        left[place] = False
        apart = norms + norms[place] - 2 * (factor @ factor[place]) * (seen @ seen[place])
        distances = np.minimum(distances if len(drawn) > 1 else np.inf, np.maximum(apart, 0))
    return np.array(drawn, np.int64)


def _shares(weights: np.ndarray) -> np.ndarray:
    return weights / weights.sum()
