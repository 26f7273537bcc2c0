"""Command of rules/takeaway.smk: the classifier that is trained on all labelled images."""

import json
import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from realink.commands.support import Device, Json, Paths, log
from realink.errors import InputError

Names = Annotated[list[str], Parameter(help="all that may be needed")]


def train_final(
    *,
    study: str,
    answer: Path,
    recipes: Annotated[str, Parameter(help="by LEARNER:MIX, those that may be advised")],
    every_learner: Names,
    every_translator: Names = (),
    learner_settings: Json,
    translator_settings: Json,
    augmentation: Json,
    classifier: Paths,
    replicates: int,
    n: int,
    real: list[Path],
    seed: int,
    model: Path,
    record: Path,
    rendered: Path | None = None,
    unlabelled: Path | None = None,
    features: Annotated[str | None, Parameter(help="paths with {learner} and {view}")] = None,
    device: Device = "auto",
) -> None:
    """Train the classifier that the answer advises at the largest count, on all labelled images.

    Parameters
    ----------
    answer : what `analyse` wrote
    recipes : a list of one, or of its teacher's and its own
    learner_settings : by LEARNER:MIX
    translator_settings : by name
    classifier : checkpoints
    replicates, n : of the study's classifiers that are like it
    real : sets of the images that are trained on
    model, record : files to write: the checkpoint, and what it is
    rendered : of mixes that have synthetic images
    unlabelled : further real images, of mixes and translators that see any
    features : what pretrained networks see in the real images, where `encode` made that of all
    """
    from dataclasses import replace

    from realink.commands.support import device_for, recorded_code, report_step
    from realink.declared import LEARNERS
    from realink.images.imagesets import concatenate
    from realink.learners import encoded, final
    from realink.plan.recipe import Recipe
    from realink.settings import settings_from
    from realink.store.checkpoints import save
    from realink.store.files import read_images, read_json, write_json
    from realink.training import augmentation as policies
    from realink.translation import loop
    from realink.translation.settings import sees_unlabelled

    if not (advised := read_json(answer)["recommended"]):
        raise InputError(f"{answer} recommends no mix: the study has none with real images")
    known, label = json.loads(recipes), advised[-1]["mix"]
    label = label if ":" in label else f"{every_learner[0]}:{label}"
    if label not in known:
        raise InputError(f"{answer} recommends {label}, which has no classifier at {n:,}")
    chain = [Recipe(**one) for one in known[label]]
    cell, device, started = chain[-1], device_for(device), time.perf_counter()
    sets = [read_images(path) for path in real]
    labelled = sets[0] if len(sets) == 1 else concatenate(sets)
    further = None if unlabelled is None else read_images(unlabelled, labelled=False)
    synthetic = None if cell.synthetic == "none" else read_images(rendered)
    if cell.translator is not None:
        asked = json.loads(translator_settings)[cell.translator]
        sees = further is not None and sees_unlabelled(cell.translator)
        synthetic = final.translated(
            cell.translator,
            settings_from(loop.load(cell.translator).Settings, asked),
            synthetic,
            concatenate([labelled, further]) if sees else labelled,
            seed=seed,
            device=device,
            report=report_step,
            beside=model.parent,
        )
    elif synthetic is not None:
        synthetic = replace(synthetic, masks=None, colours=None)
    knobs = settings_from(
        LEARNERS.declared(cell.learner).Settings, json.loads(learner_settings)[label]
    )
    paths = [
        Path(classifier.format(learner=cell.learner, mix=cell.mix, n=n, replicate=replicate))
        for replicate in range(1, replicates + 1)
    ]
    network, share, chosen = final.fit(
        chain,
        knobs,
        labelled,
        synthetic,
        further,
        policy=settings_from(policies.Settings, json.loads(augmentation)),
        like=paths,
        seed=seed,
        device=device,
        report=report_step,
        features=features,
    )
    seconds = time.perf_counter() - started
    there = 0 if synthetic is None else len(synthetic)
    if encoded(cell.learner):  # which sees some of them
        there = min(there, knobs.synthetic)
    save(model, network, cell.learner, knobs, network.shape)
    write_json(
        record,
        {
            "study": study,
            "learner": cell.learner,
            "mix": cell.mix,
            "n_real": len(labelled),
            "n_synthetic": min(cell.n_synthetic, there),
            "synthetic": cell.synthetic,
            "augmented": cell.augmented,
            "real_share": share,
            "train_steps": cell.steps or 0,
            "train_seconds": round(seconds, 2),
            "chosen": chosen,
            "like": {"n_real": n, "replicates": replicates},
            "device": device,
            "code": recorded_code(),
        },
    )
    log.info("%s on %d labelled images in %.1f s", label, len(labelled), seconds)
