"""Command of rules/classifier.smk: one classifier of the grid."""

import json
import time
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from realink.commands.support import Device, Json, log

Sets = Annotated[list[Path], Parameter(help="an image set, or views of it that `encode` made")]


def train_classifier(
    *,
    study: str,
    learner: str,
    recipe: Json,
    settings: Json,
    augmentation: Annotated[str, Parameter(help="a JSON object, or null where nothing needs it")],
    validation: Sets,
    test: Sets,
    seed: int,
    checkpoint: Path,
    scores: Path,
    metrics: Path,
    real: Sets = (),
    synthetic: Sets = (),
    unlabelled: Sets = (),
    judged: Path | None = None,
    teacher: Path | None = None,
    device: Device = "auto",
) -> None:
    """Train a classifier on one mix of images, and score the images that it is tested on.

    Parameters
    ----------
    recipe : what makes this classifier, a `realink.plan.recipe.Recipe`
    augmentation : of what is trained on, of mixes with -aug, and of the views that pseudo-labels
        are chosen by
    real : of a learner that reads features, of the whole pool, from which the same are drawn
    unlabelled : real images, from which mixes that do learn by pseudo-labels; `scores` then also
        holds those of each round
    judged : what the judge predicted for the synthetic images, of controls that need it
    teacher : checkpoint of the classifier that gives the first pseudo-labels
    """
    import numpy as np

    from realink.commands.support import device_for, recorded_code, report_step
    from realink.declared import LEARNERS
    from realink.learners.job import Job
    from realink.plan.recipe import Recipe
    from realink.scores.judge import error_rate
    from realink.settings import settings_from
    from realink.store.checkpoints import load, save
    from realink.store.files import read_tensors, write_json, write_tensors
    from realink.store.sets import read_sets
    from realink.training import augmentation as policies

    cell, module = Recipe(**json.loads(recipe)), LEARNERS.load(learner)
    knobs, model = settings_from(module.Settings, json.loads(settings)), module.model
    asked, device = json.loads(augmentation), device_for(device)
    paths = {"real": real, "synthetic": synthetic, "unlabelled": unlabelled}
    sets = read_sets(
        learner, knobs.side, paths | {"validation": validation, "test": test}, cell, seed
    )
    tested = sets.pop("test")
    kind = (learner, model.Network, module.Settings)
    started = time.perf_counter()
    fitted = model.fit(
        Job(
            recipe=cell,
            settings=knobs,
            **sets,
            policy=None if asked is None else settings_from(policies.Settings, asked),
            judged=None if judged is None else read_tensors(judged)[0]["predicted"],
            teacher=None if teacher is None else load(teacher, *kind).to(device),
            seed=seed,
            device=device,
            report=report_step,
        )
    )
    seconds, kept, errors = time.perf_counter() - started, dict(fitted.kept), {}
    for name, images in (("validation", sets["validation"]), ("test", tested)):
        kept[name] = model.predict(fitted.network, images, device=device).astype(np.float16)
        # By what is kept, so that whoever reads it finds the same.
        errors[name] = error_rate(kept[name].argmax(1), images.labels)
    if sets["unlabelled"] is not None:
        found = model.predict(fitted.network, sets["unlabelled"], device=device)
        kept["unlabelled"] = found.astype(np.float16)
    record: dict[str, Any] = {
        "study": study,
        "learner": learner,
        "mix": cell.mix,
        "n_real": cell.n_real,
        "n_synthetic": min(cell.n_synthetic, len(sets["synthetic"] or ())),
        "replicate": cell.replicate,
        "synthetic": cell.synthetic,
        "augmented": cell.augmented,
        "test_error": errors["test"],
        "n_test": len(tested),
        "validation_error": errors["validation"],
        "real_share": fitted.real_share,
        "order": cell.order,
        "train_steps": cell.steps or 0,
        "train_seconds": round(seconds, 2),
        "device": device,
        "code": recorded_code(),
    }
    write_tensors(scores, kept)
    write_json(metrics, record)
    save(checkpoint, fitted.network, learner, knobs, fitted.network.shape)
    log.info("test error %.2f %%", 100 * errors["test"])
