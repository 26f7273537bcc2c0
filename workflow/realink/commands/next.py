"""Command for a finished study: which unlabelled pictures to label next, and a sheet to do so."""

import csv
import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from realink.asked import made_whole
from realink.errors import InputError


def next(
    *,
    study: Path,
    unlabelled: Path,
    count: Annotated[int, Parameter(validator=Number(gte=1))] = 50,
    output: Path | None = None,
    seed: int = 1,
) -> None:
    """Choose the pictures to label next, by the classifier of a finished study.

    Parameters
    ----------
    study
        The study's folder, such as results/mine.
    unlabelled
        Folder of pictures without labels, in any folders below it.
    count
        How many to choose.
    output
        Folder to make, all of it or nothing: list.csv, and label.html to label them. Left out, it
        is the study's folder next.
    seed
        Of the choice, which is partly by chance.
    """
    final, output = study / "final", output or study / "next"
    if not (final / "model.safetensors").is_file():
        raise InputError(
            f"--study {study}: has no classifier in {final}; name the folder of a finished study, "
            "such as results/mine"
        )
    if not unlabelled.is_dir():
        raise InputError(f"--unlabelled {unlabelled}: is no folder; name one of pictures")
    if output.exists():
        raise InputError(f"--output {output}: is there already: remove it, or name another folder")
    images, manifest, how = _read(study, unlabelled)
    # After the checks, since torch takes seconds.
    import numpy as np

    from realink.commands.support import device_for
    from realink.images.listing import list_unlabelled
    from realink.images.pictures import decode
    from realink.images.splits import hashed
    from realink.learners.whole import Classifier
    from realink.page import labelling
    from realink.scores.acquisition import choose
    from realink.seeds import seed_for
    from realink.store.files import read_images

    device_for("cpu")
    used = (manifest["left_out"] == "").to_numpy()
    listed = sorted(list_unlabelled(unlabelled).pictures, key=lambda one: one.file)
    files = [one.file for one, taken in zip(listed, used, strict=True) if taken]
    files.sort(key=hashed)  # as the images are
    classifier = Classifier(final / "model.safetensors")
    scores, features = classifier.seen(images.images)
    known = [features[:0]]
    for name in ("pool", "validation", "all"):  # what it was trained on; not of a published study
        if (labelled := study / f"real/{name}.safetensors").is_file():
            known.append(classifier.seen(read_images(labelled).images)[1])
    places = choose(scores, features, np.concatenate(known), count, seed_for(seed, "next", count))
    chosen = [files[place] for place in places]
    rows = [
        (file, images.classes[scores[place].argmax()], f"{scores[place].max():.4f}")
        for file, place in zip(chosen, places, strict=True)
    ]

    def pictures():
        for file in chosen:
            content = (unlabelled / file).read_bytes()
            picture = decode(content, background=how["background"], side=labelling.LONGEST).pixels
            yield file, labelling.shown(picture)

    page = labelling.sheet(images.classes, pictures(), os.path.abspath(unlabelled))
    _write(output, rows, page)
    if len(rows) < count:
        print(f"{count:,} asked for, there are {len(rows):,}: all were taken")
    print(f"{output / 'list.csv'}: {len(rows):,} of {len(images):,} pictures, the first first")
    print(f"{output / 'label.html'}: label them in a browser, by keys")
    if left_out := int(np.sum(~used)):
        print(f"{left_out:,} files were left out, as said above")
    print(_expected(study, len(rows)))


def _read(study: Path, unlabelled: Path):
    """The pictures as the study's images, what became of each file, and the study's `images`."""
    from dataclasses import replace

    from realink.images.folders import load_unlabelled
    from realink.images.listing import UNLABELLED_KEY
    from realink.store.files import read_images, read_json

    record = read_json(study / "final/classes.json")
    how, group = dict(record["images"]), None
    if (study / "config.json").is_file():
        config = read_json(study / "config.json")
        how, group = dict(config["images"]), config["real"].get("group")
    labelled = {}
    names = {"training": "pool", "validation": "validation", "test": "test", "labelled": "all"}
    for split, name in names.items():
        if (path := study / f"real/{name}.safetensors").is_file():
            own = read_images(path)
            # Further pictures of the groups trained on are welcome; of those tested on, or that
            # choices are made on, not.
            labelled[split] = replace(own, groups=None) if name in ("pool", "all") else own
    try:
        images, manifest = load_unlabelled(
            unlabelled, tuple(record["classes"]), labelled, group=group, **how
        )
    except InputError as error:
        said = str(error).replace(f"config key `{UNLABELLED_KEY}`", "--unlabelled")
        raise InputError(said) from None
    return images, manifest, how


def _write(output: Path, rows: list[tuple[str, str, str]], page: str) -> None:
    """Write list and sheet into a new folder, both or none."""
    try:
        with made_whole(output) as folder:
            with (folder / "list.csv").open("w", newline="") as file:
                header = ("file", "predicted", "probability")
                csv.writer(file, lineterminator="\n").writerows([header, *rows])
            (folder / "label.html").write_text(page)
    except OSError as error:
        raise InputError(f"--output {output}: cannot be written: {error.strerror}") from None


def _expected(study: Path, more: int) -> str:
    """What so many further labels are expected to bring, in words."""
    from realink.answer import cells
    from realink.answer.more_labels import carried_on
    from realink.answer.words import percent
    from realink.answer.worth import errors_of_cells
    from realink.store.files import read_json
    from realink.store.predictions import read_predictions
    from realink.store.tables import read_metrics

    answer, metrics = study / "answer/answer.json", study / "metrics.csv"
    found = None
    advised = read_json(answer)["recommended"] if answer.is_file() else []
    if advised and metrics.is_file():
        mix, n, now = (advised[-1][name] for name in ("mix", "n_real", "error"))
        predicted = read_predictions(study / "predictions.safetensors")
        rows, _ = cells.usable(cells.fitting(read_metrics(metrics), predicted))
        errors, _ = errors_of_cells(rows, predicted)
        curve = {count: own for (name, count), own in errors.items() if name == mix and count}
        found = carried_on(curve, n + more)
    if found is None:
        return "What new labels will bring is not known: that takes errors at three counts or more."
    return (
        f"With {more:,} more labels, of pictures drawn at random: {percent(found.value)} errors "
        f"expected ({percent(found.low)} to {percent(found.high)}) instead of {percent(now)}, by "
        f"the errors of {mix} with up to {n:,}."
    )
