"""The gap: how far a set of synthetic images is from real ones, in numbers.

Evaluation only: the real images that a set is compared with come from the pool, never from the
test images, and the translator has seen none of them. Nothing here reads or writes files.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from realink.images.imagesets import ImageSet
from realink.images.names import OTHER
from realink.learners.small import network as small

REFERENCE = 5000  # real images that a set is compared with
FEWEST = 200  # with fewer, the distances measure mostly their own error
FEATURES = 128
SUBSETS, SUBSET = 20, 1000  # of the kernel distance
NEIGHBOURS = 5  # as in Naeem et al.
COPIES = 1000  # images whose nearest seen one is searched: the longest part at large N
NEAREST_NUMBERS = 4_000_000  # of images on either side of that search that are in memory at once
FEATURES_CHUNK = 1000  # images whose distances to all others are in memory at once

# Of the classifier that tells synthetic images from real ones. Not standardised: their light may
# be what differs.
DETECTOR = small.Settings(
    steps=300,
    batch_size=64,
    optimiser="muon",
    muon_learning_rate=0.05,
    learning_rate=0.1,
    warmup_fraction=0.3,
    momentum=0.9,
    weight_decay=5e-4,
    label_smoothing=0.1,
    width=16,
    dropout=0.25,
    standardise=False,
)


class Split(NamedTuple):
    """Real images of one replicate, each uint8 [n, height, width] or [n, height, width, 3].

    seen : the N that its translators learnt from
    unseen : the reference, none of them seen; fewer or none where N is most of the pool
    floor : as many again, to compare real images with real ones
    """

    seen: np.ndarray
    unseen: np.ndarray
    floor: np.ndarray


def split(pool: ImageSet, n_real: int, seed: int) -> Split:
    """Split the pool's images as the draw of the `n_real` real ones with the same seed did.

    The reference ends the permutation that `ImageSet.draw` begins with the seen images, so that
    it is the same for all N that leave it whole.
    """
    drawn = pool.draw(len(pool), seed)
    size = min(REFERENCE, len(drawn) // 2)
    start = len(drawn) - size
    parts = slice(n_real), slice(max(start, n_real), None), slice(start - size, start)
    # Of which rendered images need not have any.
    return Split(*(drawn.take(part).without(OTHER).images for part in parts))


def measure(
    images: np.ndarray,
    unseen: np.ndarray,
    seen: np.ndarray | None,
    judge: small.Network,
    *,
    seed: int,
    device: str | torch.device = "cpu",
) -> dict[str, float | int | None]:
    """Compare images with real ones, and with those that their translator has seen.

    `distances` and `density_and_coverage` are of the judge's features before its last layer. It
    learnt from the real images that it reads here, so they mean something only beside those of
    the floor, and of sets of which as many images are compared.

    Parameters
    ----------
    images : uint8 [m, height, width] or [m, height, width, 3], of which as many are drawn as there
        are of `unseen`
    unseen : uint8 [n, ...], in random order
    seen : uint8 [N, ...], or None for images that were made without any
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
    features = [features_of(side, judge, device) for side in (made, real)]
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
    of both sets, uint8 [n, height, width] or [n, height, width, 3] in random order, and tested on
    the other.
    """
    half = len(real) // 2
    sides = [real, made]
    parts = [
        ImageSet(side[:half], np.full(half, label), ("real", "made"))
        for label, side in enumerate(sides)
    ]
    network, _ = small.train(parts, DETECTOR, seed=seed, device=device)
    right = [
        np.mean(small.predict(network, side[half:], device=device).argmax(1) == label)
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
    # torchmetrics has both (a test compares them), but takes three seconds to import.
    real, made = (torch.from_numpy(features).double() for features in (real, made))
    size = min(SUBSET, len(real), len(made))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        draws = [
            _kernel_distance(*(side[torch.randperm(len(side))[:size]] for side in (real, made)))
            for _ in range(SUBSETS)
        ]
    return _frechet_distance(real, made), float(np.mean(draws))


def _frechet_distance(one: torch.Tensor, other: torch.Tensor) -> float:
    shift = (one.mean(0) - other.mean(0)).square().sum()
    spread, other_spread = one.T.cov(), other.T.cov()
    common = torch.linalg.eigvals(spread @ other_spread).sqrt().real.sum()
    return (shift + spread.trace() + other_spread.trace() - 2 * common).item()


def _kernel_distance(one: torch.Tensor, other: torch.Tensor) -> float:
    """Unbiased, of two sets float64 [n, d] of equal n."""
    n, d = one.shape

    def likeness(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        return (left @ right.T / d + 1) ** 3

    within = [likeness(side, side) for side in (one, other)]
    pairs = sum(kernel.sum() - kernel.trace() for kernel in within) / (n * (n - 1))
    return (pairs - 2 * likeness(one, other).mean()).item()


def density_and_coverage(made: np.ndarray, real: np.ndarray) -> tuple[float, float]:
    """Density and coverage (Naeem et al. 2020, arXiv:2002.09797) of features, both float [n, d].

    Around each real image lies a ball that reaches to its fifth real neighbour. Density: how
    many balls a synthetic image lies in, over 5; 1 is expected of real images, more of images
    that crowd where real ones are dense. Coverage: fraction of balls with a synthetic image in.
    """
    real, made = (torch.from_numpy(features).double() for features in (real, made))
    own, others = real.split(FEATURES_CHUNK), made.split(FEATURES_CHUNK)
    # The nearest to an image is itself.
    reach = torch.cat([torch.cdist(part, real).kthvalue(NEIGHBOURS + 1).values for part in own])
    inside = torch.cat([torch.cdist(part, real) < reach for part in others])
    density, coverage = inside.sum(1).double().mean() / NEIGHBOURS, inside.any(0).double().mean()
    return density.item(), coverage.item()


def nearness(made: np.ndarray, real: np.ndarray, seen: np.ndarray) -> tuple[float, float]:
    """How near images lie to seen ones, by the pixels; all uint8 [n, ...].

    Returns
    -------
    copied : fraction of `made` that lie nearer to a seen image than 99 % of `real` do, so that
        0.01 is expected of images that are not copies
    nearest : median distance of `made` to the nearest seen image, over that of `real`
    """
    from_made, from_real = (_to_nearest(images[:COPIES], seen) for images in (made, real))
    return (
        float(np.mean(from_made < np.quantile(from_real, 0.01))),
        float(np.median(from_made) / np.median(from_real)),
    )


def features_of(images: np.ndarray, judge: small.Network, device: str | torch.device) -> np.ndarray:
    """A projection of the judge's features before its last layer, float32 [n, FEATURES]."""
    # Thousands would make covariances of deficient rank. A random projection, unlike principal
    # components of the real images, keeps what only synthetic ones have; and it is the same for
    # every set, so that all distances have one unit.
    shape = FEATURES, judge.layers[-1].in_features
    projection = np.random.RandomState(0).normal(scale=FEATURES**-0.5, size=shape)
    projection = torch.from_numpy(projection.astype(np.float32)).to(device)
    with torch.inference_mode():
        chunks = [
            (judge.layers[:-1](chunk) @ projection.T).cpu()
            for chunk in small.batches(judge.shape, images, device)
        ]
    return torch.cat(chunks).numpy()


def _to_nearest(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Euclidean distance of each image to the nearest of others; all uint8 [n, ...]."""
    chunk = max(1, NEAREST_NUMBERS // images[0].size)
    # Of whole numbers as float64 the products are exact, and a copy's distance is 0.
    nearest = [
        torch.stack(
            [torch.cdist(part, other.double()).amin(1) for other in _rows(others).split(chunk)]
        ).amin(0)
        for part in map(torch.Tensor.double, _rows(images).split(chunk))
    ]
    return torch.cat(nearest).numpy() / 255


def _rows(images: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(images).flatten(1)
