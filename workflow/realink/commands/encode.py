"""Command of rules/encode.smk: what a pretrained network sees in an image set."""

import json
import time
from pathlib import Path

from realink.commands.support import Device, Json, log

SYNTHETIC = ("rendered/", "translated/")  # sets of which not all need be seen


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
    from functools import partial

    from realink.commands.support import device_for
    from realink.declared import LEARNERS
    from realink.learners import backbone, seen
    from realink.seeds import seed_for
    from realink.settings import settings_from
    from realink.store.features import write_features
    from realink.store.files import read_images

    module = LEARNERS.load(learner)
    device = device_for(device)
    knobs = settings_from(module.Settings, json.loads(settings))
    found = read_images(images, labelled=False)
    if images_of.startswith(SYNTHETIC):
        found = seen.chosen(found, knobs.synthetic, seed_for(seed, "encoded"))
    shape, started = seen.shape_for(knobs.side, found), time.perf_counter()
    encoder = module.model.Encoder(knobs, shape).to(device).eval()
    of_part = partial(seed_for, seed, "view", images_of, view)
    features = seen.encoded(encoder, found, shape, view, of_part, device)
    seconds = time.perf_counter() - started
    write_features(output, features, backbone=backbone.about(knobs.backbone, knobs.weights))
    numbers = features.values.shape[2]
    log.info("%d images in %.1f s, %d numbers each", len(found), seconds, numbers)
