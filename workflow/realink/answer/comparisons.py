"""Comparisons of mixes on the same test images, and from which count on one is better."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from realink.answer.cells import Reads
from realink.answer.statistics import adjust, compare, log_ratios, pool
from realink.answer.words import listed
from realink.plan.mixes import RENDERED, Mix

Cell = tuple[str, int]  # a mix and its count
DECIDED = 0.05  # a comparison is decided below this adjusted p


def compare_mixes(
    metrics: pd.DataFrame,
    reads: Reads,
    pairs: Iterable[tuple[Cell, Cell]] | None = None,
    decided_at: float = DECIDED,
) -> pd.DataFrame:
    """Compare mixes on the same test images, replicate by replicate.

    Every mix with its `references`, and the classifier of most rendered images alone with that of
    fewest; or those `pairs` of cells that are asked for, where both are there. All of them together
    tell how much replicates spread. Where test images come in groups, these are what varies.

    Returns one row a comparison: ``ratio`` of the errors (below one, the mix is better) with its
    interval, ``p``, ``p_adjusted`` for all comparisons here, and the ``verdict``: better,
    worse or undecided.
    """
    cells = dict(list(metrics.groupby(["mix", "n_real"])))
    wrong = reads.read != reads.labels
    places, rows = [], []
    asked = _pairs(cells) if pairs is None else pairs
    for (mix, n), (reference, reference_n) in asked:
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
    ratios = [log_ratios(wrong[own], wrong[other], reads.cases) for own, other in places]
    priors = pool(ratios, [row["n_real"] for row in rows])
    for row, (own, other), prior in zip(rows, places, priors, strict=True):
        row |= compare(wrong[own], wrong[other], prior=prior, groups=reads.cases)._asdict()
    columns = ["mix", "n_real", "reference", "reference_n_real", "ratio", "low", "high", "p"]
    return decided(pd.DataFrame(rows, columns=[*columns, "test", "replicates"]), decided_at)


def decided(table: pd.DataFrame, level: float = DECIDED) -> pd.DataFrame:
    """Add each comparison's adjusted p and its verdict, which is undecided from `level` on."""
    table["p_adjusted"] = adjust(table["p"].to_numpy(dtype=float))
    sign = np.where(table["ratio"] < 1, "better", "worse")
    table["verdict"] = np.where(table["p_adjusted"] < level, sign, "undecided")
    return table


def _pairs(cells: Iterable[Cell]) -> Iterable[tuple[Cell, Cell]]:
    present = dict.fromkeys(cells)
    for mix, n in present:
        for reference in references(Mix.parse(mix)):
            if (reference.name, n) in present:
                yield (mix, n), (reference.name, n)
    rendered = sorted(n for mix, n in present if mix == RENDERED)
    if len(rendered) > 1:
        yield (RENDERED, rendered[0]), (RENDERED, rendered[-1])  # fewest real ones: most rendered


def references(mix: Mix) -> list[Mix]:
    """The mixes that a mix is compared with.

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


def break_even(comparisons: pd.DataFrame) -> pd.DataFrame:
    """Where each mix is better than what it is compared with: from which count on, and until which.

    ``break_even`` is the smallest count at which the mix is better, ``until`` the last such count
    before it is worse, if it ever is. Counts go up to all real images, where any mix becomes the
    baseline; so at large counts nothing can be better, and undecided ones do not count against it.
    The other columns list the counts of each verdict.
    """
    rows = []
    same = comparisons[comparisons["n_real"] == comparisons["reference_n_real"]]
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
