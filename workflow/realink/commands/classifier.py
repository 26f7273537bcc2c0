"""Command of rules/classifier.smk: one classifier of the grid."""

import json
import time
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from realink.commands.support import Device, Json, log
from realink.errors import InputError


def train_classifier(
    *,
    study: str,
    mix: str,
    n: int,
    replicate: int,
    n_synthetic: int,
    real_share: float | Literal["concatenate"],
    settings: Json,
    augmentation: Annotated[str, Parameter(help="a JSON object, or null where nothing needs it")],
    validation: Path,
    test: Path,
    seed: int,
    checkpoint: Path,
    predictions: Path,
    metrics: Path,
    real: Path | None = None,
    synthetic: Path | None = None,
    judged: Path | None = None,
    unlabelled: Path | None = None,
    teacher: Path | None = None,
    device: Device = "auto",
) -> None:
    """Train a classifier on one mix of images, and read the test images with it.

    Parameters
    ----------
    augmentation : of what is trained on, of mixes with -aug, and of the views that pseudo-labels
        are chosen by
    judged : what the judge read in the synthetic images, of controls that need it
    unlabelled : real images to learn from by pseudo-labels, of mixes that do; `predictions` then
        holds those of each round
    teacher : checkpoint of the classifier that gives the first of these labels
    """
    import numpy as np

    from realink.commands.support import device_for, recorded_code, report_step
    from realink.learners.small.model import Network, Settings, predict, train
    from realink.plan.mixes import CHANGED, PRETRAINED, Mix
    from realink.scores.judge import error_rate
    from realink.seeds import seed_for
    from realink.settings import settings_from
    from realink.store.checkpoints import load, save
    from realink.store.files import read_images, read_tensors, write_json, write_tensors
    from realink.training import augmentation as policies
    from realink.training import controls, pseudo

    knobs = settings_from(Settings, json.loads(settings))
    asked, parsed = json.loads(augmentation), Mix.parse(mix)
    policy = None if asked is None else settings_from(policies.Settings, asked)
    device = device_for(device)
    control, start = parsed.control, None
    parts = [] if real is None else [read_images(real)]
    if synthetic is not None:
        images = read_images(synthetic)
        if control in CHANGED:
            reading = None if judged is None else read_tensors(judged)[0]["read"]
            of_control = seed_for(seed, "control", mix, n, replicate)
            images = controls.changed(control, images, reading, of_control)
        parts.append(images.draw(n_synthetic, seed_for(seed, "synthetic", replicate)))
    started = time.perf_counter()
    if control == PRETRAINED:
        of_task = seed_for(seed, "pretraining", mix, n, replicate)
        task, real_share = controls.flipped(parts.pop(), of_task), "concatenate"
        start, _ = train([task], knobs, seed=of_task, device=device, report=report_step)
    shares = [len(part) / sum(map(len, parts)) for part in parts]

    def trained(parts: list[Any], *role: Any) -> Network:
        return train(
            parts,
            knobs,
            real_share=None if real_share == "concatenate" else real_share,
            augment=policy if parsed.augmented else None,
            start=start,
            seed=seed_for(seed, "classifier", mix, n, replicate, *role),
            device=device,
            report=report_step,
        )[0]

    read: dict[str, Any] = {}
    if unlabelled is None:
        network = trained(parts)
    else:
        further, few = read_images(unlabelled, labelled=False), None
        if parsed.unlabelled is not None:
            if parsed.unlabelled > len(further):
                raise InputError(
                    f"{unlabelled}: {mix} asks for more images than its {len(further)}"
                )
            order = np.random.default_rng(seed_for(seed, "few unlabelled", replicate))
            few = order.permutation(len(further))[: parsed.unlabelled]  # more hold the fewer
        network = load(teacher, "classifier", Network, Settings).to(device)
        for number in range(1, pseudo.ROUNDS + 1):
            of_views = seed_for(seed, "views", mix, n, replicate, number)
            taken = pseudo.label(
                network, further.images, policy, seed=of_views, among=few, device=device
            )
            learned = pseudo.taught(None if real is None else parts[0], further, taken)
            network = trained([learned, *parts[real is not None :]], number)
            read[f"pseudo_labels_{number}"] = taken
    seconds = time.perf_counter() - started
    errors = {}
    smallest = np.min_scalar_type(len(parts[0].classes) - 1)
    for name, path in (("validation", validation), ("test", test)):
        held_out = read_images(path)
        reading = predict(network, held_out.images, device=device).argmax(1)
        read[name], errors[name] = reading.astype(smallest), error_rate(reading, held_out.labels)
    if real_share == "concatenate":
        real_share = shares[0] if real is not None else 0
    record: dict[str, Any] = {
        "study": study,
        "mix": mix,
        "n_real": n,
        "n_synthetic": n_synthetic,
        "replicate": replicate,
        "synthetic": parsed.source or "none",
        "augmented": parsed.augmented,
        "test_error": errors["test"],
        "n_test": len(read["test"]),
        "validation_error": errors["validation"],
        "real_share": real_share,
        "train_steps": knobs.steps,
        "train_seconds": round(seconds, 2),
        "device": device,
        "code": recorded_code(),
    }
    write_tensors(predictions, read)
    write_json(metrics, record)
    save(checkpoint, network, "classifier", knobs, parts[0].shape)
    log.info("test error %.2f %%", 100 * errors["test"])
