"""Comparisons of mixes on the same test images, and from which count on one is better."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from realink.answer import designs, learners
from realink.answer.cells import ALONE, parsed
from realink.answer.statistics import adjust, pool
from realink.answer.words import listed
from realink.plan.mixes import Mix
from realink.store.predictions import Predictions

Cell = tuple[str, int]  # a mix and its count
DECIDED = 0.05  # a comparison is decided below this adjusted p


def compare_mixes(
    metrics: pd.DataFrame,
    predictions: Predictions,
    pairs: Iterable[tuple[Cell, Cell]] | None = None,
    decided_at: float = DECIDED,
) -> pd.DataFrame:
    """Compare mixes on the same test images, replicate by replicate.

    Every mix with its `references`, the classifier of most rendered images alone with that of
    fewest, and of several learners the best mix of each with those of the others; or those `pairs`
    of cells that are asked for, where both are there. All of them together tell how much replicates
    spread. Where test images come in groups, these are what varies.

    Returns one row a comparison: ``ratio`` of the errors (below one, the mix is better) with its
    interval, ``p``, ``p_adjusted`` for all comparisons here, and the ``verdict``: better,
    worse or undecided.
    """
    cells = dict(list(metrics.groupby(["mix", "n_real"])))
    wrong = predictions.wrong
    places, rows = [], []
    if pairs is None:
        pairs = [*_pairs(cells), *learners.pairs(learners.best(metrics))]
    for (mix, n), (reference, reference_n) in pairs:
        if (mix, n) not in cells or (reference, reference_n) not in cells:
            continue
        both = (
            cells[mix, n]
            .reset_index()
            .merge(
                cells[reference, reference_n].reset_index(),
                on="replicate",
                suffixes=("", "_reference"),
            )
        )
        if both.empty:
            continue
        places.append((both["index"].to_numpy(), both["index_reference"].to_numpy()))
        rows.append(
            {"mix": mix, "n_real": n, "reference": reference, "reference_n_real": reference_n}
            | {"replicates": len(both)}
        )
    ratios = [
        designs.log_ratios(predictions, own, wrong[own], wrong[other]) for own, other in places
    ]
    priors = pool(ratios, [row["n_real"] for row in rows])
    for row, (own, other), prior in zip(rows, places, priors, strict=True):
        row |= designs.compare(predictions, own, wrong[own], wrong[other], prior)._asdict()
    columns = ["mix", "n_real", "reference", "reference_n_real", "ratio", "low", "high", "p"]
    return decided(pd.DataFrame(rows, columns=[*columns, "test", "replicates"]), decided_at)


def decided(table: pd.DataFrame, level: float = DECIDED) -> pd.DataFrame:
    """Add each comparison's adjusted p and its verdict, which is undecided from `level` on."""
    table["p_adjusted"] = adjust(table["p"].to_numpy(dtype=float))
    sign = np.where(table["ratio"] < 1, "better", "worse")
    table["verdict"] = np.where(table["p_adjusted"] < level, sign, "undecided")
    return table


def _pairs(cells: Mapping[Cell, pd.DataFrame]) -> Iterable[tuple[Cell, Cell]]:
    mixes = parsed(name for name, _ in cells)
    for name, n in cells:
        for reference in references(mixes[name]):
            if (reference.name, n) in cells:
                yield (name, n), (reference.name, n)
    for alone in [name for name, mix in mixes.items() if mix.without_learner == ALONE]:
        held = {n: own["n_synthetic"].iloc[0] for (name, n), own in cells.items() if name == alone}
        most, fewest = max(held, key=held.get), min(held, key=held.get)
        if held[most] > held[fewest]:
            yield (alone, most), (alone, fewest)


def references(mix: Mix) -> list[Mix]:
    """The mixes that a mix is compared with, all of its own learner.

    The baseline that is augmented as it is; for translated images also the same mix of
    untranslated ones, and that of randomised ones, which need no real image either. One with
    pseudo-labels also with the same without rendered images, and without pseudo-labels, and if it
    learns from few of the unlabelled images also with that which learns from all. A control also
    with what it is a control of. Each augmented mix, last of all, with the same without
    augmentation.
    """
    rivals = [] if mix.translator is None else [mix.untranslated, mix.randomised]
    if mix.pseudo:
        rivals += [mix.unrendered, mix.supervised, mix.unreduced]
    return [
        reference
        for reference in dict.fromkeys([mix.baseline, *rivals, mix.uncontrolled, mix.plain])
        if reference != mix
    ]


def within_learners(comparisons: pd.DataFrame) -> pd.DataFrame:
    """Comparisons at one count, of mixes that the same network learns."""
    mixes = parsed([*comparisons["mix"], *comparisons["reference"]])
    learned = {name: mix.learner for name, mix in mixes.items()}
    alike = comparisons["mix"].map(learned).eq(comparisons["reference"].map(learned)) | (
        comparisons["mix"].map(learned).isna()
    )
    return comparisons[alike & (comparisons["n_real"] == comparisons["reference_n_real"])]


def break_even(comparisons: pd.DataFrame) -> pd.DataFrame:
    """Where each mix is better than what it is compared with: from which count on, and until which.

    ``break_even`` is the smallest count at which the mix is better, ``until`` the last such count
    before it is worse, if it ever is. Counts go up to all real images, where any mix becomes the
    baseline; so at large counts nothing can be better, and undecided ones do not count against it.
    The other columns list the counts of each verdict. Learners are not told here: which of their
    mixes is the best changes with the count.
    """
    rows = []
    same = within_learners(comparisons)
    for (mix, reference), own in same.groupby(["mix", "reference"], sort=False):
        counts = {verdict: rows_of["n_real"] for verdict, rows_of in own.groupby("verdict")}
        empty = pd.Series(dtype=int)
        better, worse = (sorted(counts.get(verdict, empty)) for verdict in ("better", "worse"))
        after = [n for n in worse if better and n > better[0]]
        unbroken = [n for n in better if not after or n < after[0]]
        rows.append(
            {
                "mix": mix,
                "reference": reference,
                "break_even": unbroken[0] if unbroken else pd.NA,
                "until": unbroken[-1] if unbroken else pd.NA,
                "better_at": listed(better),
                "undecided_at": listed(sorted(counts.get("undecided", empty))),
                "worse_at": listed(worse),
            }
        )
    columns = ["mix", "reference", "break_even", "until", "better_at", "undecided_at", "worse_at"]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype({"break_even": "Int64", "until": "Int64"})  # counts, or absent
