"""How fast this machine trains, translates, reads and starts: `make bench` prints a table.

One thread, medians of short runs, settings of config/config.yaml. Seconds are of processor time,
which other work on the machine disturbs least. Nothing is asserted: speed differs between machines
and moments, so numbers are compared side by side or not at all.
"""

import dataclasses
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import yaml
from torch.utils.flop_counter import FlopCounterMode

from realink import augmentation, classifier, fonts, translation
from realink.artifacts import write_digits
from realink.checkpoints import save, settings_from
from realink.digits import Digits
from realink.real import load_embedded

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / "config/config.yaml"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Effort:
    """How long to measure: all of it within three minutes on one core."""

    matrix: int = 2048  # rows and columns of the matrices
    classifier_steps: int = 400
    translator_steps: int = 100  # the warp: three times as many, for a reader that is as sure
    images: int = 4000  # to translate, to read and to render
    families: int = 20  # font packages to render from
    repeats: int = 3


class Row(NamedTuple):
    """One line of the table; `flop` is of one image, None where nothing is multiplied."""

    name: str
    value: float
    unit: str
    flop: float | None = None


def rows(config: dict[str, Any], effort: Effort) -> Iterator[Row]:
    """Measure; the first row is the matrix product that the others are compared with."""
    torch.set_num_threads(1)
    size = effort.matrix
    left, right = torch.rand(size, size), torch.rand(size, size)
    _ = left @ right  # warms up
    seconds = _seconds(lambda: left @ right, 4 * effort.repeats)
    yield Row(f"matrix product, {size} x {size} float32", 2 * size**3 / seconds / 1e9, "GFLOP/s")

    families = fonts.read_families(ROOT / config["fonts"]["families"])[: effort.families]
    faces = fonts.catalogue(families, ROOT / config["fonts"]["folder"])
    started = time.process_time()
    drawn = fonts.render(faces, total=effort.images, seed=1)
    yield Row("render digits", effort.images / (time.process_time() - started), "images/s")
    rendered = Digits(drawn["images"], drawn["labels"])
    real, _, test = load_embedded()

    knobs = settings_from(classifier.Settings, config["classifier"])
    policy = settings_from(augmentation.Settings, config["augmentation"])
    for name, augment in (("", None), (", augmented", policy)):

        def train(steps: int, report: Any = None, augment: Any = augment) -> Any:
            short = dataclasses.replace(knobs, steps=steps)
            return classifier.train([real], short, augment=augment, seed=1, report=report)[0]

        network, rate, flop = _training(train, effort.classifier_steps, knobs.batch_size)
        yield Row(f"train a classifier{name}", rate, "images/s", flop)
    images = np.resize(test.images, (effort.images, 28, 28))
    rate, flop = _reading(lambda n: classifier.predict(network, images[:n]), effort)
    yield Row("read with a classifier (judge)", rate, "images/s", flop)

    trained = {}
    for name, settings in config["translators"].items():
        module = translation.load(name)
        knobs_of_it = settings_from(module.Settings, settings | {"average": 0.0})

        def train(steps: int, report: Any = None, module: Any = module, knobs: Any = knobs_of_it):
            short = dataclasses.replace(knobs, steps=steps)
            return translation.train(module, *rendered, *real, short, seed=1, report=report)[0]

        steps = effort.translator_steps * (3 if name == "warp" else 1)
        model, rate, flop = _training(train, steps, knobs_of_it.batch_size)
        yield Row(f"train {name}, pairs of digits", rate, "pairs/s", flop)
        trained[name] = (model, module)

        def translate(n: int, model: Any = model) -> Any:
            return translation.translate(model, *rendered.take(slice(n)), *real, seed=1)

        rate, flop = _reading(translate, effort)
        yield Row(f"translate with {name}", rate, "images/s", flop)

    with tempfile.TemporaryDirectory() as folder:
        jobs = _smallest_jobs(Path(folder), config, network, knobs, trained, rendered, real)
        for name, command in jobs:
            yield Row(f"start-up: {name}", _seconds(lambda c=command: _run(c), effort.repeats), "s")


def _smallest_jobs(
    folder: Path,
    config: dict[str, Any],
    network: Any,
    knobs: Any,
    trained: dict[str, Any],
    rendered: Digits,
    real: Digits,
) -> Iterator[tuple[str, list[str]]]:
    """Name and command line of jobs that have next to nothing to do: one step, few digits."""
    from realink.provenance import code_hash

    yield "python", ["-c", "pass"]
    yield "import torch", ["-c", "import torch"]
    few = folder / "few"
    write_digits(few, rendered.take(slice(20)))
    save(folder / "judge", network, "classifier", knobs)
    realink = ["-m", "realink"]
    cell = ["--n-real", "20", "--replicate", "1"]
    seed, device = ["--seed", "1"], ["--device", "cpu"]

    def out(*names: str) -> list[str]:
        return [part for name in names for part in (f"--{name}", str(folder / f"out-{name}"))]

    yield "draw-real", [*realink, "draw-real", "--pool", str(few), *cell, *seed, *out("output")]
    one_step = json.dumps(config["classifier"] | {"steps": 1})
    yield "train-classifier", [
        *realink, "train-classifier", "--study", "bench", "--mix", "real-aug", *cell,
        "--n-synthetic", "0", "--real-share", "concatenate", "--settings", one_step,
        "--augmentation", json.dumps(config["augmentation"]), "--validation", str(few),
        "--test", str(few), *seed, *device, "--code", code_hash("train_classifier"),
        "--real", str(few), "--synthetic", *out("checkpoint", "predictions", "metrics"),
    ]  # fmt: skip
    for name, (model, module) in trained.items():
        save(folder / name, model, name, model.settings)
        settings = config["translators"][name] | {"steps": 1, "average": 0}
        digits = ["--fonts", str(few), "--real", str(few)]
        which = ["--translator", name, *cell, *seed, *device, *digits]
        code = code_hash("train_translator", module.__name__)
        yield f"train-translator ({name})", [
            *realink, "train-translator", *which, "--settings", json.dumps(settings), "--study",
            "bench", "--code", code, *out("state", "checkpoint", "history", "metrics"),
        ]  # fmt: skip
        yield f"translate ({name})", [
            *realink, "translate", *which, "--checkpoint", str(folder / name), *out("output")
        ]  # fmt: skip
    yield "judge", [
        *realink, "judge", "--translator", "bench", *cell, "--checkpoint", str(folder / "judge"),
        "--translated", str(few), *device, *out("retention", "read"),
    ]  # fmt: skip
    yield "measure-gap", [
        *realink, "measure-gap", "--images-of", "bench", "--images", str(few), "--pool", str(few),
        "--checkpoint", str(folder / "judge"), *cell, *seed, *device, *out("output"),
    ]  # fmt: skip


def _run(arguments: list[str]) -> None:
    path = os.pathsep.join([str(ROOT / "workflow"), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONPATH": path}
    subprocess.run([sys.executable, *arguments], env=environment, check=True, capture_output=True)


def _seconds(work: Callable[[], Any], repeats: int) -> float:
    """Median processor time of `work` and of the processes that it runs, in seconds."""
    times = []
    for _ in range(repeats):
        started = _processor_time()
        work()
        times.append(_processor_time() - started)
    return statistics.median(times)


def _processor_time() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _training(train: Callable[..., Any], steps: int, batch: int) -> tuple[Any, float, float]:
    """What was trained, its images a second (median of the history's intervals), FLOP an image."""
    with FlopCounterMode(display=False) as counter:
        train(1)
    marks: list[tuple[int, float]] = []
    model = train(steps, lambda step, _steps, _row: marks.append((step, time.process_time())))
    rates = [batch * (b[0] - a[0]) / (b[1] - a[1]) for a, b in pairwise(marks)]
    return model, statistics.median(rates), counter.get_total_flops() / batch


def _reading(work: Callable[[int], Any], effort: Effort) -> tuple[float, float]:
    """Images a second, and FLOP an image, of `work` on a number of images."""
    with FlopCounterMode(display=False) as counter:
        work(effort.images)
    seconds = _seconds(lambda: work(effort.images), effort.repeats)
    return effort.images / seconds, counter.get_total_flops() / effort.images


def main() -> None:
    """Print the table, each row as soon as it is measured."""
    config = yaml.safe_load(CONFIG.read_text())
    print(f"{'one thread':<42}{'rate':>10}{'MFLOP/image':>23}{'GFLOP/s':>9}{'of matrix':>11}")
    peak = None
    for row in rows(config, Effort()):
        peak = peak or row.value
        line = f"{row.name:<42}{row.value:>10,.{2 if row.unit == 's' else 0}f}  {row.unit:<9}"
        if row.flop is not None:
            speed = row.flop * row.value / 1e9
            line += f"{row.flop / 1e6:>12.1f}{speed:>9.0f}{speed / peak:>11.0%}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
