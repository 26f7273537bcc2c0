"""How far a classifier can be trusted, in charts and a table of the page."""

from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd

from realink.answer.words import percent
from realink.page import vega
from realink.page.promises import rounded, sentences

SCORES = {"before": "as trained", "after": "calibrated"}


def section(
    found: Mapping[str, Any], asked: float
) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """The page's charts, and what it says: of the largest count, and a table of all.

    Parameters
    ----------
    found : ``table``, ``reliability`` and ``coverage`` of `measure_trust`, ``unknown`` of
        `measure_unknown`
    asked : the risk that the config asks for
    """
    last = found["table"].iloc[-1].to_dict()
    at = {
        name: found[name][found[name]["n_real"] == last["n_real"]]
        for name in ("reliability", "coverage")
    }
    charts = {"reliability": reliability(at["reliability"])}
    charts["coverage"] = coverage(at["coverage"], last)
    told = sentences(last, asked, found["unknown"])
    return charts, {"n": f"{last['n_real']:,}", "sentences": told, "rows": rows(found["table"])}


def rows(table: pd.DataFrame) -> list[dict[str, str]]:
    """The table of all counts, in words."""
    return [
        {
            "n": f"{row['n_real']:,}",
            "mix": row["mix"],
            "before": percent(row["uncalibrated"]),
            "after": percent(row["calibration_error"]),
            "least": percent(row["least"]),
            "risk": "none" if pd.isna(row["risk"]) else rounded(row["risk"]),
            "answered": "" if pd.isna(row["risk"]) else percent(row["answered"]),
            "wrong": "" if pd.isna(row["risk"]) else percent(row["wrong"]),
        }
        for row in table.to_dict("records")
    ]


def reliability(table: pd.DataFrame) -> dict:
    """A reliability diagram (Niculescu-Mizil & Caruana 2005) of one count, before and after.

    Parameters
    ----------
    table : of reliability.csv
    """
    shown = table.assign(
        scores=table["scores"].map(SCORES),
        confidence=100 * table["confidence"],
        right=100 * table["right"],
    )
    low = min(shown["confidence"].min(), shown["right"].min())
    ends = [max(0, 10 * (low // 10)), 100]
    names = list(SCORES.values())
    legend = alt.Legend(title=None, orient="bottom")
    base = alt.Chart(shown).encode(
        x=alt.X("confidence:Q", title="probability (%)").scale(domain=ends, nice=False),
        y=alt.Y("right:Q", title="of these right (%)").scale(domain=ends, nice=False, zero=False),
        stroke=alt.Stroke("scores:N", legend=legend, sort=names).scale(
            domain=names, range=["var(--muted)", "var(--real)"]
        ),
    )
    lines = base.mark_line(strokeWidth=2)
    points = base.mark_point(size=40).encode(
        tooltip=[
            alt.Tooltip("scores:N"),
            alt.Tooltip("confidence:Q", title="probability (%)", format=".1f"),
            alt.Tooltip("right:Q", title="right (%)", format=".1f"),
            alt.Tooltip("images:Q", title="test images", format=",d"),
        ],
    )
    true = (
        alt.Chart(pd.DataFrame({"confidence": ends, "right": ends}))
        .mark_line(stroke="var(--line)", strokeWidth=3)
        .encode(
            x=alt.X("confidence:Q").scale(domain=ends, nice=False),
            y=alt.Y("right:Q").scale(domain=ends, nice=False, zero=False),
        )
    )
    chart = alt.layer(true, lines, points).properties(
        width="container", height=240, description="Share right against probability"
    )
    return vega.themed(chart, names)


def coverage(table: pd.DataFrame, row: Mapping[str, Any]) -> dict:
    """Errors among the surest test images against how many these are, with what is promised.

    Parameters
    ----------
    table : of coverage.csv, of one count
    row : of trust.csv, of the same
    """
    shown = table.assign(answered=100 * table["answered"], risk=100 * table["risk"])
    top = max(shown["risk"].max(), 0.1)
    base = alt.Chart(shown).encode(
        x=alt.X("answered:Q", title="test images answered, the surest first (%)").scale(
            domain=[0, 100], nice=False
        ),
        y=alt.Y("risk:Q", title="of these wrong (%)").scale(domain=[0, 1.1 * top], nice=False),
    )
    hover = base.mark_point(size=20, opacity=0).encode(
        tooltip=[
            alt.Tooltip("answered:Q", title="answered (%)", format=".0f"),
            alt.Tooltip("risk:Q", title="of these wrong (%)", format=".2f"),
        ]
    )
    layers = [base.mark_line(stroke="var(--real)", strokeWidth=2), hover]
    if not pd.isna(row["risk"]):
        chosen = pd.DataFrame({"answered": [100 * row["answered"]], "risk": [100 * row["wrong"]]})
        layers.append(
            alt.Chart(chosen)
            .mark_point(size=110, filled=True, fill="var(--rendered)", stroke="var(--rendered)")
            .encode(
                x="answered:Q",
                y="risk:Q",
                tooltip=[
                    alt.Tooltip("answered:Q", title="answered by the threshold (%)", format=".1f"),
                    alt.Tooltip("risk:Q", title="of these wrong (%)", format=".2f"),
                ],
            )
        )
    chart = alt.layer(*layers).properties(
        width="container", height=240, description="Errors against the share of images answered"
    )
    return vega.themed(chart, [""])
