"""The gap: how far a set of synthetic digits is from real ones, in numbers.

Evaluation only: the real digits that a set is compared with come from the pool, never from the
test images, and the translator has seen none of them. Nothing here reads or writes files.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
import torch
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import NearestNeighbors
from sklearn.random_projection import GaussianRandomProjection
from torch import nn
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import KernelInceptionDistance

from realink import classifier
from realink.digits import Digits

REFERENCE = 5000  # real digits that a set is compared with
FEWEST = 200  # with fewer, the distances measure mostly their own error
FEATURES = 128
SUBSETS, SUBSET = 20, 1000  # of the kernel distance
NEIGHBOURS = 5  # as in Naeem et al.
COPIES = 1000  # digits whose nearest seen image is searched: the longest part at large N
CHUNK = 500

# Of the classifier that tells synthetic digits from real ones.
DETECTOR = classifier.Settings(
    steps=300,
    batch_size=64,
    learning_rate=0.1,
    warmup_fraction=0.3,
    momentum=0.9,
    weight_decay=5e-4,
    label_smoothing=0.1,
    width=16,
    dropout=0.25,
)


class Split(NamedTuple):
    """Real images of one replicate, each uint8 [n, 28, 28].

    seen : the N that its translators learnt from
    unseen : the reference, none of them seen; fewer or none where N is most of the pool
    floor : as many again, to compare real digits with real ones
    """

    seen: np.ndarray
    unseen: np.ndarray
    floor: np.ndarray


def split(pool: Digits, n_real: int, seed: int) -> Split:
    """Split the pool's images as the draw of the `n_real` real ones with the same seed did.

    The reference ends the permutation that `Digits.draw` begins with the seen images, so that
    it is the same for all N that leave it whole.
    """
    images = pool.draw(len(pool.labels), seed).images
    size = min(REFERENCE, len(images) // 2)
    start = len(images) - size
    return Split(images[:n_real], images[max(start, n_real) :], images[start - size : start])


def measure(
    images: np.ndarray,
    unseen: np.ndarray,
    seen: np.ndarray | None,
    judge: classifier.Network,
    *,
    seed: int,
    device: str | torch.device = "cpu",
) -> dict[str, float | int | None]:
    """Compare images with real ones, and with those that their translator has seen.

    `distances` and `density_and_coverage` are of the judge's features before its last layer. It
    learnt from the real digits that it reads here, so they mean something only beside those of
    the floor, and of sets of which as many images are compared.

    Parameters
    ----------
    images : uint8 [m, 28, 28], of which as many are drawn as there are of `unseen`
    unseen : uint8 [n, 28, 28], in random order
    seen : uint8 [N, 28, 28], or None for images that were made without any
    judge : on `device` and in evaluation mode
    seed : the only source of randomness: on the CPU the same seed and number of threads give the
        same numbers

    Returns
    -------
    ``n_compared`` : images of either kind; with fewer than 200 it is 0 and all else None
    ``detected`` : accuracy in telling the images from real ones, see `detected`
    ``frechet``, ``kernel`` : distances of the features, see `distances`
    ``density``, ``coverage`` : see `density_and_coverage`
    ``copied``, ``nearest`` : see `nearness`; None without `seen`
    """
    names = "detected", "frechet", "kernel", "density", "coverage", "copied", "nearest"
    count = min(len(images), len(unseen))
    if count < FEWEST:
        return {"n_compared": 0} | dict.fromkeys(names)
    made = images[np.random.default_rng(seed).permutation(len(images))[:count]]
    real = unseen[:count]
    features = [_features(side, judge, device) for side in (made, real)]
    values = (
        detected(made, real, seed=seed, device=device),
        *distances(*features, seed=seed),
        *density_and_coverage(*features),
        *((None, None) if seen is None else nearness(made, real, seen)),
    )
    return {"n_compared": count} | dict(zip(names, values, strict=True))


def detected(
    made: np.ndarray, real: np.ndarray, *, seed: int, device: str | torch.device = "cpu"
) -> float:
    """Held-out accuracy of a classifier that tells two sets apart: from 0.5 (it cannot) to 1.

    The two-sample test of Lopez-Paz & Oquab (2017, arXiv:1610.06545): trained on the first half
    of both sets, uint8 [n, 28, 28] in random order, and tested on the other.
    """
    half = len(real) // 2
    sides = [real, made]
    parts = [Digits(side[:half], np.full(half, label)) for label, side in enumerate(sides)]
    network, _ = classifier.train(parts, DETECTOR, seed=seed, device=device)
    right = [
        np.mean(classifier.predict(network, side[half:], device=device).argmax(1) == label)
        for label, side in enumerate(sides)
    ]
    return float(np.mean(right))


def distances(made: np.ndarray, real: np.ndarray, *, seed: int) -> tuple[float, float]:
    """Fréchet distance and kernel distance of two sets of features, both float [n, d].

    Fréchet: of the two Gaussians with their means and covariances (Heusel et al. 2017,
    arXiv:1706.08500). It is biased upwards, more with fewer features, and so never quite 0.
    Kernel: squared maximum mean discrepancy of a cubic kernel (Bińkowski et al. 2018,
    arXiv:1801.01401), mean over subsets; unbiased, around 0 or below where there is no gap.
    """
    given = nn.Identity()  # the features are there already
    given.num_features = real.shape[1]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*save all extracted features", UserWarning)
        kernel = KernelInceptionDistance(
            given, subsets=SUBSETS, subset_size=min(SUBSET, len(real), len(made))
        )
    frechet = FrechetInceptionDistance(given)
    for metric in frechet, kernel:
        metric.update(torch.from_numpy(real).double(), real=True)
        metric.update(torch.from_numpy(made).double(), real=False)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return frechet.compute().item(), kernel.compute()[0].item()


def density_and_coverage(made: np.ndarray, real: np.ndarray) -> tuple[float, float]:
    """Density and coverage (Naeem et al. 2020, arXiv:2002.09797) of features, both float [n, d].

    Around each real digit lies a ball that reaches to its fifth real neighbour. Density: how
    many balls a synthetic digit lies in, over 5; 1 is expected of real digits, more of digits
    that crowd where real ones are dense. Coverage: fraction of balls with a synthetic digit in.
    """
    radii = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(real).kneighbors()[0][:, -1]
    inside = pairwise_distances(made, real) < radii
    return float(inside.sum(axis=1).mean() / NEIGHBOURS), float(inside.any(axis=0).mean())


def nearness(made: np.ndarray, real: np.ndarray, seen: np.ndarray) -> tuple[float, float]:
    """How near images lie to seen ones, by the pixels; all uint8 [n, 28, 28].

    Returns
    -------
    copied : fraction of `made` that lie nearer to a seen image than 99 % of `real` do, so that
        0.01 is expected of digits that are not copies
    nearest : median distance of `made` to the nearest seen image, over that of `real`
    """
    search = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(_flat(seen))
    from_made, from_real = (
        search.kneighbors(_flat(images[:COPIES]))[0][:, 0] for images in (made, real)
    )
    return (
        float(np.mean(from_made < np.quantile(from_real, 0.01))),
        float(np.median(from_made) / np.median(from_real)),
    )


def _features(
    images: np.ndarray, judge: classifier.Network, device: str | torch.device
) -> np.ndarray:
    """A projection of the judge's features before its last layer, float32 [n, FEATURES]."""
    # All 3,136 would make covariances of deficient rank. A random projection, unlike principal
    # components of the real digits, keeps what only synthetic ones have; and it is the same for
    # every set, so that all distances have one unit.
    projection = GaussianRandomProjection(FEATURES, random_state=0)
    projection.fit(np.zeros((1, judge.layers[-1].in_features), np.float32))
    with torch.inference_mode():
        chunks = [
            projection.transform(
                judge.layers[:-1](chunk.to(device).unsqueeze(1).float() / 255).cpu().numpy()
            )
            for chunk in torch.from_numpy(images).split(CHUNK)
        ]
    return np.concatenate(chunks)


def _flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float32) / 255
