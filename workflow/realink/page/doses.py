"""The page's section on doses: how many rendered images, and how much real in a batch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import altair as alt
import pandas as pd

from realink.answer.cells import parsed
from realink.answer.dose_sentences import manner
from realink.answer.doses import NONE, WHOLE, line_of
from realink.answer.enough import Line
from realink.answer.words import percent
from realink.page import look, vega
from realink.page.tables import change
from realink.plan.doses import ALL, able
from realink.plan.recipe import FIRST, MIXED
from realink.plan.sources import rotates
from realink.store.files import read_json, read_table

EXAMPLE = "share: [0.25, 0.5, 0.75], order: [mixed, first]"
FEW = 100, 1000  # synthetic images that are proposed, where there are more
FEWEST = 3  # counts of real images that are proposed


class Doses(NamedTuple):
    """What `analyse_doses` wrote."""

    summary: pd.DataFrame
    comparisons: pd.DataFrame
    answer: Mapping[str, Any]


def read(answer: Path) -> Doses:
    """Read what is written beside ``doses.json``."""
    names = "doses", "dose_comparisons"
    return Doses(*(read_table(answer.parent / f"{name}.csv") for name in names), read_json(answer))


def shown(
    doses: Doses | None,
    recommended: Sequence[Mapping[str, Any]],
    config: Mapping[str, Any],
    metrics: pd.DataFrame,
) -> dict[str, Any]:
    """What the page's template needs of them, or of a study without.

    metrics : of the study, as `realink.store.tables` reads them
    """
    held = metrics.groupby(["mix", "n_real"])["n_synthetic"].min().to_dict()
    return {
        "doses": doses and doses.answer,
        "dose_tables": tables(doses) if doses else [],
        # Of one whose replicates test other images each, there are none.
        "proposed": None if rotates(config) else proposed(recommended, config["learners"], held),
    }


def charts(doses: Doses | None, floor: float) -> dict[str, dict]:
    """A chart for each count of real images, by its name in HTML; none of a study without.

    floor : percent, where no error at all stands on a logarithmic axis
    """
    if doses is None:
        return {}
    table = doses.summary.assign(percent=(100 * doses.summary["test_error"]).clip(lower=floor))
    y = vega.log_y(table["percent"])
    lines = {line_of(row) for row in table[table["n_synthetic"] > 0].itertuples()}
    names = list(map(manner, sorted(lines, key=_in_turn)))
    return {f"doses-{n}": _chart(own, int(n), names, y) for n, own in table.groupby("n_real")}


def _in_turn(line: Line) -> tuple[bool, float]:
    return line.order == FIRST, line.share or 0


def _manners(table: pd.DataFrame) -> list[str]:
    return [manner(line_of(row)) for row in table.itertuples()]


def _chart(rows: pd.DataFrame, n: int, names: Sequence[str], y: dict[str, Any]) -> dict:
    """Error against the number of synthetic images, a line for each share and order."""
    doses = rows[rows["n_synthetic"] > 0]
    doses = doses.assign(manner=_manners(doses), told=_interval(doses))
    none = rows.loc[rows["n_synthetic"] == 0, "percent"]
    shares = {line_of(row).share for row in doses.itertuples()}
    ranked = sorted(shares, key=lambda share: (share is not None, share))
    colours = {share: _colour(place) for place, share in enumerate(ranked)}
    looks = {manner(line_of(row)): line_of(row) for row in doses.itertuples()}
    own = [name for name in names if name in looks]
    ranges = {
        "stroke": [colours[looks[name].share] for name in own],
        "fill": [
            colours[looks[name].share] if looks[name].order == MIXED else "transparent"
            for name in own
        ],
        "shape": ["circle" if looks[name].order == MIXED else "square" for name in own],
        "strokeDash": [[1, 0] if looks[name].order == MIXED else [5, 3] for name in own],
    }
    legend = alt.Legend(title="trained on", orient="bottom")

    def channel(name: str, kind: Any) -> dict[str, Any]:
        scale = alt.Scale(domain=own, range=ranges[name])
        return {name: kind("manner:N", legend=legend, sort=own, scale=scale)}

    base = alt.Chart(doses).encode(
        x=vega.counts_axis(doses["n_synthetic"], "n_synthetic", "rendered images"),
        y=alt.Y("percent:Q", **y),
        **channel("stroke", alt.Stroke),
    )
    line = base.mark_line(strokeWidth=1.7).encode(**channel("strokeDash", alt.StrokeDash))
    points = base.mark_point(size=60, opacity=1).encode(
        **channel("fill", alt.Fill),
        **channel("shape", alt.Shape),
        tooltip=[
            alt.Tooltip("manner:N", title="trained on"),
            alt.Tooltip("n_synthetic:Q", title="rendered", format=look.COUNT),
            alt.Tooltip("percent:Q", title="test error (%)", format=".3g"),
            alt.Tooltip("told:N", title="95 %"),
        ],
    )
    layers = [line, points]
    if len(none):
        alone = alt.Chart(pd.DataFrame({"percent": none}))
        rule = alone.mark_rule(stroke="var(--real)", strokeDash=[2, 2], strokeWidth=1.5)
        layers = [rule.encode(y=alt.Y("percent:Q", **y)), *layers]
    chart = alt.layer(*layers).properties(
        width="container",
        height=260,
        description=f"Test error against the number of rendered images, at {n:,} real ones",
    )
    return vega.themed(chart, own)


def _colour(place: int) -> str:
    return f"var(--{look.OTHER_COLOURS[place % len(look.OTHER_COLOURS)][0]})"


def _interval(rows: pd.DataFrame) -> list[str]:
    return [
        "" if pd.isna(row.low) else f"{100 * row.low:.2f} to {100 * row.high:.2f}"
        for row in rows.itertuples()
    ]


def tables(doses: Doses) -> list[dict[str, Any]]:
    """Of each count of real images: counts of rendered ones, and a row for each share and order.

    Of each dose its error, and how it compares with none and with what the study has anyway.
    """
    compared = {}
    for row in doses.comparisons.itertuples():
        compared[row.n_real, row.n_synthetic, line_of(row), row.reference] = row
    found = []
    for n, own in doses.summary.groupby("n_real"):
        taken = own[own["n_synthetic"] > 0]
        cells = {(row.n_synthetic, line_of(row)): row for row in taken.itertuples()}
        counts = sorted({count for count, _ in cells})
        lines = sorted({line for _, line in cells}, key=_in_turn)
        none = own.loc[own["n_synthetic"] == 0, "test_error"]
        found.append(
            {
                "n": int(n),
                "none": percent(none.iloc[0]) if len(none) else None,
                "counts": counts,
                "rows": [
                    (
                        manner(line),
                        [_cell(cells.get((count, line)), n, compared) for count in counts],
                    )
                    for line in lines
                ],
            }
        )
    return found


def _cell(row: Any, n: int, compared: Mapping[tuple, Any]) -> dict[str, Any] | None:
    if row is None:
        return None
    key = n, row.n_synthetic, line_of(row)
    said = {"error": percent(row.test_error), "own": bool(row.whole)}
    for reference in (NONE, WHOLE):
        other = compared.get((*key, reference))
        said[reference] = other and (change(other.ratio), other.verdict)
    return said


def proposed(
    recommended: Sequence[Mapping[str, Any]],
    learners: Sequence[str],
    held: Mapping[tuple[str, int], int],
) -> str | None:
    """What to add to the config of a study without doses: its key, of what the page advises.

    None where it advises no mix that could have any.

    held : synthetic images of each mix and count
    """
    mixes = parsed(one["mix"] for one in recommended)
    usable = [one for one in recommended if able(mixes[one["mix"]])]
    if not usable:
        return None
    mix = mixes[usable[0]["mix"]]
    label = usable[0]["mix"]
    counts = [one["n_real"] for one in usable if one["mix"] == label][:FEWEST]
    most = min(held[label, n] for n in counts)
    some = ", ".join([*(str(few) for few in FEW if few < most), ALL])
    name, learner = mix.without_learner.name, mix.learner or learners[0]
    asked = f"mix: {name}, learner: {learner}, n: {counts}, synthetic: [{some}]"
    return f"doses: {{{asked}, {EXAMPLE}}}"
