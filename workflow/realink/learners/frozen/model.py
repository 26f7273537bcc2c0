"""The head on a pretrained network's features, and the two as one network."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from realink.images.features import Features
from realink.images.imagesets import Shape
from realink.learners import backbone, linear
from realink.learners.frozen import Settings
from realink.learners.job import Fitted, Job
from realink.learners.mirrored import Whole, predict
from realink.learners.views import MIRRORED
from realink.plan.recipe import FIRST, MIXED

__all__ = ["Encoder", "Network", "chosen", "fit", "predict", "whole"]

PENALTIES = (0.3, 0.1, 0.03, 0.01, 0.003, 0.001)  # L2, of which validation images choose
PENALTY = 0.03  # where there are none
TOWARDS = (3.0, 1.0, *PENALTIES)  # of the distance from another head: the strongest ones keep it
# Standardised features are scaled to a norm of about 10, so that one range of penalties serves
# all backbones.
NORM = 10.0
NOTHING: Mapping[str, float] = {}  # where validation images choose

log = logging.getLogger("realink")


class Network(nn.Module):
    """A linear layer: features, float [n, d], to logits, float32 [n, classes].

    Attributes
    ----------
    shape : of the images that the features are of
    mirrored : bool []; whether a score is the mean over an image and its mirror image
    penalty : float32 []; the L2 penalty of its head
    """

    def __init__(self, settings: Settings, shape: Shape) -> None:
        super().__init__()
        self.settings, self.shape = settings, shape
        self.register_buffer("mirrored", torch.tensor(False))
        self.register_buffer("penalty", torch.tensor(PENALTY))
        self.head = nn.LazyLinear(shape.classes)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.head(features.float())


class Encoder(nn.Module):
    """What makes features, float [n, d], of images, float32 [n, 1 or 3, height, width] in 0..1."""

    def __init__(self, settings: Settings, shape: Shape) -> None:
        super().__init__()
        size = (shape.height, shape.width)
        self.backbone = backbone.load(settings.backbone, settings.weights, size)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.backbone(images)[0]


def fit(job: Job[Features]) -> Fitted:
    """Fit the head: logistic regression on standardised features of all views.

    Its L2 penalty, and whether mirror images serve, are what gives the validation images the
    highest likelihood. Of a recipe whose synthetic images come first, a head is fitted on these,
    and then one on the real ones, whose distance from it is penalised (Chelba & Acero 2004, EMNLP).
    """
    parts = [] if job.real is None else [job.real]
    parts += [] if job.synthetic is None else [job.drawn(job.synthetic)]
    found = fitted(parts, job.validation, job.real_share, order=job.recipe.order, chosen=job.chosen)
    network = Network(job.settings, job.validation.shape)
    network.mirrored.fill_(found.mirrored)
    network.penalty.fill_(found.penalty)
    network.head(torch.zeros(1, len(found.weight)))
    with torch.no_grad():
        network.head.weight.copy_(found.weight.T)
        network.head.bias.copy_(found.bias)
    if job.report is not None:
        job.report(1, 1, {"validation loss": found.loss, "penalty": found.penalty})
    share = job.real_share
    if share is None:
        share = len(parts[0]) / sum(map(len, parts)) if job.real is not None else 0
    return Fitted(network=network.to(job.device).eval(), real_share=share)


def chosen(networks: Sequence[nn.Module]) -> dict[str, float]:
    """What validation images chose for most of some networks: the median, of an even number the
    stronger penalty, and no mirror images.
    """
    # Of float32, so many digits are there.
    penalties = sorted((float(f"{network.penalty:.4g}") for network in networks), reverse=True)
    mirrored = sum(bool(network.mirrored) for network in networks)
    middle = penalties[(len(penalties) - 1) // 2]
    return {"penalty": middle, "mirrored": float(2 * mirrored > len(networks))}


def fitted(
    parts: Sequence[Features],
    validation: Features,
    real_share: float | None,
    *,
    order: str = MIXED,
    chosen: Mapping[str, float] = NOTHING,
) -> linear.Fit:
    """The head that gives validation images the highest likelihood.

    Parameters
    ----------
    parts : real images in one or several views, synthetic ones in one, or both in this order
    validation : the images as they are, and mirrored
    real_share : weight of the first of two parts, in (0, 1); None: each image weighs the same
    order : of a `Recipe`; if the second of two parts comes first, no share is of any effect
    chosen : ``penalty`` and ``mirrored``, where they are chosen already
    """
    if order == FIRST:
        real, synthetic = parts
        return _chosen([real], validation, None, _chosen([synthetic], validation, None))
    return _chosen(parts, validation, real_share, known=chosen)


def _chosen(
    parts: Sequence[Features],
    validation: Features,
    real_share: float | None,
    towards: linear.Fit | None = None,
    known: Mapping[str, float] = NOTHING,
) -> linear.Fit:
    """The same as `fitted` of mixed parts, or with a penalty on the distance from a head."""
    classes = len(validation.classes)
    if 0 < len(validation) < classes:
        log.warning(
            "note: %d validation images for %d classes: what is chosen by them may be wrong; raise "
            "`real: validation:`",
            len(validation),
            classes,
        )
    for part in parts[:1]:
        lacking = sorted(set(range(classes)) - set(part.labels.tolist()))
        if lacking:
            log.warning(
                "note: no image of %d classes, %s among them, is trained on",
                len(lacking),
                part.classes[lacking[0]],
            )
    best: linear.Fit | None = None
    several = len(parts[0].values) > MIRRORED
    if not len(validation):
        penalty, mirrored = known.get("penalty", PENALTY), known.get("mirrored")
        found = _path(parts, real_share, bool(several and mirrored), classes, towards)
        # Buffers hold float32.
        return next(one for one in found if math.isclose(one.penalty, penalty, rel_tol=1e-4))
    for mirrored in (False, True) if several else (False,):
        for one in _path(parts, real_share, mirrored, classes, towards):
            scores = sum(
                (torch.from_numpy(view).float() @ one.weight + one.bias).softmax(1)
                for view in validation.values[: 1 + mirrored]
            )
            target = torch.from_numpy(validation.labels)
            loss = F.nll_loss((scores / (1 + mirrored)).clamp(min=1e-6).log(), target).item()
            one = one._replace(loss=loss)
            if best is None or loss < best.loss:
                best = one
    return best


def standard(features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and factor, float32 [d], that standardise features, float32 [n, d], to a norm of 10."""
    spread = features.std(0)
    scale = NORM / features.shape[1] ** 0.5 / (spread + 1e-3 * spread.mean() + 1e-6)
    return features.mean(0), scale


def _path(
    parts: Sequence[Features],
    real_share: float | None,
    mirrored: bool,
    classes: int,
    towards: linear.Fit | None,
) -> Iterator[linear.Fit]:
    rows, labels, weights = [], [], []
    sizes = [len(part) for part in parts]
    shares = (
        [size / sum(sizes) for size in sizes]
        if real_share is None or len(parts) == 1
        else [real_share, 1 - real_share]
    )
    for part, share in zip(parts, shares, strict=True):
        views = [view for number, view in enumerate(part.values) if mirrored or number != MIRRORED]
        rows += views
        labels += [part.labels] * len(views)
        weights += [np.full(len(part), share / len(views) / len(part))] * len(views)
    features = torch.from_numpy(np.concatenate(rows)).float()
    mean, scale = standard(features)
    head = None
    if towards is not None:
        # As it reads features that are standardised so.
        bias = towards.bias + mean @ towards.weight
        head = torch.cat([towards.weight / scale[:, None], bias[None]])
    found = linear.path(
        features.sub_(mean).mul_(scale),  # in place: they may be most of the memory
        np.concatenate(labels),
        np.concatenate(weights),
        classes,
        PENALTIES if head is None else TOWARDS,
        head,
    )
    for penalty, own in found:
        weight = own[:-1] * scale[:, None]
        yield linear.Fit(weight, own[-1] - mean @ weight, penalty, mirrored, float("nan"))


def whole(network: Network) -> Whole:
    """The backbone and the head as one network, from images to probabilities."""
    return Whole(network, Encoder(network.settings, network.shape))
