"""The answer page: one HTML file that needs nothing else, from a study's tables."""

import base64
import csv
import json
import os
import platform
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import vl_convert
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from realink import charts
from realink.answer import gains, references
from realink.mixes import BASELINE, augments, images_of, ordered
from realink.words import as_count, percent

LIBRARIES = ("torch", "numpy", "scipy", "statsmodels")
# Measures of the gap: column, title, and what it says.
MEASURES = [
    ("label_retention", "labels kept", "fraction of digits that the judge reads as their label"),
    ("detected", "told from real digits", "accuracy of a classifier at that; 0.5 is chance"),
    ("frechet", "Fréchet distance", "on the judge's features; depends on the number compared"),
    ("kernel", "kernel distance", "on the same features; 0 for equal distributions"),
    ("density", "density", "how deep they lie among real digits; 1 for equal distributions"),
    ("coverage", "coverage", "fraction of real digits that have one of them nearby"),
    ("copied", "near copies", "fraction nearer to one of the N than 99 % of unseen digits are"),
]
# What the error is set against: labels, and one measure of the gap.
FOLLOWED = ("label_retention", "frechet")
OUTCOMES = [
    ("alone", "error (%) of these digits alone"),
    ("ratio", "error beside real / real alone"),
]


class Sheet(NamedTuple):
    """A contact sheet of one translator at one count."""

    translator: str
    n_real: int
    path: Path


def page(
    *,
    study: str,
    config: Mapping[str, Any],
    metrics: pd.DataFrame,
    summary: pd.DataFrame,
    comparisons: pd.DataFrame,
    break_even: pd.DataFrame,
    worth: pd.DataFrame,
    claims: pd.DataFrame,
    answer: Mapping[str, list[str]],
    translators: pd.DataFrame,
    confusions: pd.DataFrame,
    gaps: pd.DataFrame,
    judge: Mapping[str, float | None],
    sheets: Sequence[Sheet],
    fonts: Path,
    benchmarks: pd.DataFrame,
) -> str:
    """Write the answer page of a study.

    Parameters
    ----------
    config : the study's settings, shown as they are
    metrics, translators, confusions, gaps : tables of `realink.tables`
    summary, comparisons, break_even, worth : of `realink.answer`
    claims, answer : of `realink.claims`, the latter its sentences beside the notes
    judge : the judge's own record
    sheets, fonts : PNGs of translated and of rendered digits
    benchmarks : of `read_benchmarks`
    """
    counts = set(metrics.loc[metrics["mix"] != "font", "n_real"]) or set(metrics["n_real"])
    shown = summary[summary["n_real"].isin(counts)]
    drawn = {
        f"error-{'aug' if augmented else 'plain'}": charts.error(
            shown, comparisons, augmented=augmented
        )
        for augmented in sorted({augments(mix) for mix in shown["mix"]})
    }
    measured = []
    if len(translators):
        for column, title, meaning in MEASURES:
            if column in translators and translators[column].notna().any():
                # The judge reads no labels of sets that are not translated.
                others = gaps[gaps["images"].isin(["font", "real"])].reindex(
                    columns=["images", column]
                )
                drawn[f"measure-{column}"] = charts.against_count(
                    translators, column, title, others
                )
                measured.append((f"measure-{column}", title, meaning))
    points, followed = gains(metrics, translators, gaps), []
    points["alone"] *= 100
    for outcome, meaning in OUTCOMES:
        for column, title, _ in MEASURES:
            if column not in FOLLOWED or column not in points:
                continue
            if len(points.dropna(subset=[column, outcome])) > 2:
                drawn[f"{outcome}-{column}"] = charts.gain(points, column, title, outcome, meaning)
                rank = _rank_correlation(points, column, outcome)
                followed.append((f"{outcome}-{column}", f"{title} and {meaning}", rank))
    return (
        _environment()
        .get_template("report.html.jinja")
        .render(
            study=study,
            sentences=answer["sentences"],
            notes=answer["notes"],
            charts=drawn,
            measures=measured,
            followed=followed,
            numbers=numbers(shown, comparisons),
            counts=sorted(counts),
            names=sorted(translators["translator"].unique()),
            total=(metrics["n_real"] + metrics["n_synthetic"]).max(),
            break_even=_break_even_rows(break_even),
            worth=_worth_rows(worth, summary),
            worth_counts=set(worth["n_real"]),
            claims=claims.fillna("").to_dict("records"),
            confusions=_confusions(confusions),
            judge=judge,
            sheets=[(s.translator, s.n_real, _kept(translators, s), _data(s.path)) for s in sheets],
            fonts=_data(fonts),
            metrics=metrics,
            jobs=_jobs(benchmarks),
            core_hours=benchmarks["s"].sum() / 3600 if len(benchmarks) else None,
            memory=benchmarks["max_rss"].max() if len(benchmarks) else None,
            settings=json.dumps(config, indent=2),
            versions=[(name, version(name)) for name in LIBRARIES],
            codes=sorted(set(metrics["code"]) | set(translators["code"])),
            devices=sorted(set(metrics["device"])),
            machine=_machine(),
            library=_library(),
        )
    )


def comparison_page(
    summaries: Mapping[str, pd.DataFrame], rows: pd.DataFrame, notes: list[str]
) -> str:
    """Write the page that sets two studies side by side.

    Parameters
    ----------
    summaries : of `realink.answer`, by study, two of them
    rows : of `realink.answer.compare_studies`
    """
    first, second = summaries.values()
    shared = set(first["mix"]) & set(second["mix"])
    drawn = {
        f"error-{'aug' if augmented else 'plain'}": charts.two_studies(
            dict(summaries), augmented=augmented
        )
        for augmented in sorted({augments(mix) for mix in shared})
    }
    shown = [
        row
        | {
            "first": percent(row["first"]),
            "second": percent(row["second"]),
            "ratio": f"{row['ratio']:.2f} ({row['low']:.2f} to {row['high']:.2f})",
        }
        for row in rows.to_dict("records")
    ]
    template = _environment().get_template("compare.html.jinja")
    return template.render(
        studies=list(summaries), charts=drawn, rows=shown, notes=notes, library=_library()
    )


def numbers(summary: pd.DataFrame, comparisons: pd.DataFrame) -> list[tuple[str, list[Any]]]:
    """The table of errors: each mix with one cell a count, None where the grid has a hole."""
    counts = sorted(summary["n_real"].unique())
    lowest = summary.groupby("n_real")["test_error"].min()
    cells = summary.set_index(["mix", "n_real"])
    verdicts = comparisons.set_index(["mix", "n_real", "reference"])["verdict"]
    table = []
    mixes = list(summary["mix"].unique())
    for augmented in (False, True):
        for mix in ordered(name for name in mixes if augments(name) == augmented):
            row = []
            for n in counts:
                if (mix, n) not in cells.index:
                    row.append(None)
                    continue
                cell = cells.loc[(mix, n)]
                against = next(iter(references(mix)), None)
                row.append(
                    {
                        "error": percent(cell["test_error"]),
                        "interval": ""
                        if pd.isna(cell["low"])
                        else f"{100 * cell['low']:.2f} to {100 * cell['high']:.2f}",
                        "verdict": verdicts.get((mix, n, against), ""),
                        "lowest": cell["test_error"] == lowest[n],
                    }
                )
            table.append((mix, row))
    return table


def read_benchmarks(root: Path) -> pd.DataFrame:
    """Snakemake's benchmark files under a directory, one row a job: its rule, seconds, memory."""
    rows = []
    for path in sorted(root.rglob("*.tsv")):
        rule = path.relative_to(root).parts[0].removesuffix(".tsv")
        # Not pandas, which takes a millisecond for each of thousands of files.
        with path.open() as file:
            rows += [
                (rule, job["s"], job["max_rss"]) for job in csv.DictReader(file, delimiter="\t")
            ]
    table = pd.DataFrame(rows, columns=["rule", "s", "max_rss"]).replace("NA", "nan")
    return table.astype({"s": float, "max_rss": float})


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("realink"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["count"] = lambda n: f"{n:,}"
    environment.filters["script"] = lambda value: Markup(json.dumps(value).replace("</", "<\\/"))
    return environment


def _library() -> Markup:
    """Vega, Vega-Lite and its embedding as one script, so that the page needs no network."""
    return Markup(vl_convert.javascript_bundle().replace("</script", "<\\/script"))


def _break_even_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    rows = table.astype(object).where(table.notna(), "").to_dict("records")
    order = ordered(table["mix"].unique())
    return sorted(rows, key=lambda row: (augments(row["mix"]), order.index(row["mix"])))


def _worth_rows(worth: pd.DataFrame, summary: pd.DataFrame) -> list[tuple[str, str, dict]]:
    """Of each mix: its name, its baseline, and by count what it is worth, with an interval."""
    rows = []
    baseline = summary.loc[summary["mix"].map(images_of) == BASELINE, "n_real"]
    ends = baseline.min(), baseline.max()
    for mix in sorted(ordered(worth["mix"].unique()), key=augments):
        own = worth[worth["mix"] == mix]
        cells = {
            row.n_real: (
                as_count(row.equals, *ends),
                ""
                if pd.isna(row.low)
                else f"{as_count(row.low, *ends)} to {as_count(row.high, *ends)}",
            )
            for row in own.itertuples()
        }
        rows.append((mix, own["baseline"].iloc[0], cells))
    return rows


def _kept(translators: pd.DataFrame, sheet: Sheet) -> str:
    own = translators[translators["translator"] == sheet.translator]
    kept = own.loc[own["n_real"] == sheet.n_real, "label_retention"]
    return f"labels kept {kept.mean():.0%} on average, {kept.min():.0%} to {kept.max():.0%}"


def _rank_correlation(points: pd.DataFrame, column: str, outcome: str) -> float:
    """Spearman's correlation among the translators of one count, mean over counts."""
    found = [
        own[[column, outcome]].corr(method="spearman").iloc[0, 1]
        for _, own in points.dropna(subset=[column, outcome]).groupby("n_real")
    ]
    return float(pd.Series(found).mean())


def _confusions(table: pd.DataFrame) -> list[tuple[str, int, list[list[float]]]]:
    """Of each translator and count, in percent of the label's digits, over all replicates."""
    found = []
    for (translator, n), own in table.groupby(["translator", "n_real"]):
        counted = own.pivot_table(index="label", columns="read", values="digits", aggfunc="sum")
        shares = 100 * counted.div(counted.sum(axis=1).clip(lower=1), axis=0)
        found.append((translator, n, shares.round(1).to_numpy().tolist()))
    return found


def _jobs(benchmarks: pd.DataFrame) -> list[dict[str, Any]]:
    rows = [
        {
            "rule": rule,
            "jobs": len(own),
            "median": own["s"].median(),
            "hours": own["s"].sum() / 3600,
            "memory": own["max_rss"].max(),
        }
        for rule, own in benchmarks.groupby("rule")
    ]
    return sorted(rows, key=lambda row: -row["hours"])


def _machine() -> str:
    try:
        model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    except OSError:
        model = None
    name = model[1] if model else platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _data(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
