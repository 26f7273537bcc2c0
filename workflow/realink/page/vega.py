"""What the page's charts share: marks, axes, and their look, as parts of Vega-Lite specifications.

Their colours are names of CSS variables that the page sets, so that the same chart is right in
light, dark and print.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt

from realink.page import look

LETTER = 7  # pixels of a letter of a label on average


def marks(
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


def counts_axis(counts: Iterable[int], field: str = "n_real", title: str = look.COUNTS) -> alt.X:
    """A logarithmic axis for all of some counts."""
    counts, kind = list(counts), {"type": "log"}
    if linear := look.linear_up_to(counts):
        kind = {"type": "symlog", "constant": linear}
    # Slanted, since six digits are wide on a phone.
    return (
        alt.X(f"{field}:Q", title=title)
        .scale(**kind, nice=False, padding=12)
        .axis(
            values=look.count_ticks(counts),
            format=look.COUNT,
            labelAngle=-40,
            labelOverlap=False,
            grid=False,
        )
    )


def log_y(values: Iterable[float], title: str | list[str] = look.ERROR) -> dict[str, Any]:
    """A logarithmic axis for all of some values."""
    ends = look.log_limits(values)
    return {
        "title": title,
        "scale": alt.Scale(type="log", domain=list(ends), nice=False),
        "axis": alt.Axis(values=look.log_ticks(*ends), format=look.NUMBER),
    }


def linear(values: Iterable[float], measure: look.Measure) -> dict[str, Any]:
    """A linear axis for all of a measure's values."""
    ends = look.limits(values, measure.least, measure.most)
    return {
        "title": measure.axis,
        "scale": alt.Scale(domain=list(ends), nice=False, zero=False),
        "axis": alt.Axis(values=look.ticks_between(*ends), format=look.NUMBER),
    }


def themed(chart: alt.Chart, labels: Iterable[str], beside: float = 50) -> dict:
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
