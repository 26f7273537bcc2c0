"""Commands of rules/figures.smk: every figure, as SVG and PNG."""

from pathlib import Path

from realink.commands.support import Device
from realink.errors import InputError


def plot_error(*, metrics: Path, counts: list[int], svg: Path, png: Path) -> None:
    """Draw the main figure: test error against the number of real images."""
    from realink.page import figures
    from realink.page.saved import save
    from realink.store.tables import read_metrics

    figures.style()
    save(figures.plot_error(read_metrics(metrics), counts), svg, png)


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
    from realink.store.tables import read_metrics

    if not studies or len(studies) != len(titles):
        raise InputError(f"{len(studies)} studies and {len(titles)} titles: give each a title")
    tables = {}
    for study, title in zip(studies, titles, strict=True):
        if not (study / "metrics.csv").exists():
            raise InputError(f"{study}/metrics.csv: no such file; name a finished study")
        tables[title] = read_metrics(study / "metrics.csv")
        if not tables[title]["mix"].isin(mixes).any():
            raise InputError(f"{study} has none of the mixes {', '.join(mixes)}")
    figures.style()
    save(figures.plot_studies(tables, mixes), svg, png)


def plot_rendered_error(*, metrics: Path, svg: Path, png: Path) -> None:
    """Draw the error of rendered images alone against their number."""
    from realink.page import figures
    from realink.page.saved import save
    from realink.store.tables import read_metrics

    figures.style()
    save(figures.plot_rendered_error(read_metrics(metrics)), svg, png)


def plot_gain(*, metrics: Path, translators: Path, gaps: Path, svg: Path, png: Path) -> None:
    """Draw what translated images gain, against labels kept and against the gap."""
    from realink.page import figures, plotted
    from realink.page.saved import save
    from realink.store.files import read_table
    from realink.store.tables import read_metrics

    figures.style()
    errors = read_metrics(metrics)
    points = plotted.gains(errors, read_table(translators), read_table(gaps))
    augmented = plotted.augmented_alone(errors["mix"])
    save(figures.plot_gain(points, augmented=augmented), svg, png)


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
    from realink.images.resized import sized
    from realink.learners.small.network import Network, Settings
    from realink.scores.plane import MAPPED, on_a_plane
    from realink.seeds import seed_for
    from realink.store.checkpoints import load
    from realink.store.files import read_images, write_table

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
