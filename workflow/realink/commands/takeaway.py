"""Commands of rules/takeaway.smk: what a study gives to other programs, and using it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from realink.asked import made_whole
from realink.commands.support import Json, log
from realink.errors import InputError

if TYPE_CHECKING:
    from realink.learners.whole import Classifier


def export_classifier(
    *,
    study: str,
    answer: Path,
    summary: Path,
    metrics: Path,
    predictions: Path,
    model: Path,
    record: Path,
    test: Path,
    labelled: list[Path],
    trust: Path,
    unknown: Path,
    tested_once: bool,
    asked_risk: float,
    seed: int,
    images: Json,
    real: Json,
    onnx: Path,
    classes: Path,
    card: Path,
) -> None:
    """Write the classifier that was trained on all labelled images, for use elsewhere.

    Parameters
    ----------
    answer, summary : what `analyse` wrote
    model, record : what `train_final` wrote
    test : images that the study's classifiers were tested on
    tested_once : whether each of them by one replicate alone; then the model has seen them all
    labelled : all images that it was trained on, and that it knows
    trust, unknown : what `measure_trust` and `measure_unknown` wrote
    asked_risk : the config's `trust: risk:`
    images, real : the config's
    onnx, classes, card : files to write
    """

    from realink import __version__
    from realink.images.resized import reduced
    from realink.learners.whole import Classifier
    from realink.page.card import card as written
    from realink.page.promises import sentences
    from realink.plan.mixes import Mix
    from realink.store.files import read_images, read_json, read_table, write_json, written_whole
    from realink.store.predictions import read_predictions
    from realink.store.reader import Reader
    from realink.store.tables import read_metrics

    best = read_json(answer)["recommended"][-1]
    rows, means = (
        table[(table["mix"] == best["mix"]) & (table["n_real"] == best["n_real"])]
        for table in (read_metrics(metrics), read_table(summary))
    )
    (expected,) = means.to_dict("records")
    learner, tested = Classifier(model), read_images(test)
    sizes = {"height": learner.shape.height, "width": learner.shape.width}
    shown = {"classes": list(tested.classes), "images": json.loads(images) | sizes}
    promised = read_table(trust).iloc[-1].to_dict(), asked_risk, read_json(unknown)
    shown |= _promises(*promised)
    made = _onnx(learner, shown, labelled, seed)
    predicted = learner.scores(tested.images).argmax(1)
    other = int(
        (Reader(made).predict(reduced(tested.images, **sizes)).argmax(1) != predicted).sum()
    )
    if other:
        raise RuntimeError(f"{onnx} would put {other} images into other classes than {model}")
    checked = len(tested)
    if tested_once:
        # By those that had not seen them, which says what may be expected of others.
        predicted, some = read_predictions(predictions).once(rows.index.to_numpy())
        tested, predicted = tested.take(some), predicted[some]
    text = written(
        study=study,
        trained=read_json(record),
        expected=expected,
        test=tested,
        predicted=predicted,
        tested_once=tested_once,
        checked=checked,
        images=shown["images"],
        real=json.loads(real),
        named=Mix.parse(best["mix"]).learner is not None,
        pretrained=learner.pretrained,
        trusted=sentences(*promised),
        version=__version__,
    )
    for path, content in ((onnx, made), (card, text.encode())):
        with written_whole(path) as temporary:
            temporary.write_bytes(content)
    write_json(classes, shown)
    log.info("%s at %d real images", best["mix"], best["n_real"])


def export(
    directory: Path, /, *, translator: str, n: int, replicate: int = 1, output: Path
) -> None:
    """Write the images that one translator made as pictures, CLASS/NUMBER.png.

    Parameters
    ----------
    directory
        The study's folder, such as results/mine.
    translator
        Its name, such as harvest.
    n
        How many real images it saw, one of the study's counts.
    replicate
        Which draw of them.
    output
        Folder to make, all of it or nothing.
    """
    from PIL import Image

    from realink.store.files import read_images

    if output.exists():
        raise InputError(f"{output} is there already: remove it, or name another folder")
    translated = directory / f"translated/{translator}/n{n}/rep{replicate}/images.safetensors"
    images = read_images(translated)
    for name in images.classes:
        if name in (".", "..") or "/" in name:
            raise InputError(f"{translated}: the class {name!r} cannot be a folder's name")
    with made_whole(output) as folder:
        for name in images.classes:
            (folder / name).mkdir(parents=True)
        for place, (pixels, label) in enumerate(zip(images.images, images.labels, strict=True)):
            # The number is the rendered image's place in its set, of which this is a translation.
            Image.fromarray(pixels).save(folder / images.classes[label] / f"{place:06}.png")
    print(f"{output}: {len(images):,} pictures of {len(images.classes)} classes")


def _promises(row: dict[str, Any], asked: float, unknown: dict[str, Any]) -> dict[str, Any]:
    """What the classifier promises, as the records of final/ have it; JSON knows no NaN."""
    kept = {name: None if value != value else value for name, value in row.items()}
    sure = {name: kept[name] for name in ("risk", "confidence", "answered", "wrong")}
    measured = {name: kept[name] for name in ("uncalibrated", "calibration_error", "least")}
    return {
        "temperature": kept["temperature"],
        "calibration": measured,
        "sure": None if sure["risk"] is None else {"asked": asked} | sure,
        "unknown": unknown,
    }


def _onnx(learner: "Classifier", record: dict[str, Any], labelled: list[Path], seed: int) -> bytes:
    """The classifier with its temperature, and with real images from which unknown ones lie far."""
    from realink.images.imagesets import concatenate
    from realink.learners import seen
    from realink.scores.unknown import KNOWN
    from realink.seeds import seed_for
    from realink.store.files import read_images

    images = concatenate([read_images(path) for path in labelled])
    known = seen.chosen(images, KNOWN, seed_for(seed, "known"))
    features = learner.features(known.images)
    return learner.to_onnx(record, temperature=record["temperature"], known=features)
