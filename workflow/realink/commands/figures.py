"""Commands of rules/figures.smk: every figure, as SVG and PNG."""

from pathlib import Path
from typing import Any

from realink.errors import InputError


def plot_error(*, metrics: Path, counts: list[int], total: int, svg: Path, png: Path) -> None:
    """Draw the final figure: test error against real images, for all mixes."""
    from realink.page import figures
    from realink.study.files import read_table

    figures.style()
    save(figures.plot_error(read_table(metrics), counts, total), svg, png)


def plot_studies(*studies: Path, mixes: list[str], titles: list[str], svg: Path, png: Path) -> None:
    """Draw the errors of several finished studies side by side.

    Parameters
    ----------
    studies : their directories, such as results/mnist
    mixes : those to draw
    titles : of the panels, one a study
    """
    from realink.page import figures
    from realink.study.files import read_table

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
    """Draw the distribution gap: error of rendered images alone against their number."""
    from realink.page import figures
    from realink.study.files import read_table

    figures.style()
    save(figures.plot_rendered_error(read_table(metrics)), svg, png)


def plot_gain(*, metrics: Path, translators: Path, gaps: Path, svg: Path, png: Path) -> None:
    """Draw what translated images gain against the labels that they kept and against the gap."""
    from realink.page import figures, plotted
    from realink.study.files import read_table

    figures.style()
    errors = read_table(metrics)
    points = plotted.gains(errors, read_table(translators), read_table(gaps))
    augmented = plotted.augmented_alone(errors["mix"])
    save(figures.plot_gain(points, augmented=augmented), svg, png)


def plot_rendered(*, rendered: Path, invert: bool, svg: Path, png: Path) -> None:
    """Draw a contact sheet of the rendered images.

    Parameters
    ----------
    invert : whether to show black as white
    """
    from realink.page import figures, sheets
    from realink.study.files import read_images, read_tensors

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
    read: Path,
    real: Path,
    invert: bool,
    svg: Path,
    png: Path,
) -> None:
    """Draw rendered images above their translations.

    Parameters
    ----------
    invert : whether to show black as white
    """
    from realink.measures.judge import error_rate
    from realink.page import figures, sheets
    from realink.study.files import read_images, read_tensors

    figures.style()
    carried, reading = read_images(translated), read_tensors(read)[0]["read"]
    kept = 1 - error_rate(reading, carried.labels)
    title = f"{translator}, {n:,} real images, replicate {replicate}: {kept:.0%} of labels kept"
    figure = sheets.plot_translations(
        read_images(rendered), carried, reading, read_images(real), title, invert=invert
    )
    save(figure, svg, png)


def save(figure: Any, svg: Path, png: Path) -> None:
    """Write a figure in both formats."""
    from realink.study.files import written_whole

    # Without the date, the same numbers give the same file.
    for output, metadata in ((svg, {"Date": None}), (png, {})):
        with written_whole(output) as temporary:
            figure.savefig(temporary, dpi=160, bbox_inches="tight", metadata=metadata)
