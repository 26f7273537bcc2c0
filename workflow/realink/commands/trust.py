"""Commands of rules/trust.smk: how far the advised classifiers can be trusted."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from realink.commands.support import Json, Paths, log

if TYPE_CHECKING:
    from realink.images.imagesets import ImageSet
    from realink.plan.recipe import Recipe

Sets = Annotated[list[Path], Parameter(help="of all replicates, or of each its own")]


def measure_trust(
    *,
    config: Json,
    answer: Path,
    scores: Paths,
    validation: Sets,
    test: Sets,
    seed: int,
    trust: Path,
    reliability: Path,
    coverage: Path,
) -> None:
    """Set temperature and threshold of the advised classifiers, and measure both on test images.

    Parameters
    ----------
    answer : what `analyse` wrote
    trust, reliability, coverage : tables to write, each with rows for each advised count, see
        `realink.scores.trust.Measured`
    """
    import pandas as pd

    from realink.plan import grid
    from realink.scores.trust import measured
    from realink.seeds import seed_for
    from realink.store.files import read_images, read_json, read_tensors, write_table

    study, found = json.loads(config), []
    sets = [list(map(read_images, paths)) for paths in (validation, test)]
    for one, own in _advised(study, read_json(answer)):
        scored = [read_tensors(path)[0] for path in grid.paths(scores, own)]
        part = measured(
            *([each[name] for each in scored] for name in ("validation", "test")),
            *(_of_replicates(own, images) for images in sets),
            asked=study["trust"]["risk"],
            seed=seed_for(seed, "calibration", one["n_real"]),
        )
        place = {"n_real": one["n_real"], "mix": one["mix"]}
        found.append(
            (
                pd.DataFrame([place | {"replicates": len(own)} | part.row]),
                part.reliability.assign(**place),
                part.coverage.assign(**place),
            )
        )
        log.info("N = %d: temperature %.2f", one["n_real"], part.row["temperature"])
    # Of a study that advises nothing there is nothing to say.
    none = [pd.DataFrame(columns=["n_real", "mix"])]
    for place, path in enumerate((trust, reliability, coverage)):
        write_table(path, pd.concat([part[place] for part in found] or none, ignore_index=True))


def measure_unknown(
    *,
    config: Json,
    answer: Path,
    classifier: Paths,
    pool: Sets,
    validation: Sets,
    test: Sets,
    false_alarms: float,
    seed: int,
    output: Path,
) -> None:
    """Find from which score on a picture is none of the classes, at the largest advised count.

    Parameters
    ----------
    answer : what `analyse` wrote
    classifier : checkpoints
    pool : the real images that are trained on
    false_alarms : share of the validation images that may be taken for none of the classes
    """
    import numpy as np

    from realink.learners import seen
    from realink.learners.whole import Classifier
    from realink.plan import grid
    from realink.scores import unknown
    from realink.scores.trust import units
    from realink.seeds import seed_for
    from realink.store.files import read_images, read_json, write_json

    study = json.loads(config)
    if not (advised := list(_advised(study, read_json(answer)))):
        write_json(output, {"least": None, "false_alarms": None})
        return
    (one, own), read, few = advised[-1], {"validation": [], "test": []}, []
    sets = [
        _of_replicates(own, list(map(read_images, paths))) for paths in (pool, validation, test)
    ]
    parts = zip(own, grid.paths(classifier, own), *sets, strict=True)
    for cell, path, images, *held in parts:
        network, place = Classifier(path), cell.replicate
        # Those that it saw, of a mix with real images; else all are as new to it.
        drawn = images.draw(cell.n_real or len(images), seed_for(seed, "draw", place))
        known = seen.chosen(drawn, unknown.KNOWN, seed_for(seed, "known", place))
        features = network.features(known.images).T
        for name, part in zip(read, held, strict=True):
            some = seen.chosen(part, unknown.KNOWN, seed_for(seed, "known", name))
            found = 1 - (network.features(some.images) @ features).max(1, initial=-1)
            read[name].append(found)
            few += [some] if name == "validation" else []
    _, most = units(few)  # different ones: replicates may have the same
    least = unknown.limit(np.concatenate(read["validation"]), most, false_alarms)
    alarms = None if least is None else float((np.concatenate(read["test"]) > least).mean())
    write_json(
        output,
        {"n_real": one["n_real"], "mix": one["mix"], "validation_images": most}
        | {"asked": false_alarms, "least": least, "false_alarms": alarms},
    )


def _of_replicates(cells: list["Recipe"], sets: list["ImageSet"]) -> list["ImageSet"]:
    """The set of each classifier: that of its replicate, or of all."""
    return [sets[0] if len(sets) == 1 else sets[cell.replicate - 1] for cell in cells]


def _advised(
    study: dict[str, Any], answer: dict[str, Any]
) -> Iterator[tuple[dict[str, Any], list["Recipe"]]]:
    """What is recommended at each count, and the classifiers of it, of all replicates."""
    from realink.plan import grid
    from realink.plan.mixes import Mix

    cells = grid.cells(study)
    for one in answer["recommended"]:
        mix = Mix.parse(one["mix"])
        asked = mix.learner or study["learners"][0], mix.without_learner.name, one["n_real"]
        yield one, [cell for cell in cells if (cell.learner, cell.mix, cell.n_real) == asked]
