"""The answer: from the study's tables and predictions to comparisons, break-even and worth.

Everything is computed from the data of the study at hand. The tables that come in are those that
`realink.tables` writes; errors are fractions.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from realink.errors import InputError
from realink.mixes import AUGMENTED, BASELINE, augments, images_of, synthetic_of, uses_real
from realink.statistics import (
    adjust,
    compare,
    equivalent_count,
    log_ratios,
    mean_interval,
    pool,
)
from realink.words import listed

DECIDED = 0.05  # a comparison is decided below this adjusted p
CELL = ["mix", "n_real", "replicate"]


class Reads(NamedTuple):
    """What every classifier of a study read in the test images.

    read : uint8 [classifiers, n], in the order of the rows of metrics.csv
    labels : int64 [n]
    """

    read: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Answer:
    """Everything that a study says, as tables; what the page and the claims are made from."""

    notes: list[str]  # what the data cannot tell
    summary: pd.DataFrame
    comparisons: pd.DataFrame
    break_even: pd.DataFrame
    worth: pd.DataFrame
    translators: pd.DataFrame

    def error(self, mix: str, n: int) -> float:
        own = self.summary[(self.summary["mix"] == mix) & (self.summary["n_real"] == n)]
        return float(own["test_error"].iloc[0]) if len(own) else np.nan

    def verdicts(self, mix: str, reference: str, column: str = "verdict") -> dict[int, Any]:
        """Verdict by count, of a mix against another at the same count; or another `column`."""
        table = self.comparisons
        own = table[
            (table["mix"] == mix)
            & (table["reference"] == reference)
            & (table["n_real"] == table["reference_n_real"])
        ].sort_values("n_real")
        return dict(zip(own["n_real"], own[column], strict=True))

    @property
    def names(self) -> list[str]:
        """Translators of the study."""
        sources = {synthetic_of(mix) for mix in self.summary["mix"]} - {"none", "font"}
        return sorted(sources)


def analyse(metrics: pd.DataFrame, reads: Reads, translators: pd.DataFrame, *, seed: int) -> Answer:
    """Compute the answer of a study.

    Parameters
    ----------
    metrics, translators : the study's tables
    reads : predictions in the order of `metrics`
    seed : of the intervals of `worth`

    Raises
    ------
    InputError
        The predictions are not those of the table.
    """
    rows, notes = usable(_fitting(metrics, reads))
    comparisons = compare_mixes(rows, reads)
    return Answer(
        notes=notes,
        summary=summarise(rows),
        comparisons=comparisons,
        break_even=break_even(comparisons),
        worth=worth(rows, len(reads.labels), seed),
        translators=translators,
    )


def _fitting(metrics: pd.DataFrame, reads: Reads, study: str = "the study") -> pd.DataFrame:
    """The table with an index that leads to the predictions; raise if these are others."""
    if len(reads.read) != len(metrics) or reads.read.shape[1:] != reads.labels.shape:
        raise InputError(
            f"{study}: predictions.safetensors has {len(reads.read)} classifiers, metrics.csv "
            f"{len(metrics)}; delete both and run snakemake again"
        )
    # The rows' index leads to their predictions.
    metrics = metrics.reset_index(drop=True).astype({"test_error": float})
    differs = (reads.read != reads.labels).mean(axis=1) - metrics["test_error"]
    for mix, n, replicate in metrics.loc[differs.abs() > 1e-6, CELL].itertuples(index=False):
        raise InputError(
            f"{study}: predictions.safetensors has another error of {mix} at {n:,}, replicate "
            f"{replicate}, than metrics.csv; delete both and run snakemake again"
        )
    return metrics


# --- the cells ------------------------------------------------------------------------------------


def usable(metrics: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Leave out cells without a test error, and say what the data cannot tell.

    Returns the other rows, with their index, and notes for the reader: cells left out, cells that
    the others' axes promise but that are missing, one replicate, no baseline, no translator.
    """
    notes = []
    broken = metrics[~np.isfinite(metrics["test_error"])]
    for mix, n, replicate in broken[CELL].itertuples(index=False):
        notes.append(f"{mix} at {n:,}, replicate {replicate}, has no test error: left out")
    rows = metrics.drop(broken.index)
    notes += [f"missing: {cell}" for cell in _missing(metrics)]
    replicates = len(set(rows["replicate"]))
    if replicates == 1:
        notes.append(
            "one replicate: errors and counts have no intervals, and comparisons hold for these "
            "very classifiers only, not for other draws of real images"
        )
    mixes = rows["mix"].unique()
    for suffix, which in (("", "without"), (AUGMENTED, "with")):
        if BASELINE + suffix not in mixes and any(augments(mix) == bool(suffix) for mix in mixes):
            notes.append(
                f"no baseline: without the mix {BASELINE}{suffix}, nothing says whether a mix "
                f"{which} augmentation helps"
            )
    if all(synthetic_of(mix) in ("none", "font") for mix in mixes):
        notes.append("no translator: nothing says whether translation helps")
    return rows, notes


def _missing(metrics: pd.DataFrame) -> list[str]:
    """Cells that are absent though their mix, their count and their replicate exist."""
    present = set(metrics[CELL].itertuples(index=False, name=None))
    # Further font-only classifiers stand at counts of their own.
    counts = sorted(metrics.loc[metrics["mix"] != "font", "n_real"].unique())
    total = (metrics["n_real"] + metrics["n_synthetic"]).max()
    return [
        f"{mix} at {n:,}, replicate {replicate}"
        for mix in metrics["mix"].unique()
        for n in counts
        for replicate in sorted(metrics["replicate"].unique())
        if (images_of(mix) == BASELINE or n < total) and (mix, n, replicate) not in present
    ]


def summarise(metrics: pd.DataFrame) -> pd.DataFrame:
    """One row a mix and count: mean test error, its 95 % interval, how many replicates."""
    rows = []
    for (mix, n), own in metrics.groupby(["mix", "n_real"]):
        interval = mean_interval(own["test_error"].to_numpy())
        rows.append(
            {
                "mix": mix,
                "n_real": n,
                "n_synthetic": own["n_synthetic"].iloc[0],
                "replicates": len(own),
                "test_error": interval.value,
                "low": interval.low,
                "high": interval.high,
                "sd": own["test_error"].std(),
            }
        )
    columns = ["mix", "n_real", "n_synthetic", "replicates", "test_error", "low", "high", "sd"]
    return pd.DataFrame(rows, columns=columns)


# --- comparisons ----------------------------------------------------------------------------------


def compare_mixes(metrics: pd.DataFrame, reads: Reads) -> pd.DataFrame:
    """Compare mixes on the same test images, replicate by replicate.

    Every mix with the baseline that is augmented as it is, the augmented baseline with the other,
    every mix with a translator's digits with the same mix of untranslated ones, and the
    font-only classifier of most images with that of fewest. All of them together tell how much
    replicates spread.

    Returns one row a comparison: ``ratio`` of the errors (below one, the mix is better) with its
    interval, ``p``, ``p_adjusted`` for all comparisons here, and the ``verdict``: better,
    worse or undecided.
    """
    cells = dict(list(metrics.groupby(["mix", "n_real"])))
    wrong = reads.read != reads.labels
    pairs, rows = [], []
    for (mix, n), (reference, reference_n) in _pairs(cells):
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
        pairs.append((both["index"].to_numpy(), both["index_reference"].to_numpy()))
        rows.append(
            {"mix": mix, "n_real": n, "reference": reference, "reference_n_real": reference_n}
            | {"replicates": len(both)}
        )
    prior = pool(log_ratios(wrong[own], wrong[other]) for own, other in pairs)
    for row, (own, other) in zip(rows, pairs, strict=True):
        row |= compare(wrong[own], wrong[other], prior=prior)._asdict()
    columns = ["mix", "n_real", "reference", "reference_n_real", "ratio", "low", "high", "p"]
    table = pd.DataFrame(rows, columns=[*columns, "test", "replicates"])
    return _judged(table)


def _judged(table: pd.DataFrame) -> pd.DataFrame:
    """Add each comparison's adjusted p and its verdict."""
    table["p_adjusted"] = adjust(table["p"].to_numpy(dtype=float))
    sign = np.where(table["ratio"] < 1, "better", "worse")
    table["verdict"] = np.where(table["p_adjusted"] < DECIDED, sign, "undecided")
    return table


def _pairs(cells: Iterable[tuple[str, int]]) -> Iterable[tuple[tuple[str, int], tuple[str, int]]]:
    present = dict.fromkeys(cells)
    for mix, n in present:
        for reference in references(mix):
            if (reference, n) in present:
                yield (mix, n), (reference, n)
    fonts = sorted(n for mix, n in present if mix == "font")
    if len(fonts) > 1:
        yield ("font", fonts[0]), ("font", fonts[-1])  # fewest real ones: most rendered ones


def references(mix: str) -> list[str]:
    """The mixes that a mix is compared with."""
    suffix = AUGMENTED if augments(mix) else ""
    if images_of(mix) == BASELINE:
        return [BASELINE] if suffix else []
    found = [BASELINE + suffix]
    if synthetic_of(mix) != "font":
        found.append((f"{BASELINE}-font" if uses_real(mix) else "font") + suffix)
    return found


def break_even(comparisons: pd.DataFrame) -> pd.DataFrame:
    """Where each mix is better than what it is compared with, from which count on.

    ``break_even`` is the smallest count at which the mix is better and after which it is never
    worse; ``until`` the last count at which it is better. Counts go up to all real images, where
    any mix becomes the baseline; so at large counts nothing can be better, and undecided ones do
    not count against it. The other columns list the counts of each verdict.
    """
    rows = []
    same = comparisons[comparisons["n_real"] == comparisons["reference_n_real"]]
    for (mix, reference), own in same.groupby(["mix", "reference"], sort=False):
        counts = {verdict: rows_of["n_real"] for verdict, rows_of in own.groupby("verdict")}
        empty = pd.Series(dtype=int)
        better, worse = (sorted(counts.get(verdict, empty)) for verdict in ("better", "worse"))
        lasting = [n for n in better if not worse or n > worse[-1]]
        rows.append(
            {
                "mix": mix,
                "reference": reference,
                "break_even": lasting[0] if lasting else pd.NA,
                "until": lasting[-1] if lasting else pd.NA,
                "better_at": listed(better),
                "undecided_at": listed(sorted(counts.get("undecided", empty))),
                "worse_at": listed(worse),
            }
        )
    columns = ["mix", "reference", "break_even", "until", "better_at", "undecided_at", "worse_at"]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype({"break_even": "Int64", "until": "Int64"})  # counts, or absent


def worth(metrics: pd.DataFrame, n_test: int, seed: int) -> pd.DataFrame:
    """How many real images the baseline would need for the error of each mix with real images.

    The baseline is the one that is augmented as the mix is. Columns: ``equals`` with ``low`` and
    ``high``, counts of real images (infinity: more than the study has; zero: fewer than its
    smallest count), and ``worth``, what that is beyond the N at hand (where ``equals`` is zero,
    it is at least this).
    """
    rows = []
    for (mix, n), own in metrics.groupby(["mix", "n_real"], sort=False):
        if images_of(mix) == BASELINE or not uses_real(mix):
            continue
        baseline = metrics[metrics["mix"] == references(mix)[0]]
        if baseline["n_real"].nunique() < 2:
            continue
        found = equivalent_count(
            {
                count: rows_of["test_error"].to_numpy()
                for count, rows_of in baseline.groupby("n_real")
            },
            own["test_error"].to_numpy(),
            smallest=0.5 / n_test,
            seed=seed,
        )
        rows.append(
            {
                "mix": mix,
                "n_real": n,
                "baseline": references(mix)[0],
                "equals": found.value,
                "low": found.low,
                "high": found.high,
                "worth": found.value - n,
            }
        )
    columns = ["mix", "n_real", "baseline", "equals", "low", "high", "worth"]
    return pd.DataFrame(rows, columns=columns).sort_values(["mix", "n_real"], ignore_index=True)


def gains(metrics: pd.DataFrame, translators: pd.DataFrame, gaps: pd.DataFrame) -> pd.DataFrame:
    """One row a translator and its digits' measures, beside what these digits did to the error.

    ``alone`` is the test error of these digits alone, ``ratio`` the error of them and N real
    images over that of the same real images alone; NaN where the study has no such mix. Rendered
    digits as they are join in, at every count, as a translator named font that keeps all labels.
    """
    errors = metrics.set_index(CELL)["test_error"]
    fonts = gaps[gaps["images"] == "font"].drop(columns="n_real")
    counts = pd.DataFrame({"n_real": sorted(translators["n_real"].unique())})
    fonts = fonts.rename(columns={"images": "translator"}).assign(label_retention=1.0)
    rows = pd.concat([translators, fonts.merge(counts, how="cross")], ignore_index=True)
    columns = [column for column in rows if column in translators.columns]

    def of(mixes: Iterable[str]) -> list[float]:
        cells = zip(mixes, rows["n_real"], rows["replicate"], strict=True)
        return [errors.get(cell, np.nan) for cell in cells]

    real, beside = of([BASELINE] * len(rows)), of(f"{BASELINE}-{n}" for n in rows["translator"])
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.divide(beside, real)
    # A ratio of or to zero has no place on a logarithmic axis.
    ratio[(ratio == 0) | np.isinf(ratio)] = np.nan
    return rows[columns].assign(alone=of(rows["translator"]), ratio=ratio)


class Study(NamedTuple):
    """A study's name, its classifiers and what they read."""

    name: str
    metrics: pd.DataFrame
    reads: Reads


def compare_studies(first: Study, second: Study) -> tuple[pd.DataFrame, list[str]]:
    """Compare two studies mix by mix and count by count, on the same test images.

    Returns one row a mix and count that both have, with the mean errors ``first`` and ``second``,
    the ``ratio`` of the second to the first and the ``verdict`` on the second; and notes on what
    could not be compared.

    Raises
    ------
    InputError
        The studies were not tested on the same images, or share no mix and count.
    """
    if not np.array_equal(first.reads.labels, second.reads.labels):
        raise InputError("the two studies were not tested on the same images: nothing to compare")
    notes = []
    cells, wrong = [], []
    for name, metrics, reads in (first, second):
        rows, found = usable(_fitting(metrics, reads, name))
        notes += [f"{name}: {note}" for note in found]
        cells.append(dict(list(rows.groupby(["mix", "n_real"]))))
        wrong.append(reads.read != reads.labels)
    pairs, rows = [], []
    for mix, n in cells[0].keys() & cells[1].keys():
        one, two = (own[mix, n].reset_index() for own in cells)
        both = one.merge(two, on="replicate", suffixes=("_one", "_two"))
        if both.empty:
            continue
        pairs.append((wrong[1][both["index_two"]], wrong[0][both["index_one"]]))
        errors = {"first": both["test_error_one"].mean(), "second": both["test_error_two"].mean()}
        rows.append({"mix": mix, "n_real": n, "replicates": len(both)} | errors)
    if not rows:
        raise InputError("the two studies share no mix at the same count and replicate")
    prior = pool(log_ratios(*pair) for pair in pairs)
    for row, pair in zip(rows, pairs, strict=True):
        row |= compare(*pair, prior=prior)._asdict()
    table = pd.DataFrame(rows).sort_values(["mix", "n_real"], ignore_index=True)
    for study, own, other in ((first, *cells), (second, *cells[::-1])):
        if alone := _only_in(own.keys(), other.keys()):
            notes.append(f"only in {study.name}: {'; '.join(alone)}")
    return _judged(table), notes


def _only_in(own: Iterable[tuple[str, int]], other: Iterable[tuple[str, int]]) -> list[str]:
    """Cells of one study that another lacks, by mix: ``font``, or ``warp at 5,500``."""
    lacking: dict[str, list[int]] = {}
    for mix, n in sorted(set(own) - set(other)):
        lacking.setdefault(mix, []).append(n)
    shared = {mix for mix, _ in other}
    return [
        f"{mix} at {listed(counts)}" if mix in shared else mix for mix, counts in lacking.items()
    ]
