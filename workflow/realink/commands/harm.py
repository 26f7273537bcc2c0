"""Commands of rules/harm.smk: classes that the advice misreads more often, and why."""

from pathlib import Path


def explain_harm(
    *,
    metrics: Path,
    predictions: Path,
    answer: Path,
    pool: Path,
    validation: Path,
    seed: int,
    output: Path,
    rendered: Path | None = None,
    translators: list[str] = (),
    counts: list[int] = (),
    translated: list[Path] = (),
) -> None:
    """Find classes whose errors the advised mix raises, and how its images of these differ.

    Parameters
    ----------
    answer : what `analyse` wrote, with what is recommended
    pool, validation : real images, of which the first replicate tests none
    translators, counts, translated : of the first replicate: names, real images seen, images
    """
    from realink.answer import cells, harm
    from realink.images.imagesets import concatenate
    from realink.plan.mixes import RENDERED, Mix
    from realink.scores import looks
    from realink.seeds import seed_for
    from realink.store.files import read_images, read_json, write_table
    from realink.store.predictions import read_predictions
    from realink.store.tables import read_metrics

    predicted = read_predictions(predictions)
    rows, _ = cells.usable(cells.fitting(read_metrics(metrics), predicted))
    table = harm.harm(rows, predicted, read_json(answer)["recommended"])
    made = dict(zip(zip(translators, counts, strict=True), translated, strict=True))
    real, found, measured = None, {}, {}
    for mix, n in dict.fromkeys(
        harm.raised(table)[["mix", "n_real"]].itertuples(index=False, name=None)
    ):
        source = Mix.parse(mix).source
        path = rendered if source == RENDERED else made.get((source, n))
        if path is None:
            continue
        if real is None:
            real = concatenate([read_images(pool), read_images(validation)])
        if path not in found:  # rendered ones are the same at each N
            found[path] = looks.by_class(read_images(path), real, seed=seed_for(seed, "harm"))
        measured[n] = found[path]
    write_table(output, harm.explained(table, measured))


def plot_harm(
    *, metrics: Path, predictions: Path, harm: Path, test: Path, invert: bool, output: Path
) -> None:
    """Draw test images that the advised mix alone misreads, of classes whose errors it raises.

    Parameters
    ----------
    harm : what `explain_harm` wrote
    test : all images that any classifier was tested on
    invert : whether to show black as white
    """
    from realink.answer.cells import fitting
    from realink.answer.harm import raised
    from realink.page import examples, figures, lettering
    from realink.page.saved import save
    from realink.store.files import read_images
    from realink.store.predictions import read_predictions
    from realink.store.tables import read_harm, read_metrics

    predicted = read_predictions(predictions)
    errors = fitting(read_metrics(metrics), predicted)
    found, rows = raised(read_harm(harm)), {}
    often = ", in most replicates" if predicted.turns is None else ""
    for one in found.drop_duplicates("label").head(examples.CLASSES).itertuples():
        label = predicted.classes.index(one.label)
        own = examples.examples(errors, predicted, one.n_real, one.reference, one.mix, label)
        name = lettering.label(one.label, predicted.classes)
        rows[
            f"{name}, N = {one.n_real:,}: {own.count:,} of {one.images:,} misread\n"
            f"by {one.mix}, not by {one.reference}{often}"
        ] = own
    images = read_images(test)
    figures.style()
    figure = examples.plot_examples(
        images.images,
        images.labels,
        images.classes,
        rows,
        invert=invert,
        nothing="no class's errors are raised",
    )
    save(figure, None, output)
