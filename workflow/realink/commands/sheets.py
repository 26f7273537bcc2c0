"""Commands of rules/sheets.smk: images put side by side."""

from pathlib import Path

from realink.commands.support import Json


def plot_rendered(*, rendered: Path, invert: bool, svg: Path, png: Path) -> None:
    """Draw some of the rendered images.

    Parameters
    ----------
    invert : whether to show black as white
    """
    from realink.page import figures, sheets
    from realink.page.saved import save
    from realink.store.files import read_images, read_tensors

    figures.style()
    drawn_in = read_tensors(rendered)[0].get("face")
    faces = None if drawn_in is None else len(set(drawn_in.tolist()))
    save(sheets.plot_rendered(read_images(rendered), faces, invert=invert), svg, png)


def plot_translations(
    *,
    translator: str,
    n: int,
    replicate: int,
    rendered: Path,
    translated: Path,
    predicted: Path,
    real: Path,
    unlabelled: int = 0,
    invert: bool,
    svg: Path,
    png: Path,
) -> None:
    """Draw rendered images above their translations.

    Parameters
    ----------
    predicted : what the judge predicted of the translations
    real : labelled ones, or else unlabelled ones
    unlabelled : how many of these the translator saw
    invert : whether to show black as white
    """
    from realink.answer.words import at_hand
    from realink.page import figures, sheets
    from realink.page.saved import save
    from realink.scores.judge import error_rate
    from realink.store.files import read_images, read_tensors

    figures.style()
    bent = read_tensors(translated)[0].get("from_real")
    carried, seen = read_images(translated), read_tensors(predicted)[0]["predicted"]
    kept = 1 - error_rate(seen, carried.labels)
    saw = at_hand(n, unlabelled)
    title = f"{translator}, {saw}, replicate {replicate}: {kept:.0%} of labels kept"
    figure = sheets.plot_translations(
        read_images(rendered),
        carried,
        seen,
        read_images(real, labelled=False),
        title,
        from_real=bent,
        invert=invert,
    )
    save(figure, svg, png)


def plot_triptych(
    *,
    metrics: Path,
    rendered: Path,
    real: Path,
    n: int,
    augmentation: Json,
    seed: int,
    invert: bool,
    output: Path,
    translators: list[str] = (),
    saw: list[int] = (),
    translated: list[Path] = (),
) -> None:
    """Draw rendered, translated and real images side by side, and below them augmented.

    Parameters
    ----------
    real : labelled ones, or else unlabelled ones
    n : labelled images, the fewest that a translator saw; the best mix there is drawn
    translators, saw, translated : their names, how many real images each saw, and its images
    invert : whether to show black as white
    """
    import json

    import numpy as np
    import torch

    from realink.page import examples, figures
    from realink.page.saved import save
    from realink.plan.mixes import Mix
    from realink.seeds import seed_for
    from realink.settings import settings_from
    from realink.store.files import read_images
    from realink.store.tables import read_metrics
    from realink.training import augmentation as policies

    torch.set_num_threads(1)
    drawn, photographed = read_images(rendered), read_images(real, labelled=False)
    there = np.unique(drawn.labels)
    wanted = there[np.arange(examples.SHOWN) % len(there)]
    places = examples.of_classes(drawn.labels, wanted)
    places = places[places >= 0]
    plain = {"rendered": drawn.images[places]}
    errors = read_metrics(metrics)
    means = errors[errors["n_real"] == n].groupby("mix")["test_error"].mean().sort_values()
    order = [name for mix in means.index if (name := Mix.parse(mix).translator) in translators]
    if order:
        best = list(translators).index(order[0])
        title = f"translated by {order[0]}\n(it saw {saw[best]:,} real ones)"
        plain[title] = read_images(translated[best]).images[places]
    found = np.minimum(np.arange(len(places)), len(photographed))
    if photographed.labels is not None:
        found = examples.of_classes(photographed.labels, drawn.labels[places])
    missing = np.full((1, *photographed.images.shape[1:]), 0 if invert else 255, np.uint8)
    # The last one stands for a class of which there is none.
    plain["real"] = np.concatenate([photographed.images, missing])[found]
    policy = settings_from(policies.Settings, json.loads(augmentation))
    augmented = {}
    for title, images in plain.items():
        # The same movements for all: what differs is the images.
        torch.manual_seed(seed_for(seed, "triptych"))
        light = torch.from_numpy(images.reshape(*images.shape[:3], -1)).movedim(-1, 1).float() / 255
        light = policies.augment(light, policy).clamp(0, 1).movedim(1, -1)
        augmented[title] = (light * 255).round().byte().numpy().reshape(images.shape)
    figures.style()
    save(examples.plot_triptych(plain, augmented, invert=invert), None, output)


def plot_examples(
    *,
    metrics: Path,
    predictions: Path,
    answer: Path,
    test: Path,
    n: int,
    invert: bool,
    output: Path,
) -> None:
    """Draw test images that the recommended mix alone gets right.

    And the reverse.

    Parameters
    ----------
    n : real images of the classifiers that are compared
    """
    from realink.answer.cells import fitting
    from realink.page import examples, figures
    from realink.page.saved import save
    from realink.store.files import read_images, read_json
    from realink.store.predictions import read_predictions
    from realink.store.tables import read_metrics

    predicted = read_predictions(predictions)
    errors = fitting(read_metrics(metrics), predicted)
    advised = {one["n_real"]: one["mix"] for one in read_json(answer)["recommended"]}
    pair = examples.pair(errors, advised.get(n), n)
    images = read_images(test)
    rows, often = {}, ", in most replicates" if predicted.turns is None else ""
    for right, wrong in [] if pair is None else [pair[1:], pair[:0:-1]]:
        found = examples.examples(errors, predicted, n, right, wrong)
        rows[
            f"{right} is right, {wrong} is not, N = {n:,}:\n"
            f"{found.count:,} of {len(images):,} test images{often}"
        ] = found
    figures.style()
    figure = examples.plot_examples(
        images.images, images.labels, images.classes, rows, invert=invert
    )
    save(figure, None, output)
