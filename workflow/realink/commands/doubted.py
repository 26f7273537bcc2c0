"""Commands of rules/doubted.smk: labels that classifiers doubt which never saw the picture."""

import json
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from realink.commands.support import Device, Json, log

Views = Annotated[list[Path], Parameter(help="views that `encode` made; none of other learners")]
REPEATS = 3  # of learners whose training has no steps: a head takes seconds


def cross_fit(
    *,
    learner: str,
    settings: Json,
    recipe: Json,
    augmentation: Annotated[str, Parameter(help="a JSON object, or null where nothing needs it")],
    images: Annotated[list[Path], Parameter(help="image sets: pool and validation, or all")],
    seed: int,
    output: Path,
    pool: Views = (),
    validation: Views = (),
    device: Device = "auto",
) -> None:
    """Score every labelled image by classifiers that were trained on others.

    Parameters
    ----------
    recipe : of the classifiers, a `realink.plan.recipe.Recipe` without synthetic images
    pool, validation : the same images, as a learner reads them that reads features
    """
    import numpy as np

    from realink.commands.support import device_for
    from realink.declared import LEARNERS
    from realink.images.features import Features
    from realink.images.imagesets import concatenate
    from realink.images.resized import sized
    from realink.learners.job import Job
    from realink.plan.recipe import Recipe
    from realink.scores.doubt import folds, unjudged
    from realink.scores.judge import error_rate
    from realink.seeds import seed_for
    from realink.settings import settings_from
    from realink.store.features import read_features
    from realink.store.files import read_images, write_tensors
    from realink.training import augmentation as policies

    cell, module = Recipe(**json.loads(recipe)), LEARNERS.load(learner)
    knobs, asked = settings_from(module.Settings, json.loads(settings)), json.loads(augmentation)
    device, repeats = device_for(device), 1 if hasattr(knobs, "steps") else REPEATS
    sets = [read_images(path) for path in images]
    groups = None
    if all(own.groups is not None for own in sets):
        groups = np.concatenate([np.asarray(own.group_names)[own.groups] for own in sets])
    if pool:
        views = [read_features(paths) for paths in (pool, validation) if paths]
        first = views[0]
        labelled = Features(
            np.concatenate([own.values for own in views], axis=1),
            np.concatenate([own.labels for own in views]),
            first.classes,
            first.shape,
        )
    else:
        labelled = sized(concatenate(sets), knobs.side)
    labels = labelled.labels
    scores = np.zeros((repeats, len(labels), len(labelled.classes)), np.float32)
    for repeat in range(repeats):
        parts = folds(labels, groups, seed_for(seed, "folds", learner, repeat))
        for number, (rest, held) in enumerate(parts):
            out = labelled.take(held)
            fitted = module.model.fit(
                Job(
                    recipe=cell._replace(n_real=len(rest)),
                    settings=knobs,
                    validation=out,
                    real=labelled.take(rest),
                    synthetic=None,
                    unlabelled=None,
                    policy=None if asked is None else settings_from(policies.Settings, asked),
                    judged=None,
                    teacher=None,
                    seed=seed_for(seed, "cross-fit", repeat, number),
                    device=device,
                )
            )
            scores[repeat, held] = module.model.predict(fitted.network, out, device=device)
            scores[repeat, unjudged(labels, rest, held)] = np.nan
    mean = scores.mean(0)
    known = ~np.isnan(mean[:, 0])
    error = error_rate(mean[known].argmax(1), labels[known]) if known.any() else 1.0
    write_tensors(output, {"scores": mean}, {"learner": learner, "error": error})
    log.info("%d labelled images, of which %.2f %% are read otherwise", len(labels), 100 * error)


def doubt_labels(
    *,
    scores: Annotated[list[Path], Parameter(help="of `cross_fit`, of each learner")],
    images: Annotated[list[Path], Parameter(help="the image sets that these scored")],
    splits: Annotated[list[str], Parameter(help="their splits, as the manifest names them")],
    output: Path,
    manifest: Path | None = None,
) -> None:
    """List the labelled pictures whose label is doubted most, by the learner that errs least.

    Parameters
    ----------
    manifest : what became of each picture, of real images that come from a folder
    """
    import numpy as np

    from realink.scores.doubt import doubted
    from realink.store.files import read_images, read_tensors, write_table
    from realink.store.manifests import names

    found = [read_tensors(path) for path in scores]
    tensors, record = min(found, key=lambda one: one[1]["error"])
    sets = dict(zip(splits, map(read_images, images), strict=True))
    labels = np.concatenate([own.labels for own in sets.values()])
    splits = np.repeat(list(sets), [len(own) for own in sets.values()])
    within = np.concatenate([np.arange(len(own)) for own in sets.values()])
    files = {split: names(manifest, split, own) for split, own in sets.items()}
    classes = np.asarray(sets[splits[0]].classes, object)
    table = doubted(tensors["scores"], labels)
    place = table.pop("place").to_numpy()
    table.insert(0, "split", splits[place])
    table.insert(1, "place", within[place])
    table.insert(
        2, "file", [files[split][n] for split, n in zip(splits[place], within[place], strict=True)]
    )
    table.insert(3, "class", classes[labels[place]])
    table["predicted"] = classes[table["predicted"]]
    table["learner"] = record["learner"]
    for name in "own", "other":
        table[name] = [float(f"{share:.3g}") for share in table[name]]
    write_table(output, table)
    log.info("%d labels are doubted, by %s", len(table), record["learner"])
