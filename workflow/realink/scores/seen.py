"""What a trained classifier makes of images: probabilities, and the features of its last layer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from realink.declared import LEARNERS
from realink.errors import InputError
from realink.images.imagesets import ImageSet
from realink.images.resized import reduced
from realink.learners.whole import batches
from realink.store.checkpoints import learner_of, load


def seen(checkpoint: Path, images: ImageSet) -> tuple[np.ndarray, np.ndarray]:
    """Let a classifier of any learner read images, on the CPU.

    Parameters
    ----------
    checkpoint : of a learner
    images : of any size, labelled or not

    Returns
    -------
    scores : float32 [n, classes], probabilities
    features : float32 [n, d], what its last linear layer reads; of a classifier that reads mirror
        images, too, the mean of both

    Raises
    ------
    InputError
        The checkpoint is none, or of a network that does not end in a linear layer.
    """
    learner = learner_of(checkpoint)
    module = LEARNERS.load(learner)
    network = load(checkpoint, learner, module.model.Network, module.Settings)
    whole = module.model.whole(network).eval()
    layers = [
        layer
        for layer in network.modules()
        if isinstance(layer, nn.Linear) and layer.out_features == network.shape.classes
    ]
    if not layers:
        raise InputError(
            f"{checkpoint}: the learner {learner} does not end in a linear layer, whose features "
            "pictures could be told apart by"
        )
    read: list[torch.Tensor] = []
    layers[-1].register_forward_pre_hook(lambda _, inputs: read.append(inputs[0].flatten(1)))
    scores, features = [], []
    sized = reduced(images.images, network.shape.height, network.shape.width)
    with torch.inference_mode():
        for batch in batches(sized):
            read.clear()
            scores.append(whole(batch))
            features.append(torch.stack(read).float().mean(0))
    return torch.cat(scores).numpy(), torch.cat(features).numpy()
