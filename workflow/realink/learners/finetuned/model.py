"""The last blocks of a pretrained network and a head, trained from maps that `encode` made."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from realink.images.features import Features
from realink.images.imagesets import Shape
from realink.learners import backbone
from realink.learners.finetuned import Settings
from realink.learners.frozen import model as frozen
from realink.learners.frozen.model import fitted, standard
from realink.learners.job import Fitted, Job
from realink.learners.mirrored import Whole, predict
from realink.learners.views import MIRRORED

__all__ = ["Encoder", "Network", "chosen", "fit", "predict", "whole"]

BETAS = (0.9, 0.98)  # of AdamW; the second fits a few hundred steps
WARMUP = 0.25  # share of the steps that rises to the peak


class Network(nn.Module):
    """What follows the cut of a backbone, and a linear layer.

    It reads what `Encoder` made of images: float [n, d + map], the features of the untrained
    network and the map at its cut; and gives logits, float32 [n, classes].

    Attributes
    ----------
    shape : of the images
    mirrored : bool []; whether a score is the mean over an image and its mirror image
    penalty : float32 []; the L2 penalty of the head that the training began with
    part : float32 []; how far the weights are from those before the training, 0, to those after it
    """

    def __init__(self, settings: Settings, shape: Shape) -> None:
        super().__init__()
        self.settings, self.shape = settings, shape
        size = (shape.height, shape.width)
        whole = backbone.load(settings.backbone, settings.weights, size)
        with torch.inference_mode():
            features, cut = whole(torch.zeros(1, 3, *size))
        self.rest, self.pooling = whole.rest(), whole.network.forward_head
        self.width, self.map = features.shape[1], cut.shape[1:]
        ends = self.pooling(self.rest(torch.zeros(1, *self.map)), pre_logits=True).shape[1]
        self.before = self.width - ends
        self.register_buffer("mirrored", torch.tensor(False))
        self.register_buffer("penalty", torch.tensor(frozen.PENALTY))
        self.register_buffer("part", torch.tensor(1.0))
        self.register_buffer("mean", torch.zeros(self.width))
        self.register_buffer("scale", torch.ones(self.width))
        self.head = nn.Linear(self.width, shape.classes)

    def forward(self, encoded: torch.Tensor, mirror: torch.Tensor | None = None) -> torch.Tensor:
        """Parameters: `mirror`, bool [n], which images' maps are mirrored."""
        maps = encoded[:, self.width :].float().unflatten(1, self.map)
        if mirror is not None and maps.ndim == 4:  # of a transformer's tokens there is no mirror
            maps = torch.where(mirror[:, None, None, None], maps.flip(3), maps)
        maps = maps.contiguous(memory_format=torch.channels_last) if maps.ndim == 4 else maps
        end = self.pooling(self.rest(maps), pre_logits=True)
        features = torch.cat([encoded[:, : self.before].float(), end], 1)
        return self.head((features - self.mean) * self.scale)


class Encoder(nn.Module):
    """What a `Network` reads, of images float32 [n, 1 or 3, height, width] in 0..1."""

    def __init__(self, settings: Settings, shape: Shape) -> None:
        super().__init__()
        size = (shape.height, shape.width)
        self.backbone = backbone.load(settings.backbone, settings.weights, size)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        features, cut = self.backbone(images)
        return torch.cat([features, cut.flatten(1)], 1)


def fit(job: Job[Features]) -> Fitted:
    """Train the head alone, then the last blocks, too (Kumar et al. 2022, arXiv:2202.10054).

    By AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101) on one learning rate cycle (Smith & Topin
    2017, arXiv:1708.07120). Norms are folded into the convolutions, and so do not change with a
    batch. Of the weights before, after and half-way, those are kept that give the validation images
    the highest likelihood (Wortsman et al. 2022, arXiv:2109.01903).
    """
    parts = [] if job.real is None else [job.real]
    parts += [] if job.synthetic is None else [job.drawn(job.synthetic)]
    knobs, share = job.settings, job.real_share
    if share is None:
        share = len(parts[0]) / sum(map(len, parts)) if job.real is not None else 0
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(job.seed_for("classifier"))
        network = Network(knobs, job.validation.shape)
        _start(network, parts, job)
        network.to(job.device)
        before = {key: value.clone() for key, value in network.state_dict().items()}
        _train(network, parts, share if len(parts) > 1 else None, job)
    _average(network, before, job)
    return Fitted(network=network.eval().requires_grad_(False), real_share=share)


def _start(network: Network, parts: list[Features], job: Job[Features]) -> None:
    """Let the head begin where a linear classifier on the untrained features is best."""
    narrow = [_narrow(part, network.width) for part in parts]
    validation = _narrow(job.validation, network.width)
    found = fitted(narrow, validation, job.real_share, order=job.recipe.order, chosen=job.chosen)
    mean, scale = standard(torch.from_numpy(narrow[0].values[0]).float())
    network.mean.copy_(mean)
    network.scale.copy_(scale)
    network.mirrored.fill_(found.mirrored)
    network.penalty.fill_(found.penalty)
    with torch.no_grad():
        network.head.weight.copy_((found.weight / scale[:, None]).T)
        network.head.bias.copy_(found.bias + mean @ found.weight)


def _narrow(features: Features, width: int) -> Features:
    return Features(features.values[..., :width], features.labels, features.classes, features.shape)


def _train(network: Network, parts: list[Features], share: float | None, job: Job) -> None:
    knobs = job.settings
    for parameter in network.parameters():
        parameter.requires_grad_(True)
    rest = list(network.rest.parameters())
    groups = [
        {"params": [p for p in rest if p.ndim > 1], "lr": knobs.learning_rate},
        {"params": [p for p in rest if p.ndim < 2], "lr": knobs.learning_rate, "weight_decay": 0},
        {"params": network.head.parameters(), "lr": knobs.head_learning_rate, "weight_decay": 0},
    ]
    optimiser = torch.optim.AdamW(groups, betas=BETAS, weight_decay=knobs.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser,
        [group["lr"] for group in groups],
        total_steps=knobs.steps,
        pct_start=WARMUP,
        cycle_momentum=False,
    )
    first = knobs.batch_size if share is None else max(1, round(knobs.batch_size * share))
    takes = [first, knobs.batch_size - first][: len(parts)]
    last = job.recipe.real_steps
    if last is not None:
        takes = [knobs.batch_size] * 2
    streams = [
        _stream(part, take, mirrored=bool(network.mirrored))
        for part, take in zip(parts, takes, strict=True)
    ]
    total, told = 0.0, max(1, knobs.steps // 20)
    for step in range(1, knobs.steps + 1):
        used = streams
        if last is not None:
            used = streams[:1] if step > knobs.steps - last else streams[1:]
        drawn = [next(stream) for stream in used]
        encoded, labels = (torch.cat(one).to(job.device) for one in zip(*drawn, strict=True))
        mirror = torch.rand(len(labels), device=job.device) < 0.5 * float(network.mirrored)
        logits = network(encoded, mirror)
        loss = F.cross_entropy(logits, labels, label_smoothing=knobs.label_smoothing)
        if not math.isfinite(loss.item()):
            raise FloatingPointError(f"the loss is {loss.item()} in step {step}")
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        total += loss.item()
        if step % told == 0 and job.report is not None:
            job.report(step, knobs.steps, {"step": step, "loss": total / told})
            total = 0.0


def _stream(
    part: Features, take: int, *, mirrored: bool
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Batches in which each image comes equally often, each time in a view drawn at random."""
    left: list[int] = []
    usable = [number for number in range(len(part.values)) if mirrored or number != MIRRORED]
    while True:
        while len(left) < take:
            left += torch.randperm(len(part)).tolist()
        now, left = left[:take], left[take:]
        views = np.array(usable)[torch.randint(len(usable), (take,)).numpy()]
        yield torch.from_numpy(part.values[views, now]), torch.from_numpy(part.labels[now])


def chosen(networks: Sequence[Network]) -> dict[str, float]:
    """What validation images chose for most of some networks, as of `frozen`; and the weights."""
    parts = sorted(float(network.part) for network in networks)
    return frozen.chosen(networks) | {"part": parts[(len(parts) - 1) // 2]}


def _average(network: Network, before: dict[str, torch.Tensor], job: Job[Features]) -> None:
    validation, device = job.validation, job.device
    if not len(validation):
        part = job.chosen.get("part", 1.0)
        network.load_state_dict(_between(before, network.state_dict(), part))
        network.part.fill_(part)
        return
    after = {key: value.clone() for key, value in network.state_dict().items()}
    target, losses = torch.from_numpy(validation.labels), {}
    for part in (0.0, 0.5, 1.0):
        network.load_state_dict(_between(before, after, part))
        scores = torch.from_numpy(predict(network, validation, device=device))
        losses[part] = F.nll_loss(scores.clamp(min=1e-6).log(), target).item()
    best = min(losses, key=losses.get)
    network.load_state_dict(_between(before, after, best))
    network.part.fill_(best)


def _between(
    before: dict[str, torch.Tensor], after: dict[str, torch.Tensor], part: float
) -> dict[str, torch.Tensor]:
    return {
        key: value if value.dtype == torch.bool else torch.lerp(before[key], value, part)
        for key, value in after.items()
    }


def whole(network: Network) -> Whole:
    """The backbone, its last blocks and the head as one network, from images to probabilities."""
    return Whole(network, Encoder(network.settings, network.shape))
