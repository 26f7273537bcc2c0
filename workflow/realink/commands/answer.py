"""Commands of rules/answer.smk: tables, the answer, its page, and two studies side by side."""

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from realink.commands.support import Json, Paths

if TYPE_CHECKING:
    from realink.images.imagesets import ImageSet


def collect(
    *,
    config: Json,
    classifier: Paths,
    scores: Paths,
    test: Path,
    places: Path | None = None,
    translator: Paths,
    retention: Paths,
    gap: Paths,
    reference: Paths,
    metrics: Path,
    predictions: Path,
    translators: Path,
    confusions: Path,
    gaps: Path,
    settings: Path,
) -> None:
    """Collect what all jobs recorded, and what all classifiers predicted, into tables.

    Parameters
    ----------
    test : all images that any classifier was tested on
    places : which replicate tested which of them, where not all did
    settings : where to write the config, so that the tables can be held to another study's
    """
    from realink.plan import grid
    from realink.store import tables
    from realink.store.files import read_images, write_json, write_table
    from realink.store.places import read_places
    from realink.store.predictions import collected, write_predictions

    study = json.loads(config)
    cells, trained = grid.cells(study), grid.translator_cells(study)
    rows = tables.classifiers_table(grid.paths(classifier, cells))
    judged = grid.paths(retention, trained)
    measured = grid.paths(gap, trained) + grid.paths(reference, grid.references(study))
    gap_rows = tables.gap_table(measured)
    write_table(metrics, rows)
    write_table(
        translators, tables.translators_table(grid.paths(translator, trained), judged, gap_rows)
    )
    write_table(confusions, tables.confusions_table(judged))
    write_table(gaps, gap_rows)
    scored = grid.paths(scores, cells)
    turns = None if places is None else read_places(places).tested
    write_predictions(
        predictions,
        collected(
            [scored[place] for place in rows.index],
            read_images(test),
            rows["replicate"].to_numpy(),
            turns,
        ),
    )
    write_json(settings, study)


def analyse(
    *,
    metrics: Path,
    predictions: Path,
    translators: Path,
    pool: int,
    seed: int,
    unlabelled: int = 0,
    summary: Path,
    comparisons: Path,
    break_even: Path,
    worth: Path,
    classes: Path,
    more_labels: Path,
    answer: Path,
    groups: Path | None = None,
) -> None:
    """Compute the answer: intervals, comparisons, break-even, worth in real images.

    Parameters
    ----------
    pool : real images that the replicates draw from
    unlabelled : real images without labels that the study has
    groups : where to write errors by group of test images, where these come in groups
    """
    from realink.answer import analysis, cells, learners, sentences
    from realink.answer import more_labels as forecasts
    from realink.answer.recommended import recommended
    from realink.store.files import read_table, write_json, write_table
    from realink.store.predictions import read_predictions
    from realink.store.tables import read_metrics

    errors, predicted = read_metrics(metrics), read_predictions(predictions)
    found = analysis.analyse(
        errors, predicted, read_table(translators), pool=pool, seed=seed, unlabelled=unlabelled
    )
    write_table(summary, found.summary)
    write_table(comparisons, found.comparisons)
    write_table(break_even, found.break_even)
    write_table(worth, found.worth)
    write_table(more_labels, found.more_labels)
    rows, _ = cells.usable(cells.fitting(errors, predicted))
    write_table(classes, cells.errors_by_class(rows, predicted))
    if groups is not None:
        write_table(groups, found.groups)
    write_json(
        answer,
        {
            "sentences": sentences.sentences(found),
            "recommended": [
                one.record()
                | {
                    "sentence": sentences.advice(found, one),
                    "certainty": sentences.certainty(found, one),
                }
                for one in recommended(found)
            ],
            "more_labels": forecasts.said(found.more_labels),
            "learners": learners.records(found.learners),
            "notes": found.notes + found.limits,
        },
    )


def check_pseudo_labels(
    *, config: Json, scores: Paths, pool: Paths, seed: int, output: Path
) -> None:
    """Count how many pseudo-labels are right, where the true labels were only hidden.

    Parameters
    ----------
    scores : what the classifiers wrote, beside their scores of held-out images
    pool : the real images to train on, with their labels, of each replicate
    """
    import pandas as pd

    from realink.plan import grid
    from realink.scores.hidden import rightness
    from realink.seeds import seed_for
    from realink.store.files import read_images, read_tensors, write_table
    from realink.store.tables import CELL, labelled
    from realink.training.pseudo import ROUNDS

    study = json.loads(config)
    cells = [cell for cell in grid.cells(study) if cell.pseudo]
    tables = []

    @cache
    def pool_of(path: Path) -> tuple["ImageSet", "ImageSet"]:
        images = read_images(path)
        count = min(study["unlabelled"]["count"] or len(images), len(images))
        return images, images.draw(count, seed_for(seed, "unlabelled"))

    for cell, path, of in zip(
        cells, grid.paths(scores, cells), grid.paths(pool, cells), strict=True
    ):
        images, hidden = pool_of(of)
        known = images.draw(cell.n_real, seed_for(seed, "draw", cell.replicate))
        taken = read_tensors(path)[0]
        for number in range(1, ROUNDS + 1):
            table = rightness(taken[f"pseudo_labels_{number}"], hidden, known)
            place = {name: getattr(cell, name) for name in CELL} | {"round": number}
            tables.append(pd.DataFrame(place, table.index).join(table))
    write_table(output, labelled(pd.concat(tables)).drop(columns="learner"))


def report(
    *,
    study: str,
    config: Json,
    metrics: Path,
    translators: Path,
    confusions: Path,
    gaps: Path,
    answer: Annotated[Path, Parameter(help="what `analyse` wrote, beside its tables")],
    harm: Path,
    benchmarks: Path,
    output: Path,
    rendered: Path | None = None,
    triptych: Path | None = None,
    examples: Path | None = None,
    hurts: Path | None = None,
    judge: list[Path] = (),
    training: Path | None = None,
    domains: Path | None = None,
    sheets: Annotated[list[Path], Parameter(help="of each translator and N, as in the grid")] = (),
    manifests: list[Path] = (),
    unlabelled: int = 0,
    pseudo_labels: Path | None = None,
    trust: Path,
    unknown: Path,
    doses: Path | None = None,
    doubted: Path | None = None,
    labelled: Annotated[list[Path], Parameter(help="pool and validation, to be shown")] = (),
    alike: Path | None = None,
    compared: Annotated[list[Path], Parameter(help="what `alike` is of, to be shown")] = (),
    splits: Annotated[list[str], Parameter(help="their splits")] = (),
) -> None:
    """Write the answer page, one HTML file that needs no network.

    Parameters
    ----------
    harm : classes that the advice misreads more often
    rendered, triptych, examples, hurts : PNGs; none where the page shows no pictures
    training, domains : of a study with translators
    benchmarks : directory of Snakemake's benchmarks
    judge : the judge's own records, of a study with translators: one, or one a replicate
    manifests : what became of each picture, of images that come from folders
    unlabelled : real images without labels that the study has
    pseudo_labels : how right pseudo-labels were, where that is known
    doses : what `analyse_doses` wrote, beside its tables, of a study that has doses
    doubted : labels that are doubted
    alike : pairs of pictures that look the same, of real ones that come from a folder
    trust, unknown : what `measure_trust`, beside its other tables, and `measure_unknown` wrote
    """
    from realink.page import alike as pairs
    from realink.page import doses as dosed
    from realink.page import doubted as doubts
    from realink.page import jobs, used
    from realink.page import report as pages
    from realink.plan import grid, sources
    from realink.store.files import read_json, read_table, written_whole
    from realink.store.tables import read_confusions, read_harm, read_metrics

    settings = json.loads(config)
    shown = settings["page"]["pictures"]
    drawn = [cell for cell in grid.translator_cells(settings) if shown and cell.replicate == 1]
    tables = {
        name: read_table(answer.parent / f"{name}.csv")
        for name in ("summary", "comparisons", "worth", "more_labels")
    }
    # A class may be called NA, or 007.
    names = {"dtype": {"label": str, "group": str}, "keep_default_na": False}
    html = pages.page(
        study=study,
        config=settings,
        metrics=read_metrics(metrics),
        translators=read_table(translators),
        confusions=read_confusions(confusions),
        gaps=read_table(gaps),
        **tables,
        groups=(
            read_table(answer.parent / "groups.csv", **names)
            if sources.has_groups(settings["real"])
            else None
        ),
        answer=read_json(answer),
        harm=read_harm(harm),
        judge_error=_mean(read_json(path)["validation_error"] for path in judge),
        sheets=[
            pages.Sheet(cell.translator, cell.n_real, path)
            for cell, path in zip(drawn, sheets, strict=True)
        ],
        pictures={"rendered": rendered, "triptych": triptych, "examples": examples, "hurts": hurts},
        classes=read_table(answer.parent / "classes.csv", **names),
        training=read_table(training) if training else None,
        domains=read_table(domains, **names) if domains else None,
        used=[used.read_manifest(path) for path in manifests],
        benchmarks=jobs.read_benchmarks(benchmarks),
        unlabelled=unlabelled,
        pseudo_labels=read_table(pseudo_labels, **names) if pseudo_labels else None,
        dosed=dosed.read(doses) if doses else None,
        doubted=doubts.read(doubted, labelled) if doubted else None,
        alike=pairs.read(alike, dict(zip(splits, compared, strict=True))) if alike else None,
        trust=None
        if (promised := read_table(trust)).empty
        else {
            "table": promised,
            "reliability": read_table(trust.parent / "reliability.csv"),
            "coverage": read_table(trust.parent / "coverage.csv"),
            "unknown": read_json(unknown),
        },
    )
    with written_whole(output) as temporary:
        temporary.write_text(html)


def _mean(values: Iterable[float | None]) -> float | None:
    """Mean of those that there are."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
