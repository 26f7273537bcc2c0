"""The study's figures: from its tables to matplotlib figures."""

import itertools
import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import matplotlib
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from realink.answer.cells import ALONE, parsed
from realink.answer.words import network
from realink.page import lettering, look, plotted
from realink.plan.mixes import Mix, ordered

MARKS = "points: replicates; bands: smallest to largest"
ACROSS = 3  # studies in a row


def style() -> None:
    """Set fonts and lines for print, and SVGs that come out the same each time."""
    sns.set_theme(style="whitegrid", context="notebook")
    matplotlib.rcParams.update(
        {"svg.hashsalt": "realink", "svg.fonttype": "path", "axes.titlelocation": "left"}
    )
    lettering.use_fonts()


def plot_error(metrics: pd.DataFrame, counts: list[int]) -> Figure:
    """Draw test error against the number of real images for every mix, each learner in its row.

    Parameters
    ----------
    metrics : one row a classifier, with mix, n_real, n_synthetic, replicate, test_error (a
        fraction) and n_test; labels as `realink.store.tables.labelled` makes them
    counts : the study's counts; cells at others only serve `plot_rendered_error`
    """
    held = plotted.synthetic(metrics)
    metrics = metrics[metrics["n_real"].isin(counts)]
    curves = plotted.errors(metrics)
    panels = plotted.panels(curves["mix"])
    kinds = sorted({panel.augmented for panel in panels})
    learners = list(plotted.by_learner(curves["mix"]))
    size = 2.4 + 6.6 * len(kinds), 5.6 * len(learners)
    figure = Figure(figsize=size, layout="constrained")
    drawn = figure.subplots(len(learners), len(kinds), sharey=True, squeeze=False)
    grid = dict(zip(itertools.product(learners, kinds), drawn.flat, strict=True))
    for cell in grid.keys() - set(panels):
        grid[cell].axis("off")
    for panel in panels:
        axes = grid[panel]
        _draw_curves(axes, panel.of(curves), panel.of(metrics))
        axes.set(
            xlabel=look.COUNTS + (held and f"; synthetic ones: {held}"),
            ylabel=look.ERROR,
            title=panel.title,
        )
        counts_axis(axes, counts)
        log_axis(axes, plotted.ends(curves))
    figure.suptitle("Test error against the number of real images", x=0.01, ha="left")
    _legend(figure, ordered(curves["images"].unique()))
    note = _replicates_note(metrics["replicate"].nunique())
    if not metrics["test_error"].all():
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
    # No wider than it has to be: it is also read on phones.
    across = min(len(studies), ACROSS)
    down = math.ceil(len(studies) / across)
    figure = Figure(figsize=(3.5 * across, 4.3 * down + 1.3), layout="constrained")
    drawn = figure.subplots(down, across, squeeze=False).flat
    for axes in drawn[len(studies) :]:
        axes.set_axis_off()
    for axes, (title, metrics) in zip(drawn[: len(studies)], studies.items(), strict=True):
        own = metrics[metrics["mix"].isin(mixes)]
        curves = plotted.errors(own, variants=True)
        _draw_curves(axes, curves.assign(images=curves["mix"]), own)
        axes.set(xlabel=look.COUNTS, ylabel="", title=textwrap.fill(title, 30))
        counts_axis(axes, curves["n_real"])
        log_axis(axes, plotted.ends(curves))
    present = {mix for metrics in studies.values() for mix in metrics["mix"]}
    for axes in drawn[::across]:
        axes.set_ylabel(look.ERROR)
    names = [mix for mix in mixes if mix in present]
    title = f"lines: means; {MARKS}\ntrained on"
    _legend(figure, names, title, "outside lower left", across)
    return figure


def plot_rendered_error(metrics: pd.DataFrame) -> Figure:
    """Draw the distribution gap: test error of rendered images alone against their number."""
    mixes = parsed(metrics["mix"])
    own = metrics[[mixes[name].without_learner == ALONE for name in metrics["mix"]]]
    # The same curve as of `plot_error`, but for its axis.
    own = own.assign(n_real=own["n_synthetic"])
    curves = plotted.errors(own)
    panels = plotted.panels(own["mix"])
    figure = Figure(figsize=(7 * len(panels), 4.6), layout="constrained")
    drawn = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, panel in zip(drawn, panels, strict=True):
        _draw_curves(axes, panel.of(curves), panel.of(own))
        named = f", {network(panel.learner)}" if panel.learner else ""
        axes.set(
            xlabel="rendered images trained on (no real ones)",
            ylabel="error on real test images (%): lower is better",
            title=f"The distribution gap: rendered images alone{named}",
        )
        counts_axis(axes, curves["n_real"])
        axes.set_ylim(0, look.limits(curves["largest"], 0, 100)[1])
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: look.number(value)))
    figure.text(
        0.01, -0.03, _replicates_note(own["replicate"].nunique()), fontsize="small", color="0.3"
    )
    return figure


def plot_gain(points: pd.DataFrame, *, augmented: bool = False) -> Figure:
    """Draw what images did to the error, alone and beside real ones, against labels and gap.

    Parameters
    ----------
    points : of `realink.page.plotted.gains`
    augmented : whether they are of augmented mixes
    """
    names, counts = ordered(points["translator"].unique()), sorted(points["n_real"].unique())
    areas = look.sizes(counts, 18, 150)
    outcomes = [
        (outcome, [*words, *[network(learner)] * (not pd.isna(learner))], own)
        for learner, own in points.groupby("learner", sort=False, dropna=False)
        for outcome, words in look.OUTCOMES.items()
    ]
    figure = Figure(figsize=(11, 4 * len(outcomes)), layout="constrained")
    grid = figure.subplots(len(outcomes), 2, sharex="col", sharey="row")
    for line, (outcome, words, shown_of) in zip(grid, outcomes, strict=True):
        for axes, column in zip(line, look.FOLLOWED, strict=True):
            measure = look.MEASURES[column]
            axes.set(xlabel=measure.axis, ylabel="\n".join(words))
            axes.label_outer()
            # A study need not have every mix, nor images enough to measure the gap.
            rows = shown_of.dropna(subset=[column, outcome])
            if rows.empty:
                axes.text(0.5, 0.5, "not in this study", transform=axes.transAxes, ha="center")
                continue
            for name in names:
                own = rows[rows["translator"] == name]
                _draw_path(axes, own, column, outcome, areas)
            shown = rows[outcome]
            if outcome == "ratio":
                axes.axhline(1, color="0.4", linestyle=":")
                shown = [*shown, 1]
            log_axis(axes, shown)
            axes.set_xlim(look.limits(points[column], measure.least, measure.most))
    handles = [
        Line2D([], [], ls="", label=name, ms=8, **_marked(look.of_images(name))) for name in names
    ]
    handles += [
        Line2D([], [], color="0.3", marker="o", ls="", ms=area**0.5, label=f"N = {look.count(n)}")
        for n, area in areas.items()
    ]
    figure.legend(handles=handles, loc="outside right center", frameon=False)
    title = "Does the error follow the labels, or the gap?"
    figure.suptitle(title + " (augmented mixes)" * augmented, x=0.01, ha="left")
    figure.text(
        0.01, -0.03, "marks: replicates; lines: means, from the smallest N to the largest",
        fontsize="small", color="0.3",
    )  # fmt: skip
    return figure


def _draw_path(
    axes: Axes, own: pd.DataFrame, column: str, outcome: str, areas: Mapping[int, float]
) -> None:
    """A translator's marks, larger with N, and the way that their means take."""
    for (name, n), marks in own.groupby(["translator", "n_real"]):
        looks = _marked(look.of(Mix(name, outcome == "ratio")))
        axes.plot(
            marks[column],
            marks[outcome],
            ls="",
            ms=areas[n] ** 0.5,
            alpha=0.8,
            clip_on=False,
            **looks,
        )
    means = own.groupby("n_real")[[column, outcome]].mean()
    for name in own["translator"].unique():
        colour = look.of_images(name).colour
        axes.plot(means[column], means[outcome], color=colour, lw=0.8, alpha=0.6, zorder=1)


def _draw_curves(axes: Axes, curves: pd.DataFrame, metrics: pd.DataFrame) -> None:
    """Draw curves of `plotted.errors`, and each classifier's error as a point."""
    floor = plotted.floor_of(metrics)
    # By mixes, those with real images last and so on top.
    for mix in reversed(ordered(curves["mix"].unique())):
        own, its = curves[curves["mix"] == mix], look.of(mix)
        axes.fill_between(
            own["n_real"], own["smallest"], own["largest"], color=its.colour, alpha=0.15, lw=0
        )
        sns.lineplot(
            own,
            x="n_real",
            y="shown",
            errorbar=None,
            estimator=None,
            ax=axes,
            label=own["images"].iloc[0],
            legend=False,
            markersize=7,
            linewidth=its.width,
            linestyle=(0, its.dash) if its.dash else "-",
            **_marked(its),
        )
        points = metrics[metrics["mix"] == mix]
        errors = (100 * points["test_error"]).clip(lower=floor)
        axes.scatter(points["n_real"], errors, s=10, color=its.colour, alpha=0.6, zorder=3)


def _marked(its: look.Look) -> dict[str, Any]:
    """A mark of matplotlib's; a hollow one shows the line below it."""
    return {
        "color": its.colour,
        "marker": its.mark,
        "markerfacecolor": its.colour if its.filled else "none",
        "markeredgecolor": "white" if its.filled else its.colour,
    }


def counts_axis(axes: Axes, counts: Iterable[int]) -> None:
    """Make the horizontal axis one of counts."""
    counts = list(counts)
    linear = look.linear_up_to(counts)
    if linear is None:
        axes.set_xscale("log")
    else:
        axes.set_xscale("symlog", linthresh=linear, linscale=0.5)
    ticks = look.count_ticks(counts)
    axes.set_xticks(
        ticks, list(map(look.count, ticks)), rotation=40, ha="right", rotation_mode="anchor"
    )
    axes.set_xticks(sorted(set(counts)), minor=True)
    axes.xaxis.set_minor_formatter(NullFormatter())


def log_axis(axes: Axes, values: Iterable[float]) -> None:
    """Make the vertical axis logarithmic, with room for these values."""
    axes.set_yscale("log")
    ends = look.log_limits(values)
    axes.set_ylim(ends)
    ticks = look.log_ticks(*ends)
    axes.set_yticks(ticks, list(map(look.number, ticks)))
    axes.yaxis.set_minor_locator(NullLocator())


def _legend(
    figure: Figure,
    names: Sequence[str],
    title: str = "trained on",
    loc: str = "outside right upper",
    columns: int = 1,
) -> None:
    handles = {
        name: handle
        for axes in figure.axes
        for handle, name in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        [handles[name] for name in names],
        names,
        title=title,
        loc=loc,
        ncols=columns,
        frameon=False,
        alignment="left",
    )


def _replicates_note(replicates: int) -> str:
    if replicates == 1:
        return "one replicate: no band"
    return f"lines: mean of {replicates} replicates; {MARKS}"
