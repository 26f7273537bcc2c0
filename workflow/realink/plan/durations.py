"""How long the jobs of a study will take, on one core.

Needs the standard library only, because every parse of the workflow asks for it.
"""

from collections.abc import Mapping
from statistics import mean
from typing import Any, NamedTuple

from realink import learners
from realink.plan import doses, grid, sizes, sources

# Seconds of one job, as measured (docs/lab/performance.md): of a classifier and of the translators
# on images of 28 x 28 grey pixels, which grow with the pixels; and of those around.
CLASSIFIER_SECONDS, CLASSIFIER_STEPS = 13.0, 1100
TRANSLATOR_SECONDS = {"cyclegan": 57.0, "warp": 21.0, "harvest": 0.0, "randomised": 0.0}
MEASURED_PIXELS = 28 * 28
COLOUR_FACTOR, PHOTOMETRIC_FACTOR = 1.15, 1.4
# Translating, judging and measuring the gap; and a job's start.
TRANSLATED_SECONDS, START_SECONDS = 12.0, 4.0
HEAD_SECONDS = 5.0
# Of all steps of a training, those of the five that doubt labels.
CROSSFIT_SHARE = 5 * 300 / CLASSIFIER_STEPS
# Images of 128 x 128 that a pretrained network sees in a second; and a step on 32 of its maps.
ENCODED_A_SECOND, ENCODED_PIXELS, FINETUNED_STEP = 110.0, 128 * 128, 0.25
AROUND_SECONDS = 60.0  # reading, drawing, the judge, tables and figures
TURN_SECONDS = 20.0  # splitting images and features for a further replicate, and its judge
# Two rounds of `realink.training.pseudo`, and what they read: 2.1 times a training with 2,000
# unlabelled images, 2.9 with 55,000. A mix's teacher is another cell.
PSEUDO_TRAININGS = 2.5
# Augmentation that costs: of light, not of shape.
PHOTOMETRIC = ("brightness", "contrast", "colour", "gradient", "blur", "noise")


class Speed(NamedTuple):
    """How many times as long as on the machine that was measured a machine takes.

    training : for a network's steps
    encoding : for what a pretrained network sees
    start : for a job's start, and all that is not arithmetic
    """

    training: float = 1.0
    encoding: float = 1.0
    start: float = 1.0


MEASURED = Speed()


def work(config: Mapping[str, Any], speed: Speed = MEASURED) -> float:
    """Seconds of all jobs of a study, one after another, on a machine of some speed."""
    cells, trained = [*grid.cells(config), *doses.cells(config)], grid.translator_cells(config)
    translated = TRANSLATED_SECONDS * _pixels(config) * speed.training
    return (
        AROUND_SECONDS * speed.start
        + TURN_SECONDS * speed.start * max(0, sources.rotates(config) - 1)
        + sum(_classifier(config, cell, speed) for cell in cells)
        + sum(seconds for _, seconds in _encodings(config, speed))
        + sum(_translator(config, cell, speed) + translated for cell in trained)
    )


def by_rule(config: Mapping[str, Any]) -> dict[str, float]:
    """Mean seconds of a job of the rules that take most of the time."""
    cells, trained = grid.cells(config), grid.translator_cells(config)
    judge = START_SECONDS + CLASSIFIER_SECONDS * _pixels(config) * _photometric(config)
    doubting = START_SECONDS + CROSSFIT_SHARE * (judge - START_SECONDS)
    seconds = {"train_judge": judge, "cross_fit": doubting}
    if cells:
        seconds["train_classifier"] = mean(_classifier(config, cell) for cell in cells)
    if dosed := doses.cells(config):
        seconds["train_dose"] = mean(_classifier(config, cell) for cell in dosed)
    if trained:
        seconds["train_translator"] = mean(_translator(config, cell) for cell in trained)
        each = START_SECONDS + TRANSLATED_SECONDS * _pixels(config) / 3
        seconds |= dict.fromkeys(
            ("translate", "judge", "measure_gap", "measure_gap_reference"), each
        )
    if encodings := _encodings(config):
        jobs, all_of_them = map(sum, zip(*encodings, strict=True))
        seconds["encode"] = all_of_them / jobs
    return seconds


def of_job(config: Mapping[str, Any], rule: str, wildcards: Mapping[str, str]) -> float | None:
    """Seconds of one job, where jobs of its rule differ much; else None.

    Parameters
    ----------
    config : as `sources.complete` gives it
    wildcards : of the job, as its rule names them
    """
    if rule in ("train_classifier", "train_dose"):
        mix, n, replicate = (wildcards[name] for name in ("mix", "n", "replicate"))
        held = wildcards.get("n_synthetic")
        held = held if held is None else int(held)
        cell = grid.recipe(config, wildcards["learner"], mix, int(n), int(replicate), held=held)
        return _classifier(config, cell)
    if rule == "train_translator":
        names = wildcards["translator"], int(wildcards["n"]), int(wildcards["replicate"])
        return _translator(config, grid.TranslatorCell(*names))
    if rule == "encode":
        seen = sizes.encoded(config, wildcards["images"])
        if not wildcards["images"].startswith("real/"):
            seen = min(seen, config["learner_settings"][wildcards["learner"]]["synthetic"])
        return START_SECONDS + _seeing(config, wildcards["learner"], seen)
    return None


def _classifier(config: Mapping[str, Any], cell: grid.Recipe, speed: Speed = MEASURED) -> float:
    start = START_SECONDS * speed.start
    if learners.encoded(cell.learner):
        return start + (HEAD_SECONDS + FINETUNED_STEP * (cell.steps or 0)) * speed.training
    seconds = (
        CLASSIFIER_SECONDS * (cell.steps or CLASSIFIER_STEPS) / CLASSIFIER_STEPS * _pixels(config)
    )
    seconds *= _photometric(config) if cell.augmented else 1
    return start + seconds * (PSEUDO_TRAININGS if cell.pseudo else 1) * speed.training


def _encodings(config: Mapping[str, Any], speed: Speed = MEASURED) -> list[tuple[int, float]]:
    """Jobs of each pretrained network, and seconds of all that it sees."""
    return [_encoding(config, name, speed) for name in config["learners"] if learners.encoded(name)]


def _encoding(config: Mapping[str, Any], learner: str, speed: Speed) -> tuple[int, float]:
    settings = config["learner_settings"][learner]
    views, replicates = learners.n_views(learner, settings), sources.rotates(config)
    # These are seen as they are, and mirrored.
    tested = [] if replicates else ["validation", "test"]
    tested += ["unlabelled"] * grid.has_unlabelled(config) * max(1, replicates)
    sets = 1 + len(grid.translator_cells(config))
    seen = (
        views * sizes.count(config, "labelled" if replicates else "pool")
        + 2 * sum(sizes.count(config, kind) for kind in tested)
        + sets * min(settings["synthetic"], sizes.count(config, "rendered"))
    )
    jobs = views + 2 * len(tested) + sets
    seeing = _seeing(config, learner, seen) * speed.encoding
    return jobs, jobs * START_SECONDS * speed.start + seeing


def _seeing(config: Mapping[str, Any], learner: str, seen: int) -> float:
    """Seconds in which a pretrained network sees so many images."""
    images, side = config["images"], config["learner_settings"][learner]["side"]
    height, width = images["height"], images["width"]
    smaller = min(1, side / max(height, width)) if side else 1
    return seen * height * width * smaller**2 / ENCODED_PIXELS / ENCODED_A_SECOND


def _translator(
    config: Mapping[str, Any], cell: grid.TranslatorCell, speed: Speed = MEASURED
) -> float:
    known = TRANSLATOR_SECONDS.get(cell.translator, max(TRANSLATOR_SECONDS.values()))
    return START_SECONDS * speed.start + known * _pixels(config) * speed.training


def _pixels(config: Mapping[str, Any]) -> float:
    """How many times the pixels that were measured."""
    images, side = config["images"], config["learner_settings"][grid.SMALL]["side"]
    factor = COLOUR_FACTOR if images["channels"] == 3 else 1
    height, width = images["height"], images["width"]
    smaller = min(1, side / max(height, width)) if side else 1
    return height * width * smaller**2 / MEASURED_PIXELS * factor


def _photometric(config: Mapping[str, Any]) -> float:
    return PHOTOMETRIC_FACTOR if any(config["augmentation"][name] for name in PHOTOMETRIC) else 1
