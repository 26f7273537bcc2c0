"""The study's figures: from tables and digit sets to matplotlib figures."""

import matplotlib
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from realink.digits import Digits
from realink.mixes import augments, images_of, ordered, synthetic_of, uses_real

LOST = "#D55E00"  # vermilion of the palette below: told from ink by hue and from paper by light
MARKERS = "oDsv^PXd<>"


def style() -> None:
    """Set fonts and lines for print, and SVGs that come out the same each time."""
    sns.set_theme(style="whitegrid", context="notebook", palette="colorblind")
    matplotlib.rcParams.update(
        {"svg.hashsalt": "realink", "svg.fonttype": "path", "axes.titlelocation": "left"}
    )


def plot_error(metrics: pd.DataFrame, counts: list[int], total: int) -> Figure:
    """Draw test error against the number of real images for every mix.

    Parameters
    ----------
    metrics : one row a classifier, with mix, n_real, replicate and test_error (a fraction)
    counts : the study's counts; cells at others only serve `plot_font_error`
    total : images that a mix of real and synthetic ones holds
    """
    shown = metrics[metrics["n_real"].isin(counts)].assign(
        percent=lambda rows: 100 * rows["test_error"],
        images=lambda rows: rows["mix"].map(images_of),
    )
    mixes = ordered(shown["images"].unique())
    looks = {mix: _look(mix, mixes) for mix in mixes}
    panels = dict(list(shown.groupby(shown["mix"].map(augments))))
    figure = Figure(figsize=(2.4 + 6.6 * len(panels), 5.6), layout="constrained")
    drawn = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    # All curves first: on axes that are logarithmic already, seaborn averages logarithms.
    for axes, rows in zip(drawn, panels.values(), strict=True):
        _draw_curves(axes, rows, looks)
    for axes, augmented in zip(drawn, panels, strict=True):
        axes.set(
            xscale="log",
            yscale="log",
            xlabel=f"N real images; synthetic ones: {total:,} - N",
            ylabel="test error (%)",
            title="with augmentation (-aug)" if augmented else "without augmentation",
        )
        # Slanted, since the last counts lie close together.
        axes.set_xticks(counts, [f"{count:,}" for count in counts], rotation=35, ha="right")
        axes.xaxis.set_minor_formatter(NullFormatter())
        _log_axis(axes)
    figure.suptitle("Test error against the number of real images", x=0.01, ha="left")
    handles = {
        name: handle
        for axes in figure.axes
        for handle, name in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        [handles[mix] for mix in mixes],
        mixes,
        title="trained on",
        loc="outside right upper",
        frameon=False,
        alignment="left",
    )
    replicates = shown["replicate"].nunique()
    figure.text(0.01, -0.03, _replicates_note(replicates), fontsize="small", color="0.3")
    return figure


def _draw_curves(axes: Axes, rows: pd.DataFrame, looks: dict[str, dict[str, object]]) -> None:
    for mix, look in looks.items():
        own = rows[rows["images"] == mix]
        if own.empty:
            continue
        sns.lineplot(
            own,
            x="n_real",
            y="percent",
            errorbar=("pi", 100),
            err_kws={"alpha": 0.18, "linewidth": 0},
            ax=axes,
            label=mix,
            legend=False,
            markersize=7,
            **look,
        )
        axes.scatter(own["n_real"], own["percent"], s=10, color=look["color"], alpha=0.6, zorder=3)


def plot_font_error(metrics: pd.DataFrame) -> Figure:
    """Draw the distribution gap: test error of `font` alone against its number of images."""
    rows = metrics[metrics["mix"] == "font"].assign(percent=100 * metrics["test_error"])
    figure = Figure(figsize=(7, 4.6), layout="constrained")
    axes = figure.subplots()
    look = _look("font", ["font"]) | {"linestyle": "-"}
    sns.lineplot(
        rows,
        x="n_synthetic",
        y="percent",
        errorbar=("pi", 100),
        err_kws={"alpha": 0.18, "linewidth": 0},
        ax=axes,
        markersize=7,
        **look,
    )
    axes.scatter(rows["n_synthetic"], rows["percent"], s=12, color=look["color"], alpha=0.6)
    axes.set(
        xscale="log",
        xlabel="rendered digits trained on (no real images)",
        ylabel="error on real test images (%)",
        title="The distribution gap: rendered digits alone",
    )
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    figure.text(
        0.01, -0.03, _replicates_note(rows["replicate"].nunique()), fontsize="small", color="0.3"
    )
    return figure


def plot_gain(points: pd.DataFrame) -> Figure:
    """Draw what digits did to the error, alone and beside real ones, against labels and gap.

    Parameters
    ----------
    points : of `realink.answer.gains`
    """
    measures = {
        "label_retention": "labels kept (fraction)",
        "frechet": "Fréchet distance to unseen real digits",
    }
    outcomes = {"alone": "test error of these digits alone", "ratio": "error beside real / of real"}
    rows = points.assign(N=points["n_real"].map("{:,}".format)).sort_values("n_real")
    figure = Figure(figsize=(11, 8), layout="constrained")
    names = ordered(rows["translator"].unique())
    colours = {name: _look(name, names)["color"] for name in names}
    grid = figure.subplots(2, 2, sharex="col", sharey="row")
    for line, (outcome, meaning) in zip(grid, outcomes.items(), strict=True):
        for axes, (measure, label) in zip(line, measures.items(), strict=True):
            sns.scatterplot(
                rows,
                x=measure,
                y=outcome,
                hue="translator",
                hue_order=names,
                palette=colours,
                style="N",
                s=70,
                ax=axes,
                legend="full" if axes is grid[0, 1] else False,
            )
            axes.set(yscale="log", xlabel=label, ylabel=meaning)
            _log_axis(axes)
            if outcome == "ratio":
                axes.axhline(1, color="0.4", linestyle=":")
    if len(rows):
        sns.move_legend(grid[0, 1], "center left", bbox_to_anchor=(1, 0.5), frameon=False)
    figure.suptitle("Does the error follow the labels, or the gap?", x=0.01, ha="left")
    return figure


def plot_fonts(digits: Digits, faces: int, rows: int = 14, blocks: int = 2) -> Figure:
    """Draw a contact sheet of rendered digits, 0 to 9 from left to right, `blocks` times.

    Parameters
    ----------
    digits : the font dataset, in random order, so that its beginning shows many faces
    faces : how many faces it was rendered in
    rows, blocks : size of the sheet
    """
    sheet = np.zeros((rows, blocks * 10, 28, 28), np.uint8)
    for digit in range(10):
        found = np.flatnonzero(digits.labels == digit)[: rows * blocks]
        for place, index in enumerate(found):
            sheet[place % rows, place // rows * 10 + digit] = digits.images[index]
    figure = Figure(figsize=(10, 10 * rows / (blocks * 10) + 0.4), layout="constrained")
    axes = figure.subplots()
    _draw_sheet(axes, sheet)
    axes.set_title(
        f"{rows * blocks * 10} of {len(digits.labels):,} rendered digits, in {faces:,} faces",
        fontsize="medium",
    )
    return figure


def plot_translations(
    fonts: Digits,
    translated: Digits,
    read: np.ndarray,
    real: Digits,
    title: str,
    pairs: int = 5,
) -> Figure:
    """Draw rendered digits above their translations, and real digits below them all.

    Parameters
    ----------
    fonts, translated : the font dataset and its translation, image by image
    read : int [n], what the judge reads in each translated digit; where that is not the label,
        the translation is framed and the reading written beside it
    real : the real images that the translator saw
    title : of the sheet
    pairs : rows of rendered digits, each above the row of its translations
    """
    sheet = np.zeros((2 * pairs + 2, 10, 28, 28), np.uint8)
    frames = []
    for digit in range(10):
        for pair, index in enumerate(np.flatnonzero(fonts.labels == digit)[:pairs]):
            sheet[2 * pair, digit] = fonts.images[index]
            sheet[2 * pair + 1, digit] = translated.images[index]
            if read[index] != digit:
                frames.append((2 * pair + 1, digit, int(read[index])))
        for row, index in enumerate(np.flatnonzero(real.labels == digit)[:2]):
            sheet[2 * pairs + row, digit] = real.images[index]
    figure = Figure(figsize=(6.4, 0.6 * len(sheet) + 1.1), layout="constrained")
    axes = figure.subplots()
    _draw_sheet(axes, sheet)
    for row, column, reading in frames:
        axes.add_patch(
            Rectangle((column * 28, row * 28), 27, 27, fill=False, edgecolor=LOST, linewidth=2)
        )
        axes.text(
            column * 28 + 26,
            row * 28 + 8,
            str(reading),
            color=LOST,
            fontsize=8,
            fontweight="bold",
            ha="right",
            bbox={"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 0.8},
        )
    names = ["in", "out"] * pairs + ["real", "real"]
    axes.set_yticks(np.arange(len(sheet)) * 28 + 14, names)
    axes.set_xticks(np.arange(10) * 28 + 14, [str(digit) for digit in range(10)])
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.set_title(title, fontsize="medium")
    for row in range(2, len(sheet), 2):
        axes.axhline(row * 28 - 0.5, color="0.6", linewidth=0.8)
    axes.set_xlabel("framed: the judge reads another digit, written in it", fontsize="small")
    return figure


def _look(mix: str, mixes: list[str]) -> dict[str, object]:
    """Colour by the synthetic source, dashes by whether real images join in, own marker."""
    sources = sorted({synthetic_of(other) for other in mixes} - {"none", "font"})
    palette = sns.color_palette("colorblind")
    colours = {"none": (0, 0, 0), "font": palette[1]} | {
        source: palette[index] for source, index in zip(sources, (0, 2, 4, 5, 8, 9), strict=False)
    }
    return {
        "color": colours[synthetic_of(mix)],
        "linestyle": "-" if uses_real(mix) else (0, (4, 2)),
        "marker": MARKERS[mixes.index(mix) % len(MARKERS)],
    }


def _log_axis(axes: Axes) -> None:
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _replicates_note(replicates: int) -> str:
    if replicates == 1:
        return "one replicate: no band"
    return f"lines: mean of {replicates} replicates; points: replicates; bands: smallest to largest"


def _draw_sheet(axes: Axes, sheet: np.ndarray) -> None:
    """Draw images uint8 [rows, columns, 28, 28] as one picture, ink black on paper white."""
    rows, columns = sheet.shape[:2]
    picture = sheet.transpose(0, 2, 1, 3).reshape(rows * 28, columns * 28)
    axes.imshow(255 - picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.grid(False)
    axes.set_xticks([])
    axes.set_yticks([])
    sns.despine(ax=axes, left=True, bottom=True)
