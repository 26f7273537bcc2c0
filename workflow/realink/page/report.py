"""The answer page: one HTML file that needs nothing else, from a study's tables."""

import itertools
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import vl_convert
from markupsafe import Markup

from realink.answer import harm as harmed
from realink.answer.cells import ALONE, parsed
from realink.answer.words import network, percent
from realink.page import (
    charts,
    doses,
    image_charts,
    jobs,
    lettering,
    look,
    plotted,
    tables,
    trusted,
)
from realink.page.alike import Alike
from realink.page.doubted import Doubted
from realink.page.html import embedded, environment
from realink.page.used import Used
from realink.plan import sources
from realink.plan.mixes import REAL, RENDERED

LIBRARIES = ("torch", "numpy", "scipy")


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
    worth: pd.DataFrame,
    more_labels: pd.DataFrame,
    groups: pd.DataFrame | None,
    answer: Mapping[str, list[Any]],
    harm: pd.DataFrame,
    translators: pd.DataFrame,
    confusions: pd.DataFrame,
    gaps: pd.DataFrame,
    judge_error: float | None,
    sheets: Sequence[Sheet],
    pictures: Mapping[str, Path | None],
    classes: pd.DataFrame,
    training: pd.DataFrame | None,
    domains: pd.DataFrame | None,
    used: Sequence[Used],
    benchmarks: pd.DataFrame,
    unlabelled: int = 0,
    pseudo_labels: pd.DataFrame | None = None,
    dosed: doses.Doses | None = None,
    doubted: Sequence[Doubted] | None = None,
    alike: Alike | None = None,
    trust: Mapping[str, Any] | None = None,
) -> str:
    """Write the answer page of a study.

    Parameters
    ----------
    config : the study's settings, shown as they are
    metrics, translators, confusions, gaps : as `realink.store.tables` reads them
    summary, comparisons, worth, more_labels : of `realink.answer.analysis`
    groups : errors by group of test images, in a study that has groups
    answer : the sentences of `realink.answer.sentences`, what is recommended, of several learners
        which is the right one, what more labels bring, and the notes
    harm : of `realink.answer.harm`
    judge_error : of the judge on validation images, if there are any
    sheets : PNGs of translated images
    pictures : PNGs, or None where none are to be shown: ``rendered`` images, ``triptych``, the
        domains side by side, ``examples``, test images told apart, and ``hurts``, of classes that
        the advice misreads more often
    classes : errors by class of test images
    training, domains : training.csv and map.csv, of a study with translators
    used : what was used of the folders that the images come from, if they do
    benchmarks : of `realink.page.jobs.read_benchmarks`
    unlabelled : real images without labels that the study has
    pseudo_labels : how right pseudo-labels were, by round and class, where that is known
    dosed : what the doses of a study say that has some
    doubted : labels that are doubted, None of a study from before they were
    alike : pictures that look the same, None where they are of no folder
    trust : ``table``, ``reliability`` and ``coverage`` of `measure_trust`, and ``unknown`` of
        `measure_unknown`; None of a study that advises nothing
    """
    alone = [name for name, mix in parsed(metrics["mix"]).items() if mix.without_learner == ALONE]
    counts = set(metrics.loc[~metrics["mix"].isin(alone), "n_real"]) or set(metrics["n_real"])
    shown = summary[summary["n_real"].isin(counts)]
    curves = plotted.errors(metrics[metrics["n_real"].isin(counts)])
    ahead = plotted.ahead(more_labels, curves)
    panels = {
        "error": plotted.panels(shown["mix"]),
        "worth": plotted.panels(worth["mix"]),
    }
    drawn = {
        f"error-{panel.key}": charts.error(curves, comparisons, panel, ahead)
        for panel in panels["error"]
    }
    if answer["learners"]:
        drawn["best-of-networks"] = charts.networks(plotted.networks(answer["learners"]))
    measured = []
    for column, measure in look.MEASURES.items():
        if column in translators and translators[column].notna().any():
            # The judge reads no labels of sets that are not translated.
            others = gaps[gaps["images"].isin([RENDERED, REAL])].reindex(columns=["images", column])
            drawn[f"measure-{column}"] = image_charts.against_count(translators, measure, others)
            measured.append((f"measure-{column}", measure.title, measure.meaning))
    found, followed = _gains(plotted.gains(metrics, translators, gaps))
    drawn |= found
    valued = plotted.worth(worth, summary)
    drawn |= {f"worth-{panel.key}": charts.worth(valued, panel) for panel in panels["worth"]}
    by_part = {}
    for kind, column, table in (("class", "label", classes), ("group", "group", groups)):
        found = {} if table is None else _by_part(plotted.by_part(table, column), kind)
        by_part[kind] = list(found)
        drawn |= {f"by-{kind}-{place}": chart for place, chart in enumerate(found.values())}
    trained = []
    if training is not None:
        for name, own in training.groupby("translator"):
            drawn[f"training-{name}"] = image_charts.training(own)
            trained.append(name)
    if domains is not None:
        drawn["domains"] = image_charts.domains(domains)
    drawn |= doses.charts(dosed, plotted.floor_of(metrics))
    if trust is not None:
        found, trust = trusted.section(trust, config["trust"]["risk"])
        drawn |= found
    return (
        environment()
        .get_template("report.html.jinja")
        .render(
            study=study,
            recommended=answer["recommended"],
            strip=_strip(answer["recommended"]),
            # The first recommendation's sentence is shown as such.
            sentences=answer["sentences"][bool(answer["recommended"]) :] + answer["more_labels"],
            ahead=[panel.key for panel in panels["error"] if len(panel.of(ahead))],
            notes=answer["notes"],
            charts=drawn,
            panels=panels,
            by_part=by_part,
            hurting=harmed.said(harm),
            harmed=tables.harmed(harm),
            learners=tables.networks(answer["learners"]),
            networks={one["learner"]: network(one["learner"]) for one in _learned(answer)},
            measures=measured,
            followed=followed,
            numbers=tables.numbers(shown, comparisons),
            counts=sorted(counts),
            names=sorted(translators["translator"].unique()),
            unlabelled=unlabelled,
            pseudo_labels=[] if pseudo_labels is None else tables.pseudo_labels(pseudo_labels),
            synthetic=plotted.synthetic(metrics),
            doubted=doubted,
            alike=alike,
            in_turns=bool(sources.rotates(config)),
            verdicts=tables.verdicts(comparisons, sorted(counts)),
            worth=tables.worth_rows(worth, summary),
            worth_counts=set(worth["n_real"]),
            **doses.shown(dosed, answer["recommended"], config, metrics),
            groups=[] if groups is None else tables.by_group(groups),
            groups_left=groups is not None and groups["group"].nunique() > tables.HARDEST,
            trust=trust,
            confusions=tables.confusions(confusions),
            mistakes=tables.mistakes(confusions),
            config=config,
            used=used,
            numbered=lettering.numbered(
                {*classes["label"], *(name for own in used for name, _ in own.classes)}
            ),
            judge_error=judge_error,
            sheets=_by_translator(sheets, translators),
            **{name: path and embedded(path) for name, path in pictures.items()},
            trained=trained,
            explained=None if domains is None else domains["share"].iloc[0],
            ink=sources.is_mnist(config["real"]),
            metrics=metrics,
            jobs=jobs.by_rule(benchmarks),
            core_hours=benchmarks["s"].sum() / 3600 if len(benchmarks) else None,
            memory=benchmarks["max_rss"].max() if len(benchmarks) else None,
            settings=json.dumps(config, indent=2),
            versions=[(name, version(name)) for name in LIBRARIES],
            codes=sorted({*metrics["code"].dropna(), *translators["code"].dropna()}),
            devices=sorted(set(metrics["device"])),
            machine=jobs.machine(),
            library=_library(),
        )
    )


def comparison_page(
    curves: Mapping[str, pd.DataFrame], rows: pd.DataFrame, notes: list[str]
) -> str:
    """Write the page that sets two studies side by side.

    Parameters
    ----------
    curves : of `realink.page.plotted.errors`, by study, two of them
    rows : of `realink.answer.studies`
    """
    first, second = curves.values()
    panels = plotted.panels(set(first["mix"]) & set(second["mix"]))
    drawn = {f"error-{panel.key}": charts.two_studies(dict(curves), panel) for panel in panels}
    shown = [
        row
        | {
            "first": percent(row["first"]),
            "second": percent(row["second"]),
            "ratio": f"{row['ratio']:.2f} ({row['low']:.2f} to {row['high']:.2f})",
        }
        for row in rows.to_dict("records")
    ]
    template = environment().get_template("compare.html.jinja")
    return template.render(
        studies=list(curves),
        charts=drawn,
        panels=panels,
        rows=shown,
        notes=notes,
        library=_library(),
    )


def _gains(points: pd.DataFrame) -> tuple[dict[str, dict], list[tuple[str, str, str]]]:
    """Charts of what translated images gain, of each learner, and each one's title and caption."""
    drawn, followed = {}, []
    for learner, own in points.groupby("learner", sort=False, dropna=False):
        for (outcome, (meaning, _)), column in itertools.product(
            look.OUTCOMES.items(), look.FOLLOWED
        ):
            if len(own.dropna(subset=[column, outcome])) <= 2:
                continue
            measure, title = look.MEASURES[column], f"{look.MEASURES[column].title} and {meaning}"
            key = f"{outcome}-{column}"
            if not pd.isna(learner):
                key, title = f"{key}-{learner}", f"{title}: {network(learner)}"
            drawn[key] = image_charts.gain(own, measure, outcome)
            followed.append((key, title, _correlated(own, column, outcome)))
    return drawn, followed


def _by_part(rows: pd.DataFrame, kind: str) -> dict[str, dict]:
    """Charts of errors by class or group, of each learner, by what it is called."""
    return {
        network(learner) if learner else "": charts.by_part(
            plotted.shortened(rows[rows["mix"].isin(labels)]), kind, rows["percent"].max()
        )
        for learner, labels in plotted.by_learner(rows["mix"]).items()
    }


def _learned(answer: Mapping[str, list[Any]]) -> list[Mapping[str, Any]]:
    """Of several learners all, in order: as many as any count has."""
    return max((one["best"] for one in answer["learners"]), key=len, default=[])


def _library() -> Markup:
    """Vega, Vega-Lite and its embedding as one script, so that the page needs no network."""
    return Markup(vl_convert.javascript_bundle().replace("</script", "<\\/script"))


def _strip(recommended: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The runs of `tables.strip`, with each count's place among all, and the mixes' colours."""
    places = itertools.count(1)
    runs = tables.strip(recommended)
    return [
        run
        | {
            "counts": [(next(places), n) for n in run["counts"]],
            "colour": f"var(--{look.source(run['source']).variable})",
        }
        for run in runs
    ]


def _by_translator(
    sheets: Sequence[Sheet], translators: pd.DataFrame
) -> list[tuple[str, list[dict[str, Any]], list[dict[str, Any]]]]:
    """Of each translator: the sheets of its first, middle and last count, and all others."""
    found = []
    for name in dict.fromkeys(sheet.translator for sheet in sheets):
        own = [sheet for sheet in sheets if sheet.translator == name]
        shown = [
            {
                "n": sheet.n_real,
                "kept": _kept(translators, sheet),
                "image": embedded(sheet.path),
            }
            for sheet in own
        ]
        few = {0, len(own) // 2, len(own) - 1}
        found.append(
            (
                name,
                [one for place, one in enumerate(shown) if place in few],
                [one for place, one in enumerate(shown) if place not in few],
            )
        )
    return found


def _kept(translators: pd.DataFrame, sheet: Sheet) -> str:
    own = translators[translators["translator"] == sheet.translator]
    kept = own.loc[own["n_real"] == sheet.n_real, "label_retention"]
    ends = dict.fromkeys(f"{share:.0%}" for share in (kept.min(), kept.max()))
    return f"labels kept {' to '.join(ends)}".replace("%", "\N{NO-BREAK SPACE}%")


def _correlated(points: pd.DataFrame, column: str, outcome: str) -> str:
    """Spearman's correlation among the translators of one count, mean over counts, in words."""
    found = [
        own[[column, outcome]].corr(method="spearman").iloc[0, 1]
        for _, own in points.dropna(subset=[column, outcome]).groupby("n_real")
    ]
    mean = pd.Series(found).mean()  # a single mark has no correlation
    if pd.isna(mean):
        return "Too few marks of the same N to correlate."
    return f"Spearman's rank correlation among those of the same N, on average: {mean:.2f}"
