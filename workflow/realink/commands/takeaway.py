"""Commands of rules/takeaway.smk: what a study gives to other programs, and using it."""

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from realink.commands.support import Json, log
from realink.errors import InputError

AT_ONCE = 256  # pictures in memory


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
    tested_once: bool,
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
    images, real : the config's
    onnx, classes, card : files to write
    """

    from realink import __version__
    from realink.images.resized import reduced
    from realink.learners.whole import Classifier
    from realink.page.card import card as written
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
    made = learner.to_onnx(shown)
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
        version=__version__,
    )
    for path, content in ((onnx, made), (card, text.encode())):
        with written_whole(path) as temporary:
            temporary.write_bytes(content)
    write_json(classes, shown)
    log.info("%s at %d real images", best["mix"], best["n_real"])


def classify(
    model: Path,
    /,
    *pictures: Path,
    output: Path | None = None,
) -> None:
    """Name the class of each picture, by the classifier of a finished study.

    Parameters
    ----------
    model
        The study's folder final, such as results/mine/final, or a model.onnx.
    pictures
        Files, or folders, of which every picture is read.
    output
        CSV file to write the table to. Leave it out, and the table is printed.
    """
    import csv
    import sys

    from realink.asked import refuse_folder, shown, written_as_asked
    from realink.images.listing import SUFFIXES
    from realink.store.reader import Reader

    if not pictures:
        raise InputError("name pictures, or folders of them, after the model")
    if output is not None:
        refuse_folder(output)
    if model.is_dir():
        model = model / "model.onnx"
    if not model.is_file():
        raise InputError(
            f"{model}: no such file; first name a finished study's folder final, such as "
            "results/mine/final, then the pictures"
        )
    files, wrong = _found(pictures)
    if not files and not wrong:
        raise InputError(
            f"no picture in {', '.join(map(str, pictures))}, of those that are read: "
            f"{', '.join(SUFFIXES)}"
        )
    reader = Reader(model)
    rows = []
    for path, found in _predicted(reader, files):
        if isinstance(found, str):
            wrong[path] = found
        else:
            rows.append((_utf8(path), reader.classes[found[0]], f"{found[1]:.4f}"))
    header = ("file", "class", "probability")
    if output is None:
        csv.writer(sys.stdout, lineterminator="\n").writerows([header, *rows])
    else:
        with written_as_asked(output) as temporary, temporary.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([header, *rows])
        print(f"{output}: {len(rows):,} pictures")
    sys.stdout.flush()
    for path, reason in wrong.items():
        log.warning("%s: %s", shown(str(path)), reason)
    if wrong:
        raise InputError(f"{len(wrong):,} of {len(wrong) + len(rows):,} pictures could not be read")


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
    output.parent.mkdir(parents=True, exist_ok=True)
    # Beside the output, so that it appears whole.
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}.") as made:
        folder = Path(made) / output.name
        for name in images.classes:
            (folder / name).mkdir(parents=True)
        for place, (pixels, label) in enumerate(zip(images.images, images.labels, strict=True)):
            # The number is the rendered image's place in its set, of which this is a translation.
            Image.fromarray(pixels).save(folder / images.classes[label] / f"{place:06}.png")
        folder.rename(output)
    print(f"{output}: {len(images):,} pictures of {len(images.classes)} classes")


def _found(pictures: tuple[Path, ...]) -> tuple[list[Path], dict[Path, str]]:
    """Files to read, and what cannot be looked into: of a folder all that is a picture by name."""
    from realink.images.listing import SUFFIXES, walk

    files, wrong = [], {}
    for place in pictures:
        if not place.is_dir():
            files.append(place)
            continue
        for name, why in walk(place):
            if name.lower().endswith(SUFFIXES):
                files.append(place / name)
            elif why.startswith("cannot be read"):
                wrong[place / name] = why
    return list(dict.fromkeys(files)), wrong


def _predicted(reader, files: list[Path]) -> Iterator[tuple[Path, tuple[int, float] | str]]:
    """Classify pictures: each one's class and its probability, or why it cannot be read."""
    import numpy as np
    from rich.console import Console
    from rich.progress import track

    from realink.images.pictures import Unreadable, decode, fitted

    console = Console(stderr=True)
    decoded, pixels = [], []

    def flush() -> Iterator[tuple[Path, tuple[int, float]]]:
        if pixels:
            found = reader.predict(np.stack(pixels))
            yield from zip(decoded, zip(found.argmax(1), found.max(1), strict=True), strict=True)
        decoded.clear()
        pixels.clear()

    hidden = not console.is_terminal
    for path in track(files, "reading", console=console, transient=True, disable=hidden):
        try:
            picture = decode(path.read_bytes(), background=reader.images["background"])
        except OSError as error:
            yield path, f"cannot be read: {error.strerror}"
        except Unreadable as error:
            yield path, error.args[0]
        else:
            decoded.append(path)
            pixels.append(fitted(picture.pixels, **reader.images))
        if len(pixels) == AT_ONCE:
            yield from flush()
    yield from flush()


def _utf8(path: Path) -> str:
    """A file's name as text that can be written, whatever bytes it has."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
