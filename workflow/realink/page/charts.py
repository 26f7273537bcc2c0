"""Interactive charts of the answer page, as Vega-Lite specifications.

Their colours are names of CSS variables that the page sets, so that the same chart is right in
light, dark and print.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt
import pandas as pd

from realink.answer.comparisons import references
from realink.page import look, plotted
from realink.plan.mixes import Mix, ordered

WORTH = "real images alone that give the same error"
# Pixels: of a letter of a label on average, and of the longest label of a class or group.
LETTER, PART = 7, 160


def error(curves: pd.DataFrame, comparisons: pd.DataFrame, *, augmented: bool) -> dict:
    """Test error against the number of real images, for all mixes that are augmented, or not.

    Parameters
    ----------
    curves : of `realink.page.plotted.errors`
    comparisons : of `realink.answer.comparisons`
    """
    rows = curves[curves["augmented"] == augmented]
    verdicts = comparisons.set_index(["mix", "n_real", "reference"])["verdict"]

    def verdict(name: str, n: int) -> str:
        for reference in references(Mix.parse(name))[:1]:
            if found := verdicts.get((name, n, reference.name)):
                return f"{found} (against {reference.name})"
        return "the baseline" if Mix.parse(name).is_baseline else "not compared"

    told = [verdict(*cell) for cell in zip(rows["mix"], rows["n_real"], strict=True)]
    return _curves(rows.assign(verdict=told), _log_y(plotted.ends(curves)), "verdict")


def two_studies(curves: dict[str, pd.DataFrame], *, augmented: bool) -> dict:
    """Test error in two studies, one dashed, for the mixes that both have.

    Parameters
    ----------
    curves : of `realink.page.plotted.errors`, by study
    """
    first, second = curves.values()
    shared = set(first["mix"]) & set(second["mix"])
    rows = pd.concat([table.assign(study=name) for name, table in curves.items()])
    y = _log_y(plotted.ends(rows))
    rows = rows[rows["mix"].isin(shared) & (rows["augmented"] == augmented)]
    return _curves(rows, y, "study", dashed_by=list(curves))


def _curves(
    rows: pd.DataFrame, y: dict[str, Any], told: str, dashed_by: list[str] | None = None
) -> dict:
    """Draw one panel of curves, on an error axis that serves all panels."""
    mixes = ordered(rows["mix"].unique())
    augmented = bool(rows["augmented"].iloc[0])
    looks = list(map(look.of, mixes))
    legend = alt.Legend(title="trained on", orient="bottom")
    picked = alt.selection_point(
        fields=["mix"],
        bind=alt.binding_select(options=[None, *mixes], labels=["all", *mixes], name="show only "),
        name="picked",
    )
    shown = picked | (alt.datum.mix == Mix(None, True, augmented).name)
    base = alt.Chart(rows).encode(
        x=_counts_axis(rows["n_real"]),
        opacity=alt.when(shown).then(alt.value(1)).otherwise(alt.value(0.08)),
    )
    colours = {"domain": mixes, "range": [its.variable for its in looks]}
    stroke = alt.Stroke("mix:N", legend=legend, sort=mixes).scale(**colours)
    if dashed_by is None:
        dash = alt.StrokeDash("mix:N", legend=legend, sort=mixes).scale(
            domain=mixes, range=[its.dash or (1, 0) for its in looks]
        )
        series = []
    else:
        dash = alt.StrokeDash("study:N", legend=alt.Legend(orient="bottom")).scale(
            domain=dashed_by, range=[(1, 0), (5, 3)]
        )
        series = ["study:N"]
    line = base.mark_line(strokeWidth=looks[0].width).encode(
        y=alt.Y("shown:Q", **y), stroke=stroke, strokeDash=dash
    )
    # Each of its own: they would share a scale of fills with the marks, and fill the hollow ones.
    bands = [
        base.transform_filter(alt.datum.mix == mix)
        .mark_area(fill=its.variable)
        .encode(
            y=alt.Y("smallest:Q", **y),
            y2="largest:Q",
            detail=series,
            opacity=alt.when(shown).then(alt.value(0.15)).otherwise(alt.value(0.02)),
        )
        for mix, its in zip(mixes, looks, strict=True)
    ]
    points = base.mark_point(size=60).encode(
        y=alt.Y("shown:Q", **y),
        **_marks(mixes, looks, legend, field="mix"),
        tooltip=[
            alt.Tooltip("mix:N", title="trained on"),
            alt.Tooltip("n_real:Q", title="N real", format=look.COUNT),
            alt.Tooltip("percent:Q", title="test error (%)", format=".3g"),
            alt.Tooltip("low:Q", title="95 % from", format=".3g"),
            alt.Tooltip("high:Q", title="to", format=".3g"),
            alt.Tooltip(f"{told}:N"),
            alt.Tooltip("replicates:Q", title="replicates"),
        ],
    )
    # One replicate has no bands, and neither has a single count.
    if rows["replicates"].max() == 1 or len(set(rows["n_real"])) == 1:
        bands = []
    chart = alt.layer(*bands, line, points.add_params(picked)).properties(
        width="container",
        height=400,
        description=f"Test error against the number of real images, "
        f"{'with' if augmented else 'without'} augmentation",
    )
    return _themed(chart, mixes)


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
    y = _linear([*mean[column], *level[column]], measure)
    base = alt.Chart(mean.rename(columns={"translator": "images"})).encode(
        x=_counts_axis(mean["n_real"]),
        y=alt.Y(f"{column}:Q", **y),
        stroke=stroke,
        tooltip=[
            alt.Tooltip("images:N", title="images"),
            alt.Tooltip("n_real:Q", title="N", format=look.COUNT),
            alt.Tooltip(f"{column}:Q", title=measure.title, format=".3g"),
        ],
    )
    points = base.mark_point(size=60).encode(**_marks(sets, looks, legend))
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
    return _themed(layers, sets)


def gain(points: pd.DataFrame, measure: look.Measure, outcome: str) -> dict:
    """What images did to the error, against a measure of them; one point a translator.

    Parameters
    ----------
    points : of `realink.page.plotted.gains`
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
    x = alt.X(f"{column}:Q", **_linear(points[column], measure))
    y = alt.Y(f"{outcome}:Q", **_log_y([*shown[outcome], *ratios], title=words))
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
            **_marks(names, looks, legend, field="translator"),
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
    return _themed(
        alt.layer(*layers).properties(width="container", height=320, description=description),
        names,
    )


def worth(rows: pd.DataFrame, *, augmented: bool) -> dict:
    """How many real images alone N of them count as with the added ones, with its interval.

    Parameters
    ----------
    rows : of `realink.page.plotted.worth`
    """
    rows = rows[rows["augmented"] == augmented]
    mixes = ordered(rows["mix"].unique())
    looks = list(map(look.of, mixes))
    legend = alt.Legend(title="trained on", orient="bottom")
    # Nothing is no number for a logarithmic axis.
    counts = rows.loc[rows["n_real"] > 0, "n_real"]
    same = [counts.min(), counts.max()] if len(counts) else []
    y = _log_y([*rows["shown"], *rows["low"], *rows["high"], *same], title=WORTH)
    ends = y["scale"].to_dict()["domain"]
    y["axis"] = alt.Axis(values=_round_counts(*ends), format=look.COUNT)
    base = alt.Chart(rows).encode(
        x=_counts_axis(rows["n_real"]),
        stroke=alt.Stroke("mix:N", legend=legend, sort=mixes).scale(
            domain=mixes, range=[its.variable for its in looks]
        ),
    )
    points = base.mark_point(size=60).encode(
        y=alt.Y("shown:Q", **y),
        **_marks(mixes, looks, legend, field="mix"),
        tooltip=[
            alt.Tooltip("mix:N", title="trained on"),
            alt.Tooltip("n_real:Q", title="N real", format=look.COUNT),
            alt.Tooltip("told:N", title="count as"),
            alt.Tooltip("interval:N", title="95 %"),
        ],
    )
    line = base.mark_line(strokeWidth=1.7).encode(y=alt.Y("shown:Q", **y))
    bars = base.mark_rule(strokeWidth=1.5, strokeOpacity=0.5).encode(
        y=alt.Y("low:Q", **y), y2="high:Q"
    )
    themselves = (
        alt.Chart(pd.DataFrame({"n_real": same, "shown": same}))
        .mark_line(strokeDash=[2, 2], strokeWidth=1.5, stroke="var(--muted)")
        .encode(x=_counts_axis(rows["n_real"]), y=alt.Y("shown:Q", **y))
    )
    layers = [themselves, *[bars] * bool(rows["low"].notna().any()), line, points]
    chart = alt.layer(*layers).properties(width="container", height=340, description=WORTH)
    return _themed(chart, mixes)


def by_part(rows: pd.DataFrame, kind: str) -> dict:
    """Errors by class or group, the hardest first, at a count that the reader picks.

    Parameters
    ----------
    rows : of `realink.page.plotted.by_part`
    kind : what the parts are called
    """
    mixes, counts = ordered(rows["mix"].unique()), sorted(map(int, rows["n_real"].unique()))
    # All are augmented or none is, so the marks of the plain mixes serve.
    looks = [look.of(mix) for mix in mixes]
    legend = alt.Legend(title="trained on", orient="top")
    picked = alt.param(
        name="count",
        value=counts[0],
        bind=alt.binding_select(
            options=counts, labels=list(map(look.count, counts)), name=f"{look.COUNTS} "
        ),
    )
    hardest = rows[rows["n_real"] == counts[0]].groupby("part")["percent"].mean()
    parts = list(hardest.sort_values(ascending=False).index)
    ends = 0, min(100, rows["percent"].max() * 1.05 or 1)
    base = alt.Chart(rows).transform_filter("datum.n_real == count")
    y = alt.Y("part:N", sort=parts, title=None).axis(labelLimit=PART)
    points = base.mark_point(size=60, opacity=0.9).encode(
        x=alt.X("percent:Q", title=look.ERROR)
        .scale(domain=list(ends), nice=False)
        .axis(format=look.NUMBER),
        y=y,
        **_marks(mixes, looks, legend, field="mix"),
        tooltip=[
            alt.Tooltip("part:N", title=kind),
            alt.Tooltip("mix:N", title="trained on"),
            alt.Tooltip("percent:Q", title="test error (%)", format=".3g"),
            alt.Tooltip("images:Q", title="test images", format=look.COUNT),
        ],
    )
    spans = base.mark_rule(stroke="var(--line)", strokeWidth=4).encode(
        x="min(percent):Q", x2="max(percent):Q", y=y
    )
    return _themed(
        alt.layer(spans, points)
        .add_params(picked)
        .properties(
            width="container",
            height=max(120, 26 * len(parts)),
            description=f"Test error by {kind}",
        ),
        mixes,
        beside=min(PART, LETTER * max(map(len, parts))),
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
    return _themed(chart, losses)


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
            **_marks(names, looks, legend),
            tooltip=[alt.Tooltip("images:N"), alt.Tooltip("label:N", title="class")],
        )
        .add_params(picked)
        .properties(width="container", height=420, description="Map of the domains")
    )
    return _themed(chart, names)


def _round_counts(low: float, high: float) -> list[float]:
    return [tick for tick in look.log_ticks(low, high) if tick == int(tick)]


def _marks(
    names: Sequence[str], looks: Sequence[look.Look], legend: alt.Legend, field: str = "images"
) -> dict[str, Any]:
    """Channels for the marks of each name, in its own look; filled, or with what is behind them."""
    ranges = {
        "shape": [its.shape for its in looks],
        "stroke": [its.variable for its in looks],
        "fill": [its.variable if its.filled else "transparent" for its in looks],
    }
    channels = {"shape": alt.Shape, "stroke": alt.Stroke, "fill": alt.Fill}
    return {
        name: channels[name](f"{field}:N", legend=legend, sort=names).scale(domain=names, range=own)
        for name, own in ranges.items()
    }


def _counts_axis(counts: Iterable[int]) -> alt.X:
    counts, kind = list(counts), {"type": "log"}
    if linear := look.linear_up_to(counts):
        kind = {"type": "symlog", "constant": linear}
    # Slanted, since six digits are wide on a phone.
    return (
        alt.X("n_real:Q", title=look.COUNTS)
        .scale(**kind, nice=False, padding=12)
        .axis(
            values=look.count_ticks(counts),
            format=look.COUNT,
            labelAngle=-40,
            labelOverlap=False,
            grid=False,
        )
    )


def _log_y(values: Iterable[float], title: str | list[str] = look.ERROR) -> dict[str, Any]:
    """A logarithmic axis for all of some values."""
    ends = look.log_limits(values)
    return {
        "title": title,
        "scale": alt.Scale(type="log", domain=list(ends), nice=False),
        "axis": alt.Axis(values=look.log_ticks(*ends), format=look.NUMBER),
    }


def _linear(values: Iterable[float], measure: look.Measure) -> dict[str, Any]:
    """A linear axis for all of a measure's values."""
    ends = look.limits(values, measure.least, measure.most)
    return {
        "title": measure.axis,
        "scale": alt.Scale(domain=list(ends), nice=False, zero=False),
        "axis": alt.Axis(values=look.ticks_between(*ends), format=look.NUMBER),
    }


def _themed(chart: alt.Chart, labels: Iterable[str], beside: float = 50) -> dict:
    """The specification, drawn on nothing and in the page's own colours.

    Parameters
    ----------
    labels : of its legend, which gets as many columns as the screen has room for
    beside : pixels left of the plot, for the labels of its axis
    """
    entry = 40 + LETTER * max(map(len, labels))
    text = {
        "labelColor": "var(--text)",
        "titleColor": "var(--text)",
        "labelFontSize": 12,
        "titleFontSize": 12,
    }
    chart = (
        chart.properties(usermeta={"entry": entry, "beside": beside})
        .configure(background="transparent", font="system-ui, sans-serif")
        .configure_view(stroke=None)
        .configure_axis(
            gridColor="var(--line)", domainColor="var(--muted)", tickColor="var(--muted)", **text
        )
        .configure_legend(
            labelLimit=0,
            symbolSize=80,
            symbolOpacity=1,
            symbolBaseFillColor="var(--text)",
            symbolBaseStrokeColor="var(--text)",
            **text,
        )
    )
    return chart.to_dict()
