"""The study's figures: from its tables to matplotlib figures."""

from collections.abc import Mapping, Sequence

import matplotlib
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from realink.study.mixes import RENDERED, Mix, ordered

MARKERS = "oDsv^PXd<>"
MARKS = "points: replicates; bands: smallest to largest"


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
    metrics : one row a classifier, with mix, n_real, replicate, test_error (a fraction) and n_test
    counts : the study's counts; cells at others only serve `plot_rendered_error`
    total : images that a mix of real and synthetic ones holds
    """
    shown = _in_percent(metrics[metrics["n_real"].isin(counts)]).assign(
        images=lambda rows: [Mix.parse(name).plain.name for name in rows["mix"]],
        augmented=lambda rows: [Mix.parse(name).augmented for name in rows["mix"]],
    )
    mixes = ordered(shown["images"].unique())
    looks = {mix: _look(mix, mixes) for mix in mixes}
    panels = dict(list(shown.groupby("augmented")))
    figure = Figure(figsize=(2.4 + 6.6 * len(panels), 5.6), layout="constrained")
    drawn = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    # All curves first: on axes that are logarithmic already, seaborn averages logarithms.
    for axes, rows in zip(drawn, panels.values(), strict=True):
        _draw_curves(axes, rows, looks)
    for axes, augmented in zip(drawn, panels, strict=True):
        axes.set(
            xlabel=f"N real images; synthetic ones: {total:,} - N",
            ylabel="test error (%)",
            title="with augmentation (-aug)" if augmented else "without augmentation",
        )
        _counts_axis(axes, counts)
    figure.suptitle("Test error against the number of real images", x=0.01, ha="left")
    _legend(figure, mixes)
    replicates = shown["replicate"].nunique()
    note = _replicates_note(replicates)
    if not shown["test_error"].all():
        note += "; no error at all is drawn as half a test image"
    figure.text(0.01, -0.03, note, fontsize="small", color="0.3")
    return figure


def plot_studies(studies: Mapping[str, pd.DataFrame], mixes: Sequence[str]) -> Figure:
    """Draw the same mixes of several studies, a panel each: where does translating pay?

    Parameters
    ----------
    studies : as the metrics of `plot_error`, by the panels' titles
    mixes : those to draw, where a study has them
    """
    looks = {mix: _look(mix, list(mixes)) for mix in mixes}
    figure = Figure(figsize=(2.6 + 4.6 * len(studies), 4.6), layout="constrained")
    drawn = figure.subplots(1, len(studies), squeeze=False)[0]
    for axes, (title, metrics) in zip(drawn, studies.items(), strict=True):
        rows = _in_percent(metrics[metrics["mix"].isin(mixes)]).assign(
            images=lambda own: own["mix"]
        )
        _draw_curves(axes, rows, looks)
        axes.set(xlabel="N real images", ylabel="test error (%)", title=title)
        _counts_axis(axes, sorted(rows["n_real"].unique()))
    present = {mix for metrics in studies.values() for mix in metrics["mix"]}
    _legend(figure, [mix for mix in mixes if mix in present])
    figure.text(0.01, -0.04, f"lines: means; {MARKS}", fontsize="small", color="0.3")
    return figure


def _in_percent(metrics: pd.DataFrame) -> pd.DataFrame:
    # Logarithmic axes have no place for no error at all.
    floor = 0.5 / metrics["n_test"]
    return metrics.assign(percent=100 * metrics["test_error"].clip(lower=floor))


def _counts_axis(axes: Axes, counts: Sequence[int]) -> None:
    axes.set(xscale="log", yscale="log")
    # Slanted, since the last counts lie close together.
    axes.set_xticks(
        counts, [f"{count:,}" for count in counts], rotation=55, ha="right", rotation_mode="anchor"
    )
    axes.xaxis.set_minor_formatter(NullFormatter())
    _log_axis(axes)


def _legend(figure: Figure, mixes: Sequence[str]) -> None:
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


def plot_rendered_error(metrics: pd.DataFrame) -> Figure:
    """Draw the distribution gap: test error of rendered images alone against their number."""
    rows = metrics[metrics["mix"] == RENDERED].assign(percent=100 * metrics["test_error"])
    figure = Figure(figsize=(7, 4.6), layout="constrained")
    axes = figure.subplots()
    look = _look(RENDERED, [RENDERED]) | {"linestyle": "-"}
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
        xlabel="rendered images trained on (no real ones)",
        ylabel="error on real test images (%)",
        title="The distribution gap: rendered images alone",
    )
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    figure.text(
        0.01, -0.03, _replicates_note(rows["replicate"].nunique()), fontsize="small", color="0.3"
    )
    return figure


def plot_gain(points: pd.DataFrame) -> Figure:
    """Draw what images did to the error, alone and beside real ones, against labels and gap.

    Parameters
    ----------
    points : of `realink.answer.worth.gains`
    """
    measures = {
        "label_retention": "labels kept (fraction)",
        "frechet": "Fréchet distance to unseen real images",
    }
    outcomes = {"alone": "test error of these images alone", "ratio": "error beside real / of real"}
    names, counts = ordered(points["translator"].unique()), sorted(points["n_real"].unique())
    colours = {name: _look(name, names)["color"] for name in names}
    markers = {n: MARKERS[place % len(MARKERS)] for place, n in enumerate(counts)}
    figure = Figure(figsize=(11, 8), layout="constrained")
    grid = figure.subplots(2, 2, sharex="col", sharey="row")
    for line, (outcome, meaning) in zip(grid, outcomes.items(), strict=True):
        for axes, (measure, label) in zip(line, measures.items(), strict=True):
            axes.set(xlabel=label, ylabel=meaning)
            axes.label_outer()
            # A study need not have every mix, nor images enough to measure the gap.
            rows = points.reindex(columns=[*points, measure]) if measure not in points else points
            rows = rows[rows[measure].notna() & (rows[outcome] > 0)]
            if rows.empty:
                axes.text(0.5, 0.5, "not in this study", transform=axes.transAxes, ha="center")
                continue
            for (name, n), own in rows.groupby(["translator", "n_real"]):
                axes.plot(
                    own[measure], own[outcome], markers[n], color=colours[name], ms=8, mec="white"
                )
            axes.set_yscale("log")
            _log_axis(axes)
            if outcome == "ratio":
                axes.axhline(1, color="0.4", linestyle=":")
    handles = [Line2D([], [], color=colours[name], marker="o", ls="", label=name) for name in names]
    handles += [
        Line2D([], [], color="0.3", marker=markers[n], ls="", label=f"N = {n:,}") for n in counts
    ]
    figure.legend(handles=handles, loc="outside right center", frameon=False)
    figure.suptitle("Does the error follow the labels, or the gap?", x=0.01, ha="left")
    return figure


def _look(name: str, mixes: list[str]) -> dict[str, object]:
    """Colour by the synthetic source, dashes by whether real images join in, own marker."""
    mix, palette = Mix.parse(name), sns.color_palette("colorblind")
    translators = sorted({Mix.parse(other).translator for other in mixes} - {None})
    colours = {None: (0, 0, 0), RENDERED: palette[1]} | {
        translator: palette[(0, 2, 4, 5, 8, 9)[place % 6]]
        for place, translator in enumerate(translators)
    }
    return {
        "color": colours[mix.source],
        "linestyle": "-" if mix.real else (0, (4, 2)),
        "marker": MARKERS[mixes.index(name) % len(MARKERS)],
    }


def _log_axis(axes: Axes) -> None:
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _replicates_note(replicates: int) -> str:
    if replicates == 1:
        return "one replicate: no band"
    return f"lines: mean of {replicates} replicates; {MARKS}"
