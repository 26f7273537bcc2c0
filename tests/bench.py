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
import timm
import torch
import yaml
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode

from realink.declared import LEARNERS
from realink.images import faces as catalogued
from realink.images import folders, fonts
from realink.images.characters import characters_of
from realink.images.features import Features
from realink.images.imagesets import ImageSet, Shape
from realink.images.mnist import load_embedded
from realink.learners import DEFAULT_BACKBONE
from realink.learners.job import Job
from realink.learners.small import network as small
from realink.learners.whole import batches
from realink.plan import grid, proposal, sources
from realink.running.provenance import LOADED, code_hash, parameters
from realink.settings import settings_from
from realink.store.checkpoints import save
from realink.store.files import write_images
from realink.training import augmentation
from realink.translation import loop
from realink.translation.settings import complete, names

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / "config/config.yaml"
DRY = ["-m", "snakemake", "--dry-run", "--quiet", "all"]  # of a study that nobody has run


@dataclasses.dataclass(frozen=True, kw_only=True)
class Effort:
    """How long to measure: all of it within three minutes on one core."""

    matrix: int = 2048  # rows and columns of the matrices
    classifier_steps: int = 400
    translator_steps: int = 100  # the warp: three times as many, for a reader that is as sure
    images: int = 4000  # to translate, to read and to render
    pictures: int = 2000  # of a folder
    encoded: int = 192  # photographs that a pretrained network sees
    heads: int = 5000  # images that a head is fitted on
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

    asked, size = config["rendered"], config["images"]
    families = catalogued.read_families(ROOT / asked["families"])[: effort.families]
    characters = characters_of(asked["characters"])
    faces = catalogued.catalogue(families, ROOT / asked["folder"], characters)
    started = time.process_time()
    rendered, _ = fonts.render(
        faces,
        characters,
        total=effort.images,
        seed=1,
        geometry=asked["geometry"],
        size=(size["height"], size["width"]),
        channels=size["channels"],
    )
    yield Row("render digits", effort.images / (time.process_time() - started), "images/s")
    with tempfile.TemporaryDirectory() as folder:
        _write_pictures(Path(folder), effort.pictures)
        seconds = _seconds(lambda: _read_folder(Path(folder)), effort.repeats)
    yield Row("read a folder, JPEG of 64 x 48", effort.pictures / seconds, "images/s")

    real, _, test = load_embedded()
    knobs = small.Settings()
    policy = settings_from(augmentation.Settings, config["augmentation"])
    network = None
    for kind, images, settings, augment in (
        ("", real, knobs, policy),
        (
            ", 32 x 32 colour",
            _noise(4000),
            dataclasses.replace(knobs, standardise=True),
            dataclasses.replace(policy, **proposal.PHOTOMETRIC, invert=0.2),
        ),
    ):
        for name, changes in ((kind, None), (f"{kind}, augmented", augment)):

            def train(
                steps: int,
                report: Any = None,
                images: Any = images,
                settings: Any = settings,
                changes: Any = changes,
            ) -> Any:
                short = dataclasses.replace(settings, steps=steps)
                return small.train([images], short, augment=changes, seed=1, report=report)[0]

            model, rate, flop = _training(train, effort.classifier_steps, knobs.batch_size)
            yield Row(f"train a classifier{name}", rate, "images/s", flop)
            network = network or model
    images = np.resize(test.images, (effort.images, *test.images.shape[1:]))
    rate, flop = _reading(lambda n: small.predict(network, images[:n]), effort)
    yield Row("read with a classifier (judge)", rate, "images/s", flop)

    yield from _pretrained(config, effort)

    trained = {}
    for name in names():
        module, asked = loop.load(name), complete(name, {})
        own = asked | {"average": 0.0} if "average" in asked else asked
        settings = settings_from(module.Settings, own)

        def train(steps: int, report: Any = None, module: Any = module, settings: Any = settings):
            if steps:
                settings = dataclasses.replace(settings, steps=steps)
            return loop.train(module, rendered, real, settings, seed=1, report=report)[0]

        if "steps" in asked:
            steps = effort.translator_steps * (3 if name == "warp" else 1)
            model, rate, flop = _training(train, steps, settings.batch_size)
            yield Row(f"train {name}, pairs of digits", rate, "pairs/s", flop)
        else:
            model = train(0)
        trained[name] = (model, settings)

        def translate(n: int, model: Any = model) -> Any:
            return loop.translate(model, rendered.take(slice(n)), real, seed=1)

        rate, flop = _reading(translate, effort)
        yield Row(f"translate with {name}", rate, "images/s", flop)

    with tempfile.TemporaryDirectory() as folder:
        jobs = _smallest_jobs(Path(folder), config, network, knobs, trained, rendered, real)
        for name, code, command in jobs:
            seconds = _seconds(lambda c=code, a=command: _run(c, a), effort.repeats)
            yield Row(f"start-up: {name}", seconds, "s")


def _pretrained(config: dict[str, Any], effort: Effort) -> Iterator[Row]:
    """What encode does, beside the same network as timm makes it, in turns; and a head."""
    frozen = LEARNERS.load("frozen")
    shape, config = Shape(128, 128, 3, 10), sources.complete(config | {"learners": ["frozen"]})
    encoder = frozen.model.Encoder(frozen.Settings(), shape).eval()
    plain = timm.create_model(DEFAULT_BACKBONE, num_classes=0).eval()
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (effort.encoded, 128, 128, 3), np.uint8)
    planes = torch.from_numpy(images).permute(0, 3, 1, 2).float().div(255).contiguous()

    def encode() -> None:
        for batch in batches(images):
            encoder(batch)

    def timms_own() -> None:
        for batch in planes.split(32):
            plain(batch)

    times: dict[Callable[[], None], list[float]] = {encode: [], timms_own: []}
    names = {encode: "encode, 128 x 128 colour", timms_own: "timm's own network, the same"}
    with torch.inference_mode():
        for work in times:
            work()
        for _ in range(2 * effort.repeats):
            for work, taken in times.items():
                taken.append(_seconds(work, 1))
        for work, taken in times.items():
            with FlopCounterMode(display=False) as counter:
                work()
            flop = counter.get_total_flops() / effort.encoded
            yield Row(names[work], effort.encoded / statistics.median(taken), "images/s", flop)
    faster = statistics.median(b / a for a, b in zip(*times.values(), strict=True))
    yield Row("encode against timm's own", faster, "times")

    labels = np.arange(effort.heads + 500) % 10
    centres = random.normal(size=(10, 1280))
    values = (centres[labels] + 4 * random.normal(size=(len(labels), 1280))).astype(np.float16)
    whole = Features(values[None], labels, tuple("0123456789"), shape)
    job = Job(
        recipe=grid.recipe(config, "frozen", "real", effort.heads, 1),
        settings=frozen.Settings(),
        validation=whole.take(slice(500)),
        real=whole.take(slice(500, None)),
        **dict.fromkeys(["synthetic", "unlabelled", "policy", "judged", "teacher"]),
        seed=1,
        device="cpu",
    )
    seconds = _seconds(lambda: frozen.model.fit(job), effort.repeats)
    yield Row(f"head on {effort.heads:,} x 1,280 features", seconds, "s")


def _noise(n: int) -> ImageSet:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (n, 32, 32, 3), np.uint8)
    return ImageSet(images, np.arange(n) % 10, tuple("0123456789"))


def _write_pictures(folder: Path, n: int) -> None:
    random = np.random.default_rng(0)
    for i in range(n):
        path = folder / str(i % 10) / f"{i}.jpg"
        path.parent.mkdir(exist_ok=True)
        blotches = Image.fromarray(random.integers(0, 256, (6, 8, 3), np.uint8))
        blotches.resize((64, 48), Image.Resampling.BICUBIC).save(path)


def _read_folder(folder: Path) -> None:
    size = {"height": 32, "width": 32, "channels": 3, "fit": "stretch", "background": 255}
    split = {"validation": 0.1, "test": 0.2, "group": None, "duplicates": "stop"}
    folders.load_real(folder, **size, **split)


def _smallest_jobs(
    folder: Path,
    config: dict[str, Any],
    network: Any,
    knobs: Any,
    trained: dict[str, Any],
    rendered: ImageSet,
    real: ImageSet,
) -> Iterator[tuple[str, str, list[str]]]:
    """Name, code and command line of jobs that have next to nothing to do: one step, few images."""
    yield "python", "", ["-c", "pass"]
    yield "import torch", "", ["-c", "import torch"]
    yield "a dry run of the full grid", "", [*DRY, "--config", "study=bench"]
    few, judge, whole = folder / "few", folder / "judge", sources.complete(config)
    write_images(few, rendered.take(slice(20)))
    save(judge, network, "small", knobs, real.shape)
    models, records = ("output", "checkpoint", "state", "history"), ("metrics", "scores")
    outputs = *models, *records, "retention", "predicted"
    given = {name: folder / f"out-{name}" for name in outputs}
    given |= {"study": "bench", "n": 20, "replicate": 1, "seed": 1, "device": "cpu"}
    given |= dict.fromkeys(["pool", "real", "rendered", "validation", "test"], few)

    def job(command: str, label: str = "", **options: Any) -> tuple[str, str, list[str]]:
        words = ["-m", "realink", command.replace("_", "-")]
        asked = parameters(command)
        for name, value in (given | options).items():
            text = json.dumps(value) if isinstance(value, dict) else str(value)
            words += [f"--{name.replace('_', '-')}={text}"] * (name in asked)
        loaded = {kind: options.get(kind) for kind in LOADED}
        return label or words[2], code_hash(command, **loaded), words

    yield job("draw_real")
    yield job(
        "train_classifier",
        learner="small",
        recipe=grid.recipe(whole, "small", "real-aug", 20, 1)._asdict(),
        settings=dataclasses.asdict(knobs) | {"steps": 1},
        augmentation=config["augmentation"],
    )
    for name, (model, settings) in trained.items():
        asked = complete(name, {})
        save(folder / name, model, name, settings, real.shape)
        if "steps" in asked:
            yield job(
                "train_translator",
                f"train-translator ({name})",
                translator=name,
                settings=asked | {"steps": 1, "average": 0},
            )
        yield job("translate", f"translate ({name})", translator=name, checkpoint=folder / name)
    yield job("judge", "judge", translator=next(iter(trained)), translated=few, checkpoint=judge)
    yield job("measure_gap", images_of="bench", images=few, checkpoint=judge)


def _run(code: str, arguments: list[str]) -> None:
    path = os.pathsep.join([str(ROOT / "workflow"), os.environ.get("PYTHONPATH", "")])
    # Jobs compare their code with what the workflow found.
    environment = os.environ | {"PYTHONPATH": path, "REALINK_CODE": code}
    words = [sys.executable, *arguments]
    subprocess.run(words, cwd=ROOT, env=environment, check=True, capture_output=True)


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
