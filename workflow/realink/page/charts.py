"""Interactive charts of the answer page, as Vega-Lite specifications.

Their colours are names of CSS variables that the page sets, so that the same chart is right in
light, dark and print.
"""

from collections.abc import Iterable

import altair as alt
import pandas as pd

from realink.answer.comparisons import references
from realink.study.mixes import REAL, RENDERED, Mix, ordered

SHAPES = ["circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "triangle-right"]


def error(summary: pd.DataFrame, comparisons: pd.DataFrame, *, augmented: bool) -> dict:
    """Test error against the number of real images, for all mixes that are augmented, or not.

    Parameters
    ----------
    summary, comparisons : of `realink.answer.cells` and `realink.answer.comparisons`
    """
    rows = _of_kind(summary, augmented)
    verdicts = comparisons.set_index(["mix", "n_real", "reference"])["verdict"]

    def verdict(name: str, n: int) -> str:
        for reference in references(Mix.parse(name))[:1]:
            if found := verdicts.get((name, n, reference.name)):
                return f"{found} (against {reference.name})"
        return "the baseline" if Mix.parse(name).is_baseline else "not compared"

    rows["verdict"] = [verdict(*cell) for cell in zip(rows["mix"], rows["n_real"], strict=True)]
    return _curves(rows, summary, "verdict", augmented)


def two_studies(summaries: dict[str, pd.DataFrame], *, augmented: bool) -> dict:
    """Test error in two studies, one dashed, for the mixes that both have."""
    first, second = summaries.values()
    shared = set(first["mix"]) & set(second["mix"])
    rows = pd.concat([table.assign(study=name) for name, table in summaries.items()])
    rows = _of_kind(rows[rows["mix"].isin(shared)], augmented)
    return _curves(
        rows, pd.concat(summaries.values()), "study", augmented, dashed_by=list(summaries)
    )


def _of_kind(rows: pd.DataFrame, augmented: bool) -> pd.DataFrame:
    """The rows of mixes that are augmented, or not."""
    return rows[[Mix.parse(name).augmented == augmented for name in rows["mix"]]].copy()


def _curves(
    rows: pd.DataFrame,
    summary: pd.DataFrame,
    told: str,
    augmented: bool,
    dashed_by: list[str] | None = None,
) -> dict:
    """Draw `rows`, in colours and on an error axis that serve all of `summary`."""
    # A panel of its own says whether they are augmented.
    rows["mix"] = [Mix.parse(name).plain.name for name in rows["mix"]]
    mixes = ordered(rows["mix"].unique())
    parsed, sources = (
        list(map(Mix.parse, mixes)),
        {Mix.parse(name).source for name in summary["mix"]},
    )
    looks = {
        "color": [colour(mix.source, sources) for mix in parsed],
        "shape": [SHAPES[place % len(SHAPES)] for place in range(len(mixes))],
        "dash": [[1, 0] if mix.real else [5, 3] for mix in parsed],
    }
    errors = 100 * summary[["test_error", "high"]]
    positive = errors["test_error"][errors["test_error"] > 0]
    least = positive.min() if len(positive) else 1
    limits = [least / 1.3, min(100, max(errors.max(axis=None) * 1.1, least))]
    for column in ("test_error", "low", "high"):
        rows[column] = 100 * rows[column]
    # A logarithmic axis has no place for zero: it lies on the edge.
    rows["shown_error"] = rows["test_error"].clip(lower=limits[0])
    rows["shown_low"] = rows["low"].clip(lower=limits[0])
    rows["shown_high"] = rows["high"].clip(upper=limits[1])
    legend = alt.Legend(title="trained on", orient="bottom", columns=3, symbolStrokeWidth=2)
    picked = alt.selection_point(
        fields=["mix"],
        bind=alt.binding_select(options=[None, *mixes], labels=["all", *mixes], name="show only "),
        name="picked",
    )
    base = alt.Chart(rows).encode(
        x=_counts_axis(rows["n_real"]),
        color=alt.Color("mix:N", sort=mixes, legend=legend).scale(
            domain=mixes, range=looks["color"]
        ),
        opacity=alt.when(picked | (alt.datum.mix == REAL))
        .then(alt.value(1))
        .otherwise(alt.value(0.08)),
    )
    y = alt.Y("shown_error:Q", title="test error (%)").scale(type="log", domain=limits, nice=False)
    if dashed_by is None:
        dash = alt.StrokeDash("mix:N", sort=mixes, legend=legend).scale(
            domain=mixes, range=looks["dash"]
        )
    else:
        dash = alt.StrokeDash("study:N", legend=alt.Legend(orient="bottom")).scale(
            domain=dashed_by, range=[[1, 0], [5, 3]]
        )
    line = base.mark_line(strokeWidth=2).encode(y=y, strokeDash=dash)
    bars = base.mark_rule(strokeWidth=1, strokeOpacity=0.5).encode(
        y=alt.Y("shown_low:Q"), y2="shown_high:Q"
    )
    points = base.mark_point(size=70, filled=True).encode(
        y=y,
        shape=alt.Shape("mix:N", sort=mixes, legend=legend).scale(
            domain=mixes, range=looks["shape"]
        ),
        tooltip=[
            alt.Tooltip("mix:N", title="trained on"),
            alt.Tooltip(f"{told}:N"),
            alt.Tooltip("n_real:Q", title="N", format=","),
            alt.Tooltip("test_error:Q", title="test error (%)", format=".2f"),
            alt.Tooltip("low:Q", title="95 % from", format=".2f"),
            alt.Tooltip("high:Q", title="95 % to", format=".2f"),
            alt.Tooltip("n_synthetic:Q", title="synthetic images", format=","),
            alt.Tooltip("replicates:Q", title="replicates"),
        ],
    )
    name = "with" if augmented else "without"
    # One replicate has no intervals, and a layer of nothing but gaps makes Vega complain.
    layers = [bars] if rows["low"].notna().any() else []
    chart = alt.layer(*layers, line, points.add_params(picked)).properties(
        width="container",
        height=400,
        description=f"Test error against the number of real images, {name} augmentation",
    )
    return _themed(chart)


def against_count(table: pd.DataFrame, measure: str, title: str, others: pd.DataFrame) -> dict:
    """A measure of translated images against N, with rules for other sets (rendered, real).

    Parameters
    ----------
    table : one row a translator, with n_real, translator and the measure
    others : rows with ``images`` and the measure, for sets that no N belongs to
    """
    names = sorted(table["translator"].unique())
    sets = [*names, *others["images"].unique()]
    sources = [None if name == REAL else name for name in sets]
    colours = [colour(source, sources) for source in sources]
    scale = alt.Scale(domain=sets, range=colours)
    legend = alt.Legend(title=None, orient="bottom", columns=4)
    mean = table.groupby(["translator", "n_real"], as_index=False)[measure].mean()
    base = alt.Chart(mean.rename(columns={"translator": "images"})).encode(
        x=_counts_axis(mean["n_real"]),
        y=alt.Y(f"{measure}:Q", title=title).scale(zero=False),
        color=alt.Color("images:N", legend=legend, scale=scale),
        tooltip=[
            alt.Tooltip("images:N", title="images"),
            alt.Tooltip("n_real:Q", title="N", format=","),
            alt.Tooltip(f"{measure}:Q", title=title, format=".3g"),
        ],
    )
    layers = base.mark_line() + base.mark_point(filled=True, size=60)
    level = others.groupby("images", as_index=False)[measure].mean().dropna()
    if len(level):
        layers += (
            alt.Chart(level)
            .mark_rule(strokeDash=[4, 3], strokeWidth=1.5)
            .encode(
                y=f"{measure}:Q",
                color=alt.Color("images:N", legend=legend, scale=scale),
                tooltip=[
                    alt.Tooltip("images:N", title="images"),
                    alt.Tooltip(f"{measure}:Q", title=title, format=".3g"),
                ],
            )
        )
    return _themed(layers.properties(width="container", height=260, description=title))


def gain(points: pd.DataFrame, measure: str, title: str, outcome: str, meaning: str) -> dict:
    """What images did to the error, against a measure of them; one point a translator.

    Parameters
    ----------
    points : of `realink.answer.worth.gains`
    measure, title : a column of it, and its name
    outcome, meaning : ``alone`` or ``ratio``, and its name
    """
    shown = points.dropna(subset=[measure, outcome])
    shown = shown.assign(N=shown["n_real"].map("{:,}".format))
    names = ordered(shown["translator"].unique())
    counts = [f"{n:,}" for n in sorted(set(shown["n_real"]))]
    chart = (
        alt.Chart(shown[["translator", "N", "replicate", measure, outcome]])
        .mark_point(size=80, filled=True, opacity=0.85)
        .encode(
            x=alt.X(f"{measure}:Q", title=title).scale(zero=False, padding=12),
            y=alt.Y(f"{outcome}:Q", title=meaning).scale(type="log", nice=False, padding=12),
            color=alt.Color("translator:N", legend=alt.Legend(title=None, orient="top")).scale(
                domain=names, range=[colour(name, names) for name in names]
            ),
            shape=alt.Shape(
                "N:N", sort=counts, legend=alt.Legend(title="N", orient="bottom", columns=3)
            ),
            tooltip=[
                alt.Tooltip("translator:N", title="images"),
                alt.Tooltip("N:N"),
                alt.Tooltip("replicate:Q"),
                alt.Tooltip(f"{measure}:Q", title=title, format=".3g"),
                alt.Tooltip(f"{outcome}:Q", title=meaning, format=".3g"),
            ],
        )
    )
    if outcome == "ratio":
        same = alt.Chart(pd.DataFrame({outcome: [1]})).mark_rule(strokeDash=[2, 2])
        chart = same.encode(y=f"{outcome}:Q", color=alt.value("var(--muted)")) + chart
    return _themed(chart.properties(width="container", height=300, description=title))


def _counts_axis(counts: pd.Series) -> alt.X:
    values = sorted(counts.unique().tolist())
    # Slanted and complete, since the last counts lie close together.
    return (
        alt.X("n_real:Q", title="N real images")
        .scale(type="log", nice=False, padding=12)
        .axis(values=values, format=",", labelAngle=-40, labelOverlap=False, grid=False)
    )


def colour(source: str | None, others: Iterable[str | None]) -> str:
    """The CSS variable of a mix's source: None (real images alone), rendered, or a translator."""
    if source in (None, RENDERED):
        return f"var(--{RENDERED if source else REAL})"
    translators = sorted(set(others) - {None, RENDERED})
    return f"var(--translator{translators.index(source) % 4 + 1})"


def _themed(chart: alt.Chart) -> dict:
    """The specification, drawn on nothing and in the page's own colours."""
    text = {
        "labelColor": "var(--text)",
        "titleColor": "var(--text)",
        "labelFontSize": 12,
        "titleFontSize": 12,
    }
    chart = (
        chart.configure(background="transparent", font="system-ui, sans-serif")
        .configure_view(stroke=None)
        .configure_axis(
            gridColor="var(--line)", domainColor="var(--muted)", tickColor="var(--muted)", **text
        )
        .configure_legend(
            labelLimit=0,
            symbolSize=80,
            symbolBaseFillColor="var(--text)",
            symbolBaseStrokeColor="var(--text)",
            **text,
        )
    )
    return chart.to_dict()
