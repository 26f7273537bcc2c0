"""Interactive charts of errors: by count, by class or group, and as counts of real images."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from realink.answer.cells import parsed
from realink.answer.comparisons import references
from realink.page import look, plotted, vega
from realink.plan.mixes import Mix, ordered

WORTH = "real images alone that give the same error"
PART = 160  # pixels of the longest label of a class or group


def error(
    curves: pd.DataFrame, comparisons: pd.DataFrame, panel: plotted.Panel, ahead: pd.DataFrame
) -> dict:
    """Test error against the number of real images, for all mixes of a panel.

    Parameters
    ----------
    curves : of `realink.page.plotted.errors`
    comparisons : of `realink.answer.comparisons`
    ahead : of `realink.page.plotted.ahead`
    """
    verdicts = comparisons.set_index(["mix", "n_real", "reference"])["verdict"]
    mixes = parsed(curves["mix"])

    def verdict(name: str, n: int) -> str:
        for reference in references(mixes[name])[:1]:
            if found := verdicts.get((name, n, reference.name)):
                return f"{found} (against {reference.without_learner.name})"
        return "the baseline" if mixes[name].is_baseline else "not compared"

    told = [verdict(*cell) for cell in zip(curves["mix"], curves["n_real"], strict=True)]
    rows = panel.of(curves.assign(verdict=told))
    y = vega.log_y([*plotted.ends(curves), *ahead["low"].dropna(), *ahead["high"].dropna()])
    return _curves(rows, panel, y, "verdict", ahead=panel.of(ahead))


def two_studies(curves: dict[str, pd.DataFrame], panel: plotted.Panel) -> dict:
    """Test error in two studies, one dashed, for the mixes that both have.

    Parameters
    ----------
    curves : of `realink.page.plotted.errors`, by study
    """
    first, second = curves.values()
    shared = set(first["mix"]) & set(second["mix"])
    rows = pd.concat([table.assign(study=name) for name, table in curves.items()])
    y = vega.log_y(plotted.ends(rows))
    rows = panel.of(rows[rows["mix"].isin(shared)])
    return _curves(rows, panel, y, "study", dashed_by=list(curves))


def _curves(
    rows: pd.DataFrame,
    panel: plotted.Panel,
    y: dict[str, Any],
    told: str,
    dashed_by: list[str] | None = None,
    ahead: pd.DataFrame | None = None,
) -> dict:
    """Draw one panel of curves, on an error axis that serves all panels; `ahead` is expected."""
    mixes = ordered(rows["mix"].unique())
    looks = list(map(look.of, mixes))
    legend = alt.Legend(title="trained on", orient="bottom")
    picked = alt.selection_point(
        fields=["mix"],
        bind=alt.binding_select(options=[None, *mixes], labels=["all", *mixes], name="show only "),
        name="picked",
    )
    shown = picked | (alt.datum.mix == Mix(None, True, panel.augmented).name)
    opacity = alt.when(shown).then(alt.value(1)).otherwise(alt.value(0.08))
    base = alt.Chart(rows).encode(
        x=vega.counts_axis([*rows["n_real"], *([] if ahead is None else ahead["n_real"])]),
        opacity=opacity,
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
        **vega.marks(mixes, looks, legend, field="mix"),
        tooltip=[
            *_told("trained on"),
            alt.Tooltip(f"{told}:N"),
            alt.Tooltip("replicates:Q", title="replicates"),
        ],
    )
    # One replicate has no bands, and neither has a single count.
    if rows["replicates"].max() == 1 or len(set(rows["n_real"])) == 1:
        bands = []
    further = [] if ahead is None or ahead.empty else _ahead(ahead, opacity, y)
    chart = alt.layer(*bands, line, points.add_params(picked), *further).properties(
        width="container",
        height=400,
        description=f"Test error against the number of real images, {panel.title}",
    )
    return vega.themed(chart, mixes)


def _told(title: str) -> list[alt.Tooltip]:
    """What a mark of a mix tells, whose name has a title."""
    return [
        alt.Tooltip("mix:N", title=title),
        alt.Tooltip("n_real:Q", title="N real", format=look.COUNT),
        alt.Tooltip("percent:Q", title="test error (%)", format=".3g"),
        alt.Tooltip("low:Q", title="95 % from", format=".3g"),
        alt.Tooltip("high:Q", title="to", format=".3g"),
    ]


def _ahead(rows: pd.DataFrame, opacity: Any, y: dict[str, Any]) -> list[alt.Chart]:
    """How the advised mix is expected to go on, dotted, with intervals."""
    (mix,) = rows["mix"].unique()
    base = alt.Chart(rows).encode(x="n_real:Q", opacity=opacity)
    style = {"color": look.of(mix).variable, "strokeWidth": 2}
    told = _told("expected of")
    expected = base.transform_filter("isValid(datum.low)")
    return [
        base.mark_line(strokeDash=[2, 3], **style).encode(y=alt.Y("percent:Q", **y)),
        expected.mark_rule(**style).encode(y=alt.Y("low:Q", **y), y2="high:Q", tooltip=told),
    ]


def networks(rows: pd.DataFrame) -> dict:
    """The test error of each learner's best mix against the number of real images.

    Parameters
    ----------
    rows : of `realink.page.plotted.networks`
    """
    names = list(rows["network"].unique())
    colours = [f"var(--{variable})" for variable, *_ in look.OTHER_COLOURS]
    shapes = [shape for _, shape in look.OTHER_MARKS]
    legend = alt.Legend(title=None, orient="bottom")
    base = alt.Chart(rows).encode(
        x=vega.counts_axis(rows["n_real"]),
        y=alt.Y("percent:Q", **vega.log_y(rows["percent"])),
        stroke=alt.Stroke("network:N", legend=legend, sort=names).scale(
            domain=names, range=[colours[i % len(colours)] for i in range(len(names))]
        ),
        tooltip=[
            alt.Tooltip("network:N", title="learned by"),
            alt.Tooltip("n_real:Q", title="N real", format=look.COUNT),
            alt.Tooltip("mix:N", title="best mix"),
            alt.Tooltip("percent:Q", title="test error (%)", format=".3g"),
            alt.Tooltip("validation:Q", title="validation error (%)", format=".3g"),
        ],
    )
    points = base.mark_point(size=80, opacity=1, strokeWidth=2, fill="var(--page)").encode(
        shape=alt.Shape("network:N", legend=legend, sort=names).scale(
            domain=names, range=[shapes[i % len(shapes)] for i in range(len(names))]
        )
    )
    chart = (base.mark_line(strokeWidth=2.4) + points).properties(
        width="container", height=320, description="Test error of each network's best mix"
    )
    return vega.themed(chart, names)


def worth(rows: pd.DataFrame, panel: plotted.Panel) -> dict:
    """How many real images alone N of them count as with the added ones, with its interval.

    Parameters
    ----------
    rows : of `realink.page.plotted.worth`
    """
    rows = panel.of(rows)
    mixes = ordered(rows["mix"].unique())
    looks = list(map(look.of, mixes))
    legend = alt.Legend(title="trained on", orient="bottom")
    # Nothing is no number for a logarithmic axis.
    counts = rows.loc[rows["n_real"] > 0, "n_real"]
    same = [counts.min(), counts.max()] if len(counts) else []
    y = vega.log_y([*rows["shown"], *rows["low"], *rows["high"], *same], title=WORTH)
    ends = y["scale"].to_dict()["domain"]
    y["axis"] = alt.Axis(values=_to_the_end(ends, same), format=look.COUNT)
    base = alt.Chart(rows).encode(
        x=vega.counts_axis(rows["n_real"]),
        stroke=alt.Stroke("mix:N", legend=legend, sort=mixes).scale(
            domain=mixes, range=[its.variable for its in looks]
        ),
    )
    points = base.mark_point(size=60).encode(
        y=alt.Y("shown:Q", **y),
        **vega.marks(mixes, looks, legend, field="mix"),
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
        .encode(x=vega.counts_axis(rows["n_real"]), y=alt.Y("shown:Q", **y))
    )
    layers = [themselves, *[bars] * bool(rows["low"].notna().any()), line, points]
    chart = alt.layer(*layers).properties(width="container", height=340, description=WORTH)
    return vega.themed(chart, mixes)


def by_part(rows: pd.DataFrame, kind: str, largest: float) -> dict:
    """Errors by class or group, the hardest first, at a count that the reader picks.

    Parameters
    ----------
    rows : of `realink.page.plotted.by_part`, of one learner
    kind : what the parts are called
    largest : error in percent up to which the axis goes, that of other learners alike
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
    ends = 0, min(100, largest * 1.05 or 1)
    base = alt.Chart(rows).transform_filter("datum.n_real == count")
    y = alt.Y("part:N", sort=parts, title=None).axis(labelLimit=PART)
    points = base.mark_point(size=60, opacity=0.9).encode(
        x=alt.X("percent:Q", title=look.ERROR)
        .scale(domain=list(ends), nice=False)
        .axis(format=look.NUMBER),
        y=y,
        **vega.marks(mixes, looks, legend, field="mix"),
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
    return vega.themed(
        alt.layer(spans, points)
        .add_params(picked)
        .properties(
            width="container",
            height=max(120, 26 * len(parts)),
            description=f"Test error by {kind}",
        ),
        mixes,
        beside=min(PART, vega.LETTER * max(map(len, parts))),
    )


def _to_the_end(ends: Sequence[float], counts: Sequence[float]) -> list[float]:
    """Round counts, and the largest of some, where those nearest to it give way."""
    top = counts[-1:]
    return [tick for tick in _round_counts(*ends) if not top or tick < 0.7 * top[0]] + [*top]


def _round_counts(low: float, high: float) -> list[float]:
    return [tick for tick in look.log_ticks(low, high) if tick == int(tick)]
