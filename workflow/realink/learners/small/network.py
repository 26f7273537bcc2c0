"""The classifier that every training mix is measured with.

One small convolutional network and one recipe serve all mixes, so that differences in test
error come from the training images, from how long it trains, and from the augmentation where
there is one. Nothing here reads or writes files.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from realink.images.imagesets import ImageSet, Shape, concatenate
from realink.learners.small import Settings
from realink.training import augmentation
from realink.training.optimisers import Adam, Muon, Sgd

LARGEST_MAP = 10  # sides of the last feature map; more positions than these only cost time
HISTORY_INTERVALS = 20
PREDICT_PIXELS = 80_000  # that are read at once: few enough for a CPU's cache


class Network(nn.Module):
    """Convolutions and a linear layer: [n, channels, height, width] in 0..1 to logits [n, classes].

    Each side is halved until it is at most 10, beside the first two convolutions or more, and a
    last one reads what is left: three convolutions up to 40 pixels, four up to 80, five beyond.

    Overlapping max pooling is from Krizhevsky et al. (2012, NIPS), batch norm from
    Ioffe & Szegedy (2015, arXiv:1502.03167), dropout from Srivastava et al. (2014,
    JMLR 15:1929).
    """

    def __init__(self, settings: Settings, shape: Shape) -> None:
        super().__init__()
        self.shape, self.side = shape, settings.side
        layers: list[nn.Module] = []
        if settings.standardise:
            # One group is the whole image. Variances below 1e-5, a grey level, stay small.
            layers.append(nn.GroupNorm(1, shape.channels, affine=False))
        sides, channels = (shape.height, shape.width), shape.channels
        width, kernel = settings.width, 5
        while width < 4 * settings.width or max(sides) > LARGEST_MAP:
            # A side that is small already, of a long picture, is left as it is.
            strides = tuple(2 if side > LARGEST_MAP else 1 for side in sides)
            layers += _block(channels, width, kernel=kernel, strides=strides)
            sides = tuple(-(-side // stride) for side, stride in zip(sides, strides, strict=True))
            channels, width, kernel = width, min(2 * width, 4 * settings.width), 3
        layers += _block(channels, width, kernel=kernel)
        self.layers = nn.Sequential(
            *layers,
            # All positions: with few images, their average errs far more often.
            _Flatten(),
            _Dropout(settings.dropout),
            nn.Linear(width * math.prod(sides), shape.classes),
        )
        # Twice as fast on a CPU as the default.
        self.to(memory_format=torch.channels_last)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.layers(inputs)


class _Flatten(nn.Module):
    """Flatten in the order that channels_last images have in memory: a view, no copy."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs.permute(0, 2, 3, 1).flatten(1)


class _Dropout(nn.Module):
    """Dropout with a mask of random bytes, which are cheaper on a CPU than as many floats.

    With torch's own, a whole training takes 5 % longer. The probability is rounded to a multiple
    of 1/256.
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.keep = max(1, 256 - round(256 * probability))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        if not self.training or self.keep == 256:
            return inputs
        words = torch.empty((inputs.numel() + 7) // 8, dtype=torch.int64, device=inputs.device)
        mask = words.random_(-(2**63), None).view(torch.uint8)[: inputs.numel()] < self.keep
        return inputs * (mask.view(inputs.shape).float() * (256 / self.keep))


def _block(
    inputs: int, outputs: int, *, kernel: int, strides: tuple[int, ...] = (1, 1)
) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
    # Pooled before norm and ReLU, which then touch a quarter of the values.
    pooling = [nn.MaxPool2d(3, stride=strides, padding=1)] if max(strides) > 1 else []
    return [convolution, *pooling, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


def train(
    parts: Sequence[ImageSet],
    settings: Settings,
    *,
    real_share: float | None = None,
    augment: augmentation.Settings | None = None,
    start: Network | None = None,
    last: int | None = None,
    seed: int,
    device: str | torch.device = "cpu",
    report: Callable[[int, int, dict[str, float]], None] | None = None,
) -> tuple[Network, list[dict[str, float]]]:
    """Train a fresh network: its convolutions by Muon, the rest by gradient descent; or Adam.

    Muon (Jordan et al. 2024) needs fewer steps than gradient descent. Nesterov
    momentum (Sutskever et al. 2013, ICML), one learning rate cycle (Smith & Topin 2017,
    arXiv:1708.07120) that ends in a cosine (Loshchilov & Hutter 2016, arXiv:1608.03983),
    label smoothing (Szegedy et al. 2015, arXiv:1512.00567). Adam (Kingma & Ba 2014,
    arXiv:1412.6980) is what most people take: one learning rate for all, which does not change.

    Parameters
    ----------
    parts : image sets of the same shape and classes, none of them empty
    real_share : optional
        Fraction of every batch, in (0, 1), that the first of two parts fills; each gets at
        least one image. By default all images are used equally often.
    augment : optional
        How every image of every batch is augmented; not at all by default.
    last : optional
        So many steps at the end see the first of two parts alone, and those before them the second
        alone. All else is the same, the learning rate's one cycle too.
    start : optional
        A network for images of the same size: all but its last layer is where training begins.
    seed : int
        The only source of randomness (initial weights, batch order, augmentation,
        dropout): on the CPU the same seed and number of threads give the same network.
    report : callable, optional
        Called as ``report(step, steps, entry)`` with each entry of the history.

    Returns
    -------
    network : Network, on `device` and in evaluation mode
    history : list of dict
        About 20 of ``step``, ``loss`` (mean since the last entry), ``learning_rate``.
    """
    sizes = [len(part) for part in parts]
    if not all(sizes):
        raise ValueError(f"cannot train on parts of {sizes} images: one is empty")
    whole = concatenate(parts)
    takes = [settings.batch_size]
    if last is not None:
        takes *= 2
    elif real_share is None:
        sizes = [sum(sizes)]
    else:
        takes = _takes(settings.batch_size, real_share)
    device = torch.device(device)
    pixels = _pixels(whole.images).to(device)
    targets = torch.from_numpy(whole.labels).to(device)
    interval = math.ceil(settings.steps / HISTORY_INTERVALS)
    history: list[dict[str, float]] = []
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        network = Network(settings, whole.shape).to(device)
        if start is not None:
            network.layers[:-1].load_state_dict(start.layers[:-1].state_dict())
        rate, optimisers = settings.learning_rate, _optimisers(network, settings)
        # Summed on the device: reading every loss would stall a GPU.
        total, before = torch.zeros((), device=device), 0
        batched = _batches(sizes, takes, settings.steps, last)
        steps = zip(_cycle(settings), batched, strict=True)
        for step, (height, batch) in enumerate(steps, start=1):
            batch = batch.to(device)
            inputs = _inputs(pixels[batch])
            if augment is not None:
                inputs = augmentation.augment(inputs, augment)
            logits = network(inputs)
            loss = F.cross_entropy(logits, targets[batch], label_smoothing=settings.label_smoothing)
            loss.backward()
            for optimiser, peak in optimisers:
                optimiser.step(height * peak)
            total += loss.detach()
            if step % interval == 0 or step == settings.steps:
                mean = total.item() / (step - before)
                history.append({"step": step, "loss": mean, "learning_rate": height * rate})
                if report is not None:
                    report(step, settings.steps, history[-1])
                total, before = total.zero_(), step
    return network.eval(), history


def predict(
    network: Network, images: np.ndarray, *, device: str | torch.device = "cpu"
) -> np.ndarray:
    """Class probabilities, float32 [n, classes], of uint8 images [n, height, width] or [..., 3].

    `network` must be on `device` and in evaluation mode, as `train` returns it.
    """
    with torch.inference_mode():
        chunks = [
            network(chunk).softmax(dim=1).cpu() for chunk in batches(network.shape, images, device)
        ]
    return torch.cat(chunks).numpy()


def batches(shape: Shape, images: np.ndarray, device: str | torch.device) -> Iterator[torch.Tensor]:
    """Yield images as a network of this shape reads them, few enough for a CPU's cache.

    They become float32 [b, channels, height, width] in 0..1, on `device`.
    """
    height, width, channels, _ = shape
    if images.dtype != np.uint8 or images.shape[1:] != (height, width, *[3] * (channels == 3)):
        # Floats in 0..1 would be scaled twice without any other sign of it.
        raise ValueError(f"need uint8 images of {shape}, not {images.dtype} {list(images.shape)}")
    size = math.ceil(PREDICT_PIXELS / (height * width))
    # Of no images one batch, too: a study may have none for validation.
    for start in range(0, max(1, len(images)), size):
        yield _inputs(_pixels(images[start : start + size]).to(device))


def _pixels(images: np.ndarray) -> torch.Tensor:
    images = np.asarray(images)
    # torch warns about arrays that nobody may write to.
    return torch.from_numpy(images if images.flags.writeable else images.copy())


def _inputs(pixels: torch.Tensor) -> torch.Tensor:
    # Colours stay last in memory, as the network wants them. No mean is subtracted, so that black
    # is the same as the zero padding.
    images = pixels.unsqueeze(1) if pixels.ndim == 3 else pixels.permute(0, 3, 1, 2)
    return images.float().div_(255)


def _optimisers(network: Network, settings: Settings) -> list[tuple[Adam | Muon | Sgd, float]]:
    """What trains which parameters, and at which peak of the learning rate."""
    if settings.optimiser == "adam":
        return [(Adam(list(network.parameters()), betas=(0.9, 0.999)), settings.learning_rate)]
    kernels, weights, others = (
        [parameter for parameter in network.parameters() if parameter.ndim == ndim]
        for ndim in (4, 2, 1)
    )
    momentum, rate = settings.momentum, settings.learning_rate
    return [
        (Muon(kernels, momentum=momentum), settings.muon_learning_rate),
        (Sgd(weights, momentum=momentum, weight_decay=settings.weight_decay), rate),
        (Sgd(others, momentum=momentum), rate),
    ]


def _cycle(settings: Settings) -> list[float]:
    """What a learning rate is in each step, as a fraction of its peak."""
    if settings.optimiser == "adam":
        return [1.0] * settings.steps
    warmup = int(settings.warmup_fraction * settings.steps)
    rise = np.arange(1, warmup + 1) / max(warmup, 1)
    progress = np.linspace(0, 1, settings.steps - warmup, endpoint=False)
    fall = (1 + np.cos(np.pi * progress)) / 2
    return np.concatenate([rise, fall]).tolist()


def _takes(batch_size: int, share: float) -> list[int]:
    """How many images of a batch come from each of two parts."""
    if batch_size < 2:
        raise ValueError("a batch of one image cannot hold both real and synthetic ones")
    first = min(max(1, round(batch_size * share)), batch_size - 1)
    return [first, batch_size - first]


def _batches(
    sizes: Sequence[int], takes: Sequence[int], steps: int, last: int | None = None
) -> Iterator[torch.Tensor]:
    starts = np.cumsum([0, *sizes[:-1]]).tolist()
    streams = [_stream(*part) for part in zip(starts, sizes, takes, strict=True)]
    for step in range(steps):
        used = streams
        if last is not None:
            used = streams[:1] if step >= steps - last else streams[1:]
        yield torch.cat([next(stream) for stream in used])


def _stream(start: int, count: int, take: int) -> Iterator[torch.Tensor]:
    # Cut from a stream of fresh permutations: no image is dropped, and each is used
    # equally often, also where there are fewer images than a batch holds.
    stream = torch.empty(0, dtype=torch.int64)
    while True:
        while len(stream) < take:
            stream = torch.cat([stream, start + torch.randperm(count)])
        yield stream[:take]
        stream = stream[take:]
