"""Probabilities that mean what they say, by one temperature (Guo et al. 2017, arXiv:1706.04599).

It divides the logits, which leaves the order of the classes as it is. Probabilities are
all that is needed: their logarithms are the logits, but for a constant.
"""

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar

BINS = 15
# Before it is held to any image, the logarithm of a temperature is normal with this spread: most of
# those published lie between 0.4 and 2.7. Decides only where there are few validation images.
SPREAD = 0.5
LEAST = 1e-8  # probability, of which float16 knows none smaller
ENDS = np.log([0.05, 20])


def restored(scores: np.ndarray) -> np.ndarray:
    """Class probabilities that were kept as float16 [n, classes], as float64 that sum to 1.

    Near 1 float16 knows steps of 0.0005, near 0 far finer ones: the highest probability is what
    the others leave.
    """
    found = scores.astype(np.float64)
    rows, top = np.arange(len(found)), found.argmax(1)
    found[rows, top] = 0
    found[rows, top] = np.maximum(1 - found.sum(1), found.max(1, initial=0))
    return found / found.sum(1, keepdims=True)


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Class probabilities, float64 [n, classes], at a temperature: above 1 they are less sure."""
    logits = np.log(np.maximum(probabilities, LEAST)) / temperature
    found = np.exp(logits - logits.max(1, keepdims=True))
    return found / found.sum(1, keepdims=True)


def fitted(probabilities: np.ndarray, labels: np.ndarray, count: float) -> float:
    """The temperature that gives images the highest likelihood, nearer to 1 where they are few.

    Parameters
    ----------
    probabilities : float [n, classes], of images that were not trained on, of one or several
        classifiers
    labels : int [n]
    count : how many images, each drawn by itself, these are worth (`realink.scores.risk`)
    """
    if not len(labels):
        return 1.0
    rows = np.arange(len(labels))

    def loss(logarithm: float) -> float:
        found = tempered(probabilities, np.exp(logarithm))[rows, labels]
        return -count * np.log(np.maximum(found, 1e-300)).mean() + (logarithm / SPREAD) ** 2 / 2

    return float(np.exp(minimize_scalar(loss, bounds=ENDS, method="bounded").x))


def bins(confidence: np.ndarray, right: np.ndarray, count: int = BINS) -> pd.DataFrame:
    """Images in equal numbers by their confidence: ``confidence``, share ``right``, ``images``.

    Parameters
    ----------
    confidence : float [n], the highest probability
    right : bool [n], whether its class is the true one
    """
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, count) if len(part)]
    return pd.DataFrame(
        {
            "confidence": [confidence[part].mean() for part in parts],
            "right": [right[part].mean() for part in parts],
            "images": [len(part) for part in parts],
        }
    )


def expected_error(confidence: np.ndarray, right: np.ndarray) -> float:
    """Expected calibration error in 15 equal-mass bins (Nixon et al. 2019, arXiv:1904.01685).

    A fraction: how far the mean confidence lies from the share that is right, on average.
    """
    table = bins(confidence, right)
    apart = (table["confidence"] - table["right"]).abs()
    return float((apart * table["images"]).sum() / table["images"].sum())


def least_error(confidence: np.ndarray, seed: int, draws: int = 50) -> float:
    """What `expected_error` is on average where every confidence is true: what chance alone makes.

    With n images its bins hold n / 15, whose share that is right is not known better.
    """
    random = np.random.default_rng(seed)
    found = [
        expected_error(confidence, random.random(len(confidence)) < confidence)
        for _ in range(draws)
    ]
    return float(np.mean(found))
