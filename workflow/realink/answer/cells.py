"""The cells of a study: which classifiers can be used, and their mean errors.

The tables are those that `realink.store.tables` writes; errors are fractions.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from realink.answer.statistics import mean_interval
from realink.answer.words import listed, rank
from realink.errors import InputError
from realink.plan.mixes import RENDERED, Mix
from realink.store.predictions import Predictions

CELL = ["mix", "n_real", "replicate"]
ALONE = Mix(RENDERED, False)


def parsed(labels: Iterable[str]) -> dict[str, Mix]:
    """The mixes of a table's column, by their labels, each once."""
    return {label: Mix.parse(label) for label in dict.fromkeys(labels)}


def fitting(
    metrics: pd.DataFrame, predictions: Predictions, study: str = "the study"
) -> pd.DataFrame:
    """Give the table an index that leads to the predictions.

    Raises
    ------
    InputError
        The predictions are not those of the table.
    """
    found = predictions.predicted.shape
    if found != (len(metrics), len(predictions.labels)):
        raise InputError(
            f"{study}: predictions.safetensors has {found[0]} classifiers, metrics.csv "
            f"{len(metrics)}; delete both and run snakemake again"
        )
    metrics = metrics.reset_index(drop=True).astype({"test_error": float})
    differs = predictions.errors - metrics["test_error"]
    for mix, n, replicate in metrics.loc[differs.abs() > 1e-6, CELL].itertuples(index=False):
        raise InputError(
            f"{study}: predictions.safetensors has another error of {mix} at {n:,}, replicate "
            f"{replicate}, than metrics.csv; delete both and run snakemake again"
        )
    return metrics


def errors_by_group(metrics: pd.DataFrame, predictions: Predictions) -> pd.DataFrame:
    """One row a mix, count and group of test images: ``images`` and mean ``test_error``.

    Empty where images come in no groups.
    """
    groups, names = predictions.groups, predictions.group_names
    if groups is None:
        metrics, groups, names = metrics.iloc[:0], predictions.labels, predictions.classes
    return _errors_by("group", metrics, predictions, groups, names)


def errors_by_class(metrics: pd.DataFrame, predictions: Predictions) -> pd.DataFrame:
    """One row a mix, count and class: ``label``, ``images`` and mean ``test_error``."""
    labels, names = predictions.labels, predictions.classes
    return _errors_by("label", metrics, predictions, labels, names)


def _errors_by(
    column: str,
    metrics: pd.DataFrame,
    predictions: Predictions,
    places: np.ndarray,
    names: tuple[str, ...],
) -> pd.DataFrame:
    wrong, tested = predictions.wrong, predictions.tested
    rows = []
    for (mix, n), own in metrics.groupby(["mix", "n_real"]):
        read = tested[own.index].sum(axis=0)
        sizes = np.bincount(places[read > 0], minlength=len(names))
        shares = wrong[own.index].sum(axis=0) / np.maximum(read, 1)
        errors = np.bincount(places, shares, minlength=len(sizes)) / np.maximum(sizes, 1)
        rows += [
            (mix, n, name, size, error)
            for name, size, error in zip(names, sizes, errors, strict=True)
            if size
        ]
    return pd.DataFrame(rows, columns=["mix", "n_real", column, "images", "test_error"])


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
    if len(set(rows["replicate"])) == 1:
        notes.append(
            "one replicate: errors and counts have no intervals, and comparisons hold for these "
            "very classifiers only, not for other draws of real images"
        )
    mixes = set(parsed(rows["mix"]).values())
    needed = {Mix(None, True, mix.augmented, learner=mix.learner) for mix in mixes}
    for baseline in sorted(needed - mixes, key=lambda mix: (rank(mix.learner), mix.augmented)):
        notes.append(
            f"no baseline: without the mix {baseline.name}, nothing says whether a mix "
            f"{'with' if baseline.augmented else 'without'} augmentation helps"
        )
    if not any(mix.translator for mix in mixes):
        notes.append("no translator: nothing says whether translation helps")
    return rows, notes


def limits(metrics: pd.DataFrame, pool: int, turns: int = 0) -> list[str]:
    """What the replicates of a study cannot tell, even where none of its cells is lacking.

    Parameters
    ----------
    pool : real images that the replicates draw from
    turns : in how many replicates each image is tested once; 0 where all test the same ones
    """
    mixes = parsed(metrics["mix"])
    real = metrics[metrics["mix"].map(lambda name: mixes[name].real).astype(bool)]
    counts = sorted(real["n_real"].unique())
    replicates = real["replicate"].nunique()
    if replicates < 2:
        return []
    notes = []
    if replicates == 2:
        notes.append(
            "two replicates: a mean error has hardly an interval, and a comparison knows how much "
            "draws of real images differ from the other comparisons more than from itself"
        )
    # Of what one replicate trains on, another tests a part.
    common = (turns - 2) / (turns - 1) if turns else 1
    if crowded := [n for n in counts if 4 * n * common >= pool]:
        shared = listed(
            [f"{100 * n * common / pool:.0f}\N{NO-BREAK SPACE}% at {n:,}" for n in crowded]
        )
        about = "about " * bool(turns)
        notes.append(
            f"all draws come from the same {about}{pool:,} real images, of which two share {about}"
            f"{shared}: there, other real images would differ by more than the replicates do"
        )
    if len(counts) > 1:
        notes.append(
            "a replicate's real images at one N are among its images at any larger N: verdicts at "
            "neighbouring N lean on one another"
        )
    if any(mix.source for mix in mixes.values()):
        notes.append(
            "one set of rendered images serves all replicates: how much other fonts, or other "
            "pictures, would change is in no interval"
        )
    return notes


def _missing(metrics: pd.DataFrame) -> list[str]:
    """Cells that are absent though their mix, their count and their replicate exist."""
    present = set(metrics[CELL].itertuples(index=False, name=None))
    mixes = parsed(metrics["mix"])
    # Variants, and further classifiers of rendered images alone, stand at counts of their own.
    own = {mix: sorted(set(rows["n_real"])) for mix, rows in metrics.groupby("mix")}
    whole = [
        own[name]
        for name, mix in mixes.items()
        if mix.without_learner != ALONE and not mix.is_variant
    ]
    counts = sorted(set().union(*whole))
    total = (metrics["n_real"] + metrics["n_synthetic"]).max()
    replicates = sorted(metrics["replicate"].unique())
    # One note for all counts of a mix that lack the same replicates.
    absent: dict[tuple[str, tuple[int, ...]], list[int]] = {}
    for name, mix in mixes.items():
        for n in own[name] if mix.is_variant else counts:
            lacks = tuple(r for r in replicates if (name, n, r) not in present)
            if lacks and _promised(mix, n, total, 0 in counts):
                absent.setdefault((name, lacks), []).append(n)
    return [
        f"{mix} at {listed(at)}, replicate{'s' if len(lacks) > 1 else ''} {listed(lacks)}"
        for (mix, lacks), at in absent.items()
    ]


def _promised(mix: Mix, n: int, total: int, unlabelled: bool) -> bool:
    """Whether a mix stands at a count where others do, by the rules of `realink.plan.grid`."""
    return (mix.source is None or n < total) and (not unlabelled or mix.real == (n > 0))


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
