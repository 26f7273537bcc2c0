"""How `small` is trained on a mix: its controls, and its rounds of pseudo-labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import nn

from realink.errors import InputError
from realink.images.imagesets import ImageSet
from realink.learners.job import Fitted, Job
from realink.learners.small import network as networks
from realink.learners.small.network import Network, train
from realink.plan.mixes import CHANGED, PRETRAINED
from realink.seeds import seed_for
from realink.training import controls, pseudo


def fit(job: Job[ImageSet]) -> Fitted:
    """Train on a recipe's images, and then, if it says so, on pseudo-labels of unlabelled ones.

    Raises
    ------
    InputError
        The recipe asks for more unlabelled images than there are.
    """
    cell, real_share = job.recipe, job.real_share
    control, start = cell.control, None
    parts = [] if job.real is None else [job.real]
    if job.synthetic is not None:
        images = job.synthetic
        if control in CHANGED:
            images = controls.changed(control, images, job.judged, job.seed_for("control"))
        parts.append(job.drawn(images))
    options = {"device": job.device, "report": job.report}
    if control == PRETRAINED:
        of_task = job.seed_for("pretraining")
        task, real_share = controls.flipped(parts.pop(), of_task), None
        start, _ = train([task], job.settings, seed=of_task, **options)

    def trained(parts: list[ImageSet], *role: Any) -> Network:
        return train(
            parts,
            job.settings,
            real_share=real_share,
            augment=job.policy if cell.augmented else None,
            start=start,
            last=cell.real_steps,
            seed=job.seed_for("classifier", *role),
            **options,
        )[0]

    share = real_share
    if share is None:
        share = len(parts[0]) / sum(map(len, parts)) if job.real is not None else 0
    if not cell.pseudo:
        return Fitted(network=trained(parts), real_share=share)
    few, kept = None, {}
    if cell.unlabelled is not None:
        if cell.unlabelled > len(job.unlabelled):
            raise InputError(
                f"config key `mixes`: {cell.mix} asks for more unlabelled images than the "
                f"{len(job.unlabelled)} there are"
            )
        order = np.random.default_rng(seed_for(job.seed, "few unlabelled", cell.replicate))
        few = order.permutation(len(job.unlabelled))[: cell.unlabelled]  # more hold the fewer
    network = job.teacher
    for number in range(1, pseudo.ROUNDS + 1):
        taken = pseudo.label(
            network,
            job.unlabelled.images,
            job.policy,
            seed=job.seed_for("views", number),
            among=few,
            device=job.device,
        )
        learned = pseudo.taught(job.real, job.unlabelled, taken)
        network = trained([learned, *parts[job.real is not None :]], number)
        kept[f"pseudo_labels_{number}"] = taken
    return Fitted(network=network, real_share=share, kept=kept)


def predict(network: Network, images: ImageSet, *, device: str = "cpu") -> np.ndarray:
    """Class probabilities, float32 [n, classes]."""
    return networks.predict(network, images.images, device=device)


def whole(network: Network) -> nn.Module:
    """Images, float32 [n, c, h, w] in 0..1, to class probabilities, float32 [n, classes]."""
    return nn.Sequential(network, nn.Softmax(dim=1))
