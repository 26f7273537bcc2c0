"""Commands of rules/figures.smk: every figure, as SVG and PNG."""

from pathlib import Path

from realink.commands.support import Device, Json
from realink.errors import InputError


def plot_error(*, metrics: Path, counts: list[int], total: int, svg: Path, png: Path) -> None:
    """Draw the main figure: test error against the number of real images."""
    from realink.page import figures
    from realink.page.saved import save
    from realink.store.files import read_table

    figures.style()
    save(figures.plot_error(read_table(metrics), counts, total), svg, png)


def plot_studies(*studies: Path, mixes: list[str], titles: list[str], svg: Path, png: Path) -> None:
    """Draw the errors of several finished studies side by side, in one figure.

    Parameters
    ----------
    studies : their directories, such as results/mnist
    mixes : those to draw
    titles : of the panels, one a study
    """
    from realink.page import figures
    from realink.page.saved import save
    from realink.store.files import read_table

    if not studies or len(studies) != len(titles):
        raise InputError(f"{len(studies)} studies and {len(titles)} titles: give each a title")
    tables = {}
    for study, title in zip(studies, titles, strict=True):
        if not (study / "metrics.csv").exists():
            raise InputError(f"{study}/metrics.csv: no such file; name a finished study")
        tables[title] = read_table(study / "metrics.csv")
        if not tables[title]["mix"].isin(mixes).any():
            raise InputError(f"{study} has none of the mixes {', '.join(mixes)}")
    figures.style()
    save(figures.plot_studies(tables, mixes), svg, png)


def plot_rendered_error(*, metrics: Path, svg: Path, png: Path) -> None:
    """Draw the error of rendered images alone against their number."""
    from realink.page import figures
    from realink.page.saved import save
    from realink.store.files import read_table

    figures.style()
    save(figures.plot_rendered_error(read_table(metrics)), svg, png)


def plot_gain(*, metrics: Path, translators: Path, gaps: Path, svg: Path, png: Path) -> None:
    """Draw what translated images gain, against labels kept and against the gap."""
    from realink.page import figures, plotted
    from realink.page.saved import save
    from realink.store.files import read_table

    figures.style()
    errors = read_table(metrics)
    points = plotted.gains(errors, read_table(translators), read_table(gaps))
    augmented = plotted.augmented_alone(errors["mix"])
    save(figures.plot_gain(points, augmented=augmented), svg, png)


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
    carried, reading = read_images(translated), read_tensors(predicted)[0]["predicted"]
    kept = 1 - error_rate(reading, carried.labels)
    saw = at_hand(n, unlabelled)
    title = f"{translator}, {saw}, replicate {replicate}: {kept:.0%} of labels kept"
    figure = sheets.plot_translations(
        read_images(rendered),
        carried,
        reading,
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
    from realink.store.files import read_images, read_table
    from realink.training import augmentation as policies

    torch.set_num_threads(1)
    drawn, photographed = read_images(rendered), read_images(real, labelled=False)
    wanted = np.arange(examples.SHOWN) % len(drawn.classes)
    places = examples.of_classes(drawn.labels, wanted)
    places = places[places >= 0]
    plain = {"rendered": drawn.images[places]}
    errors = read_table(metrics)
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
    from realink.store.files import read_images, read_json, read_table
    from realink.store.predictions import read_reads

    reads = read_reads(predictions)
    errors = fitting(read_table(metrics), reads)
    advised = {one["n_real"]: one["mix"] for one in read_json(answer)["recommended"]}
    pair = examples.pair(errors, advised.get(n), n)
    images = read_images(test)
    rows = {}
    for right, wrong in [] if pair is None else [pair[1:], pair[:0:-1]]:
        found = examples.examples(errors, reads, n, right, wrong)
        rows[
            f"{right} is right, {wrong} is not, N = {n:,}:\n"
            f"{found.count:,} of {len(images):,} test images, in most replicates"
        ] = found
    figures.style()
    figure = examples.plot_examples(
        images.images, images.labels, images.classes, rows, invert=invert
    )
    save(figure, None, output)


def collect_training(
    *, translators: list[str], counts: list[int], histories: list[Path], output: Path
) -> None:
    """Put the losses of some translators' trainings into one table.

    Parameters
    ----------
    translators, counts : of each history
    """
    import csv

    from realink.store.files import written_whole

    with written_whole(output) as temporary, temporary.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["translator", "n_real", "step", "loss", "value"])
        for name, n, path in zip(translators, counts, histories, strict=True):
            with path.open() as rows:
                for row in csv.DictReader(rows):
                    step = row.pop("step")
                    table.writerows(
                        [name, n, step, loss, f"{float(value):.4g}"] for loss, value in row.items()
                    )


def map_domains(
    *,
    checkpoint: Path,
    pool: Path,
    rendered: Path,
    seed: int,
    output: Path,
    translators: list[str] = (),
    translated: list[Path] = (),
    device: Device = "auto",
) -> None:
    """Lay some real, rendered and translated images out on a plane, alike ones near.

    Parameters
    ----------
    pool : of the real ones: the last to be drawn, so that translators of few have not seen them
    translators, translated : their names and their images
    """
    from realink.commands.support import device_for
    from realink.learners.small.network import Network, Settings
    from realink.scores.plane import MAPPED, on_a_plane
    from realink.seeds import seed_for
    from realink.store.checkpoints import load
    from realink.store.files import read_images, write_table
    from realink.store.sets import sized

    device = device_for(device)
    judge = load(checkpoint, "small", Network, Settings).to(device)
    order = sized(read_images(pool), judge.side)
    unseen = order.draw(len(order), seed_for(seed, "draw", 1)).take(slice(-MAPPED, None))
    paths = {"rendered": rendered} | dict(zip(translators, translated, strict=True))
    write_table(
        output,
        on_a_plane(
            {"real": unseen}
            | {name: sized(read_images(path), judge.side) for name, path in paths.items()},
            judge,
            seed=seed_for(seed, "map"),
            device=device,
        ),
    )
