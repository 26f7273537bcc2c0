"""Commands of rules/judge.smk: the network that reads translated images; evaluation only."""

import json
from pathlib import Path

from realink.commands.support import Device, Json


def train_judge(
    *,
    settings: Json,
    augmentation: Json,
    pool: Path,
    validation: Path,
    seed: int,
    checkpoint: Path,
    metrics: Path,
    device: Device = "auto",
) -> None:
    """Train the judge, the classifier that reads translated images, on all real ones."""
    from realink.commands.support import device_for, report_step
    from realink.images.resized import sized
    from realink.learners.small import Settings
    from realink.learners.small.network import predict, train
    from realink.scores.judge import error_rate
    from realink.seeds import seed_for
    from realink.settings import settings_from
    from realink.store.checkpoints import save
    from realink.store.files import read_images, write_json
    from realink.training import augmentation as policies

    knobs = settings_from(Settings, json.loads(settings))
    device = device_for(device)
    images = sized(read_images(pool), knobs.side)
    network, _ = train(
        [images],
        knobs,
        augment=settings_from(policies.Settings, json.loads(augmentation)),
        seed=seed_for(seed, "judge"),
        device=device,
        report=report_step,
    )
    held_out = sized(read_images(validation), knobs.side)
    read = predict(network, held_out.images, device=device).argmax(1)
    write_json(metrics, {"validation_error": error_rate(read, held_out.labels)})
    save(checkpoint, network, "small", knobs, images.shape)


def judge(
    *,
    translator: str,
    n: int,
    replicate: int,
    checkpoint: Path,
    translated: Path,
    retention: Path,
    predicted: Path,
    device: Device = "auto",
) -> None:
    """Read every translated image with the judge, and count the labels that it kept."""
    import numpy as np

    from realink.commands.support import device_for
    from realink.images.resized import sized
    from realink.learners.small.network import Network, Settings, predict
    from realink.scores import judge as measures
    from realink.store.checkpoints import load
    from realink.store.files import read_images, write_json, write_tensors

    device = device_for(device)
    network = load(checkpoint, "small", Network, Settings).to(device)
    images = sized(read_images(translated), network.side)
    reading = predict(network, images.images, device=device).argmax(1)
    smallest = np.min_scalar_type(len(images.classes) - 1)
    write_tensors(predicted, {"predicted": reading.astype(smallest)})
    identity = {"translator": translator, "n_real": n, "replicate": replicate}
    kept = measures.retention(reading, images.labels, len(images.classes))
    write_json(retention, identity | {"classes": images.classes} | kept)
