"""Command of rules/encode.smk: what a pretrained network sees in an image set."""

import json
import time
from pathlib import Path

from realink.commands.support import Device, Json, log

SYNTHETIC = ("rendered/", "translated/")  # sets of which not all need be seen
AT_ONCE = 128  # images in memory


def encode(
    *,
    learner: str,
    settings: Json,
    images: Path,
    images_of: str,
    view: int,
    seed: int,
    output: Path,
    weights: Path | None = None,
    device: Device = "auto",
) -> None:
    """Let a pretrained network see one view of an image set.

    Parameters
    ----------
    settings : of the learner, those that its features follow from
    images_of : name of the set, which tells apart the random streams
    weights : the file that `settings` name, if they do
    """
    import numpy as np
    import torch

    from realink.commands.support import device_for
    from realink.declared import LEARNERS
    from realink.images.features import Features
    from realink.images.resized import reduced, size
    from realink.learners import backbone
    from realink.learners.batches import batches
    from realink.learners.views import view as viewed
    from realink.seeds import seed_for
    from realink.settings import settings_from
    from realink.store.features import write_features
    from realink.store.files import read_images

    module = LEARNERS.load(learner)
    device = device_for(device)
    knobs = settings_from(module.Settings, json.loads(settings))
    found = read_images(images, labelled=False)
    if images_of.startswith(SYNTHETIC) and len(found) > knobs.synthetic:
        order = np.random.default_rng(seed_for(seed, "encoded")).permutation(len(found))
        found = found.take(np.sort(order[: knobs.synthetic]))
    height, width = size(knobs.side, *found.images.shape[1:3])
    shape, started = found.shape._replace(height=height, width=width), time.perf_counter()
    made = []
    encoder = module.model.Encoder(knobs, shape).to(device).eval()
    with torch.inference_mode():
        for place, start in enumerate(range(0, max(1, len(found)), AT_ONCE)):
            part = np.asarray(found.images[start : start + AT_ONCE])
            of_part = seed_for(seed, "view", images_of, view, place)
            seen = viewed(reduced(part, height, width), view, of_part)
            made += [
                encoder(batch).to(torch.float16).cpu().numpy() for batch in batches(seen, device)
            ]
    seconds = time.perf_counter() - started
    features = np.concatenate(made)[None]
    write_features(
        output,
        Features(features, found.labels, found.classes, shape),
        backbone=backbone.about(knobs.backbone, knobs.weights),
    )
    log.info("%d images in %.1f s, %d numbers each", len(found), seconds, features.shape[2])
