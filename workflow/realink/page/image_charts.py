"""Interactive charts of images: their measures, what they gain, how translators are trained."""

import altair as alt
import pandas as pd

from realink.page import look, vega
from realink.plan.mixes import Mix, ordered


def against_count(table: pd.DataFrame, measure: look.Measure, others: pd.DataFrame) -> dict:
    """A measure of translated images against N, with rules for other sets (rendered, real).

    Parameters
    ----------
    table : one row a translator, with n_real, translator and the measure
    others : rows with ``images`` and the measure, for sets that no N belongs to
    """
    column = measure.column
    mean = measure.of(table).groupby(["translator", "n_real"], as_index=False)[column].mean()
    level = measure.of(others).groupby("images", as_index=False)[column].mean().dropna()
    sets = [*sorted(mean["translator"].unique()), *level["images"]]
    looks = [look.of_images(name) for name in sets]
    legend = alt.Legend(title=None, orient="bottom")
    stroke = alt.Stroke("images:N", legend=legend, sort=sets).scale(
        domain=sets, range=[its.variable for its in looks]
    )
    y = vega.linear([*mean[column], *level[column]], measure)
    base = alt.Chart(mean.rename(columns={"translator": "images"})).encode(
        x=vega.counts_axis(mean["n_real"]),
        y=alt.Y(f"{column}:Q", **y),
        stroke=stroke,
        tooltip=[
            alt.Tooltip("images:N", title="images"),
            alt.Tooltip("n_real:Q", title="N", format=look.COUNT),
            alt.Tooltip(f"{column}:Q", title=measure.title, format=".3g"),
        ],
    )
    points = base.mark_point(size=60).encode(**vega.marks(sets, looks, legend))
    layers = base.mark_line(strokeWidth=1.7) + points
    if len(level):
        layers += (
            alt.Chart(level)
            .mark_rule(strokeDash=[4, 3], strokeWidth=1.5)
            .encode(
                y=f"{column}:Q",
                stroke=stroke,
                tooltip=[
                    alt.Tooltip("images:N", title="images"),
                    alt.Tooltip(f"{column}:Q", title=measure.title, format=".3g"),
                ],
            )
        )
    layers = layers.properties(width="container", height=260, description=measure.axis)
    return vega.themed(layers, sets)


def gain(points: pd.DataFrame, measure: look.Measure, outcome: str) -> dict:
    """What images did to the error, against a measure of them; one point a translator.

    Parameters
    ----------
    points : of `realink.page.plotted.gains`, of one learner
    outcome : ``alone`` or ``ratio``
    """
    column, words = measure.column, list(look.OUTCOMES[outcome])
    shown = points.dropna(subset=[column, outcome])
    shown = shown[["translator", "n_real", "replicate", column, outcome]]
    names = ordered(shown["translator"].unique())
    looks = [look.of(Mix(name, outcome == "ratio")) for name in names]
    areas = look.sizes(shown["n_real"], 20, 200)
    legend = alt.Legend(title=None, orient="top")
    ratios = [1] if outcome == "ratio" else []
    x = alt.X(f"{column}:Q", **vega.linear(points[column], measure))
    y = alt.Y(f"{outcome}:Q", **vega.log_y([*shown[outcome], *ratios], title=words))
    marks = (
        alt.Chart(shown)
        .mark_point(opacity=0.85)
        .encode(
            x=x,
            y=y,
            size=alt.Size(
                "n_real:O",
                legend=alt.Legend(title="N", orient="bottom", columns=5, format=look.COUNT),
            ).scale(domain=list(areas), range=list(areas.values())),
            **vega.marks(names, looks, legend, field="translator"),
            tooltip=[
                alt.Tooltip("translator:N", title="images"),
                alt.Tooltip("n_real:Q", title="N", format=look.COUNT),
                alt.Tooltip("replicate:Q"),
                alt.Tooltip(f"{column}:Q", title=measure.title, format=".3g"),
                alt.Tooltip(f"{outcome}:Q", title=words[0], format=".3g"),
            ],
        )
    )
    means = shown.groupby(["translator", "n_real"], as_index=False)[[column, outcome]].mean()
    ways = (
        alt.Chart(means)
        .mark_line(strokeWidth=1, opacity=0.6)
        .encode(
            x=x,
            y=y,
            stroke=alt.Stroke("translator:N", legend=legend, sort=names).scale(
                domain=names, range=[its.variable for its in looks]
            ),
            order="n_real:Q",
        )
    )
    layers = [ways, marks]
    if ratios:
        same = alt.Chart(pd.DataFrame({outcome: ratios})).mark_rule(strokeDash=[2, 2])
        layers.insert(0, same.encode(y=y, stroke=alt.value("var(--muted)")))
    description = f"{words[0]} against {measure.title}"
    return vega.themed(
        alt.layer(*layers).properties(width="container", height=320, description=description),
        names,
    )


def training(rows: pd.DataFrame) -> dict:
    """One translator's losses against its steps, dashed by the number of real images.

    Parameters
    ----------
    rows : of training.csv, of one translator: ``n_real``, ``step``, ``loss`` and ``value``
    """
    losses, counts = list(rows["loss"].unique()), sorted(map(int, rows["n_real"].unique()))
    colours = [*(f"var(--{name})" for name, *_ in look.OTHER_COLOURS), "var(--text)", "var(--link)"]
    positive = (rows["value"] > 0).all()
    ends = look.log_limits(rows["value"]) if positive else look.limits(rows["value"])
    ticks = look.log_ticks(*ends) if positive else look.ticks_between(*ends)
    chart = (
        alt.Chart(rows)
        .mark_line(strokeWidth=1.5)
        .encode(
            x=alt.X("step:Q", title="step of training").axis(format=look.NUMBER, grid=False),
            y=alt.Y("value:Q", title="loss")
            .scale(type="log" if positive else "linear", domain=list(ends), nice=False)
            .axis(values=ticks, format=look.NUMBER),
            color=alt.Color(
                "loss:N", sort=losses, legend=alt.Legend(title=None, orient="bottom")
            ).scale(domain=losses, range=[colours[i % len(colours)] for i in range(len(losses))]),
            strokeDash=alt.StrokeDash(
                "n_real:O", legend=alt.Legend(title="N", orient="top", format=look.COUNT)
            ).scale(domain=counts, range=[[1, 0], [6, 3], [2, 2]][: len(counts)]),
            tooltip=[
                alt.Tooltip("loss:N"),
                alt.Tooltip("n_real:Q", title="N", format=look.COUNT),
                alt.Tooltip("step:Q", format=look.COUNT),
                alt.Tooltip("value:Q", format=".3g"),
            ],
        )
        .properties(width="container", height=260, description="Losses while training")
    )
    return vega.themed(chart, losses)


def domains(rows: pd.DataFrame) -> dict:
    """Images of all domains on a plane; the reader can pick one.

    Parameters
    ----------
    rows : of map.csv: ``images``, ``label``, ``x``, ``y``
    """
    names = list(rows["images"].unique())
    looks = [look.of_images(name) for name in names]
    legend = alt.Legend(title=None, orient="bottom")
    picked = alt.selection_point(
        fields=["images"],
        bind=alt.binding_select(options=[None, *names], labels=["all", *names], name="show only "),
        name="picked",
    )
    axis = {"title": None, "axis": alt.Axis(labels=False, ticks=False, grid=False)}
    chart = (
        alt.Chart(rows[["images", "label", "x", "y"]])
        .mark_point(size=28)
        .encode(
            x=alt.X("x:Q", **axis).scale(zero=False),
            y=alt.Y("y:Q", **axis).scale(zero=False),
            opacity=alt.when(picked).then(alt.value(0.75)).otherwise(alt.value(0.04)),
            **vega.marks(names, looks, legend),
            tooltip=[alt.Tooltip("images:N"), alt.Tooltip("label:N", title="class")],
        )
        .add_params(picked)
        .properties(width="container", height=420, description="Map of the domains")
    )
    return vega.themed(chart, names)
