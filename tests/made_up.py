"""Made-up studies: the records that the jobs of a study would have left, without running any."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from realink.images.imagesets import ImageSet
from realink.plan import doses, grid
from realink.plan.mixes import Mix
from realink.store.files import write_images, write_json, write_tensors

CLASSIFIER = "classifier/{learner}/{mix}/n{n}/rep{replicate}"
TRANSLATOR = "{translator}/n{n}/rep{replicate}"
PATTERNS = {
    "classifier": f"{CLASSIFIER}/metrics.json",
    "scores": f"{CLASSIFIER}/scores.safetensors",
    "translator": f"translator/{TRANSLATOR}/metrics.json",
    "retention": f"translated/{TRANSLATOR}/retention.json",
    "gap": f"gap/{TRANSLATOR}.json",
    "reference": "gap/{images}/rep{replicate}.json",
}
DOSE = "dose/{learner}/{mix}/n{n}/{n_synthetic}/{real_share}/{order}/rep{replicate}"
DOSES = {"classifier": f"{DOSE}/metrics.json", "scores": f"{DOSE}/scores.safetensors"}
CAMERAS = ("007", "NA", "<b>hall</b>", "roof", "yard")
AUGMENTATION = {
    "rotation": 10, "scale": 0.1, "aspect": 0, "shear": 0.1, "shift": 1, "elastic": 0.8,
    "smoothness": 4,
}  # fmt: skip
IDENTITY = (
    "learner", "mix", "n_real", "n_synthetic", "replicate", "synthetic", "augmented", "order",
)  # fmt: skip
MEASURES = "n_compared", "detected", "frechet", "kernel", "density", "coverage", "copied", "nearest"


def images(n: int, classes: tuple[str, ...], seed: int = 0, channels: int = 3) -> ImageSet:
    """Noise of 24 x 20 pixels, with labels in turn."""
    shape = (n, 24, 20, 3)[: 3 + (channels == 3)]
    random = np.random.default_rng(seed)
    labels = np.arange(n, dtype=np.int64) % len(classes)
    return ImageSet(random.integers(0, 256, shape, dtype=np.uint8), labels, classes)


def settings(**changed) -> dict:
    """What commands of the answer need of a config."""
    return {
        "study": "made-up",
        "images": {"height": 24, "width": 20, "channels": 3},
        "real": {"source": "folder", "directory": "data/real", "group": None, "split": "fixed"},
        "unlabelled": {"source": "none", "directory": "", "count": None},
        "rendered": {"source": "folder", "directory": "data/rendered", "count": 100},
        "counts": [20, 60, 100],
        "synthetic": {"total": 100},
        "learners": ["small"],
        "learner_settings": {"small": {}, "frozen": {}},
        "real_share": {"default": 0.5},
        "epochs": None,
        "rendered_counts": [],
        "doses": {},
        "replicates": 2,
        "mixes": ["real", "rendered", "real-rendered", "warp", "real-warp", "real-warp-aug"],
        "controls": {},
        "trust": {"risk": 0.01, "false_alarms": 0.02},
        "page": {"pictures": True},
    } | changed


def recipe(mix: str, n: int, *, learner: str = "small", **changed) -> grid.Recipe:
    """One classifier of a grid, of 20 synthetic images, where it has any."""
    parsed = Mix.parse(mix)
    resolved = {
        "n_synthetic": 20 if parsed.source else 0,
        "replicate": 1,
        "synthetic": parsed.source or "none",
        "real": parsed.real,
        "augmented": parsed.augmented,
        "control": parsed.control,
        "pseudo": parsed.pseudo,
        "unlabelled": parsed.unlabelled,
        "real_share": "concatenate",
        "steps": None,
        "batch_size": None,
    }
    return grid.Recipe(**{"learner": learner, "mix": mix, "n_real": n} | resolved | changed)


def write(
    root: Path,
    config: dict,
    classes: tuple[str, ...] = ("cat", "dog", "wolf"),
    *,
    measured: bool = True,
    errors: tuple[float, float] = (0.05, 0.5),
    seed: int = 0,
    groups: Sequence[str] = CAMERAS,
) -> dict[str, str]:
    """Write the records of every job; give the patterns of their paths, as `collect` takes them.

    `measured`: whether the pool had images enough to measure the gap. `errors`: from, to.
    A network that is not the small one errs half as often. `groups`: of the test images, in turn,
    where the config asks for groups.
    """
    random = np.random.default_rng(seed)
    patterns = {name: f"{root}/{pattern}" for name, pattern in PATTERNS.items()}
    test = images(60, classes, seed)
    if config["real"].get("group") is not None:
        places = np.arange(60, dtype=np.int64) % len(groups)
        test = replace(test, groups=places, group_names=tuple(groups))
    write_images(root / "real/test.safetensors", test)
    write_images(root / "real/validation.safetensors", test.take(slice(0, 30)))
    common = {"study": config["study"], "device": "cpu", "code": "abc"}
    of_doses = {name: f"{root}/{pattern}" for name, pattern in DOSES.items()}
    cells, trained = grid.cells(config), grid.translator_cells(config)
    for cell, own in [
        *((cell, patterns) for cell in cells),
        *((cell, of_doses) for cell in doses.cells(config)),
    ]:
        rate = random.uniform(*errors) / (1 + (cell.learner != "small"))
        held_out = {"validation": test.labels[:30], "test": test.labels}
        wrong = {name: random.random(len(labels)) < rate for name, labels in held_out.items()}
        given = {
            name: np.eye(len(classes), dtype=np.float16)[(labels + wrong[name]) % len(classes)]
            for name, labels in held_out.items()
        }
        record, scores = (grid.paths(own[name], [cell])[0] for name in ("classifier", "scores"))
        write_tensors(scores, given)
        identity = {name: getattr(cell, name) for name in IDENTITY}
        found = {f"{name}_error": float(those.mean()) for name, those in wrong.items()}
        share = cell.n_real / (cell.n_real + cell.n_synthetic) if cell.real else 0.0
        found["real_share"] = share if cell.real_share == "concatenate" else cell.real_share
        write_json(
            record, common | identity | found | {"n_test": 60, "train_steps": cell.steps or 0}
        )
    for cell in trained:
        identity = cell._asdict()
        record, judged = (
            grid.paths(patterns[name], [cell])[0] for name in ("translator", "retention")
        )
        write_json(record, common | identity | {"train_steps": 10, "train_seconds": 1.5})
        counts = random.integers(0, 9, (len(classes), len(classes)))
        kept = float(np.trace(counts) / counts.sum())
        write_json(
            judged,
            identity | {"classes": classes, "label_retention": kept, "confusion": counts.tolist()},
        )
    for cell in [*trained, *grid.references(config)]:
        identity = cell._asdict()
        name = "gap" if "translator" in identity else "reference"
        images_of = identity.pop("translator", None) or identity["images"]
        n = identity.get("n_real")
        identity = {"images": images_of, "n_real": n, "replicate": cell.replicate}
        values = random.random(len(MEASURES)).tolist() if measured else [None] * len(MEASURES)
        values[0] = 500 if measured else 0
        values[-2:] = [None, None] if n is None else values[-2:]
        write_json(
            grid.paths(patterns[name], [cell])[0],
            identity | dict(zip(MEASURES, values, strict=True)),
        )
    return patterns


def answered(root: Path, config: dict, **made) -> dict[str, Path]:
    """Write a study's records, and have the commands make its tables, its figures and its page."""
    from realink.commands import answer, figures, harm, sheets, trust
    from realink.commands import doses as dosed

    patterns = write(root, config, **made)
    settings = json.dumps(config)
    tables = {name: root / f"{name}.csv" for name in ("metrics", "translators", "confusions")}
    tables |= {"gaps": root / "gap.csv"}
    predictions = root / "predictions.safetensors"
    test = root / "real/test.safetensors"
    known = root / "config.json"
    answer.collect(
        config=settings, test=test, predictions=predictions, settings=known, **patterns, **tables
    )
    answers = {
        name: root / f"answer/{name}.csv"
        for name in (
            "summary",
            "comparisons",
            "break_even",
            "worth",
            "classes",
            "more_labels",
        )
    } | {"answer": root / "answer/answer.json"}
    if config["real"].get("group") is not None:
        answers["groups"] = root / "answer/groups.csv"
    answer.analyse(
        metrics=tables["metrics"],
        predictions=predictions,
        translators=tables["translators"],
        pool=max(config["counts"]),
        seed=1,
        **answers,
    )
    trusted = {name: root / f"answer/{name}.csv" for name in ("trust", "reliability", "coverage")}
    trust.measure_trust(
        config=settings,
        answer=answers["answer"],
        scores=patterns["scores"],
        validation=[root / "real/validation.safetensors"],
        test=[test],
        seed=1,
        **trusted,
    )
    unknown = root / "answer/unknown.json"
    write_json(unknown, {"asked": 0.02, "least": 0.25, "false_alarms": 0.031})

    told = {}
    if doses.cells(config):
        both = {"metrics": root / "doses.csv", "predictions": root / "dose_predictions.safetensors"}
        of_doses = {name: f"{root}/{pattern}" for name, pattern in DOSES.items()}
        dosed.collect_doses(config=settings, test=test, **of_doses, **both)
        told["doses"] = root / "answer/doses.json"
        dosed.analyse_doses(
            doses_of=json.dumps(config["doses"]),
            doses=both["metrics"],
            dose_predictions=both["predictions"],
            metrics=tables["metrics"],
            predictions=predictions,
            seed=1,
            summary=root / "answer/doses.csv",
            comparisons=root / "answer/dose_comparisons.csv",
            answer=told["doses"],
        )

    def drawn(name: str) -> dict[str, Path]:
        return {suffix: root / f"figures/{name}.{suffix}" for suffix in ("svg", "png")}

    figures.plot_error(
        metrics=tables["metrics"],
        counts=config["counts"],
        **drawn("error"),
    )
    if any(cell.mix == "rendered" for cell in grid.cells(config)):
        figures.plot_rendered_error(metrics=tables["metrics"], **drawn("rendered_error"))
    trained = [cell for cell in grid.translator_cells(config) if cell.replicate == 1]
    if trained:
        given = {name: tables[name] for name in ("metrics", "translators", "gaps")}
        figures.plot_gain(**given, **drawn("gain"))
    classes = made.get("classes", ("cat", "dog", "wolf"))
    channels = config["images"]["channels"]
    write_images(root / "rendered.safetensors", images(200, classes, 1, channels))
    write_images(root / "translated.safetensors", images(200, classes, 2, channels))
    write_tensors(
        root / "predicted.safetensors",
        {"predicted": images(200, classes).labels.astype(np.uint8)[::-1]},
    )
    rendered = root / "rendered.safetensors"
    sheets.plot_rendered(rendered=rendered, invert=False, **drawn("rendered"))
    made_sheets = []
    for cell in trained:
        sheet = drawn(f"translations/{cell.translator}/n{cell.n_real}")
        sheets.plot_translations(
            translator=cell.translator,
            n=cell.n_real,
            replicate=1,
            rendered=rendered,
            translated=root / "translated.safetensors",
            predicted=root / "predicted.safetensors",
            real=test,
            invert=False,
            **sheet,
        )
        made_sheets.append(sheet["png"])
    triptych, examples = root / "figures/triptych.png", root / "figures/examples.png"
    sheets.plot_triptych(
        metrics=tables["metrics"],
        rendered=rendered,
        real=test,
        n=min(config["counts"]),
        augmentation=json.dumps(AUGMENTATION),
        seed=1,
        invert=False,
        output=triptych,
        translators=["warp"],
        saw=[min(config["counts"])],
        translated=[root / "translated.safetensors"],
    )
    sheets.plot_examples(
        metrics=tables["metrics"],
        predictions=predictions,
        answer=answers["answer"],
        test=test,
        n=min(config["counts"]),
        invert=False,
        output=examples,
    )
    hurts, harmed = root / "figures/hurts.png", root / "answer/harm.csv"
    known = {"metrics": tables["metrics"], "predictions": predictions}
    harm.explain_harm(
        **known,
        answer=answers["answer"],
        pool=rendered,
        validation=test,
        seed=1,
        output=harmed,
        rendered=root / "translated.safetensors",
        translators=[cell.translator for cell in trained],
        counts=[cell.n_real for cell in trained],
        translated=[root / "translated.safetensors" for _ in trained],
    )
    harm.plot_harm(**known, harm=harmed, test=test, invert=False, output=hurts)
    if trained:
        told |= {"training": root / "training.csv", "domains": root / "map.csv"}
        history = root / "history.csv"
        history.write_text("step,likeness,reading\n1,0.5,2.3\n2,0.4,1.1\n")
        figures.collect_training(
            translators=["warp"], counts=[20], histories=[history], output=told["training"]
        )
        told["domains"].write_text("images,label,x,y,share\nreal,NA,1,2,0.5\nwarp,007,2,1,0.5\n")
    page = root / "report.html"
    doubted = root / "answer/doubted.csv"
    pd.DataFrame(
        {
            "split": ["train", "validation"],
            "place": [3, 1],
            "file": [f"{classes[0]}/1.png", ""],
            "class": classes[:1] * 2,
            "predicted": [classes[1], classes[-1]],
            "own": [0.00001, 0.2],
            "other": [0.9, 0.7],
            "learner": "small",
        }
    ).to_csv(doubted, index=False)
    alike = root / "answer/alike.csv"
    pd.DataFrame(
        {
            "class": classes[:1] * 2,
            "split": ["validation", "test"],
            "place": [1, 3],
            "file": [f"{classes[0]}/a_photograph_of_a_long_name_{n}.png" for n in (1, 2)],
            "other_split": ["test", "rendered"],
            "other_place": [0, 1],
            "other_file": [f"{classes[0]}/5.png", ""],
        }
    ).to_csv(alike, index=False)
    shown = {"rendered": root / "figures/rendered.png", "triptych": triptych, "examples": examples}
    shown["hurts"] = hurts
    shown["sheets"] = made_sheets
    shown["labelled"] = [test, test]
    shown["compared"] = [test, test, test, rendered]
    shown["splits"] = ["train", "validation", "test", "rendered"]
    answer.report(
        study=config["study"],
        config=settings,
        **tables,
        answer=answers["answer"],
        harm=harmed,
        **(shown if config["page"]["pictures"] else {}),
        **told,
        doubted=doubted,
        alike=alike,
        manifests=[path] if (path := root / "real/images.csv").exists() else [],
        benchmarks=root / "benchmarks",
        trust=trusted["trust"],
        unknown=unknown,
        output=page,
    )
    return tables | answers | trusted | {"page": page, "predictions": predictions}
