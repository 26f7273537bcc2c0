"""Where the advice hurts: classes that the advised mix misreads more often than one without it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from realink.answer import designs
from realink.answer.statistics import adjust, pool
from realink.answer.words import listed
from realink.store.predictions import Predictions

SURE, PROBABLE = 0.05, 0.25  # false discovery rates
RAISED = ("surely raised", "probably raised")
LOWERED = ("surely lowered", "probably lowered")
UNDECIDED, UNTESTED = "undecided", "not tested"
COLUMNS = [
    "n_real", "mix", "reference", "label", "images", "error", "reference_error", "ratio", "low",
    "high", "p", "p_adjusted", "verdict", "taken_for", "taken_share",
]  # fmt: skip
CAUSES = [
    "made_images", "real_images", "told_apart", "told_apart_elsewhere", "differs", "difference",
    "difference_elsewhere", "peculiar", "peculiar_difference", "peculiar_elsewhere",
]  # fmt: skip
PECULIAR = 0.5  # standard deviations by which a class's images are further off than the others'


def harm(
    metrics: pd.DataFrame, predictions: Predictions, recommended: Iterable[Mapping[str, Any]]
) -> pd.DataFrame:
    """Compare what is advised with what one would do instead, on the test images of each class.

    As whole test sets are compared (`realink.answer.designs`), what all classes say of
    the spread of replicates weighing in. The p-values of one count are corrected for the number of
    its classes: of those that are said to be surely raised or lowered about one in twenty may be
    wrong, of those that are probably so one in four.

    Parameters
    ----------
    metrics : usable rows, whose index leads to the predictions
    recommended : records of `realink.answer.recommended`; those without anything to do instead,
        such as real images as they are, take no part

    Returns
    -------
    One row a count and class that has test images: mean errors, fractions; the ``ratio`` of the
    advised mix's to the other's, with its 95 % interval; the ``verdict``; ``taken_for``, the class
    that the advised mix most often takes it for, and the share of its mistakes that are this one. A
    class of one image, or of one group of several that there are, is not tested.
    """
    rows = dict(list(metrics.groupby(["mix", "n_real"])))
    classes = range(len(predictions.classes))
    parts = [predictions.part(predictions.labels == label) for label in classes]
    told = [(part.wrong, part.tested) for part in parts]
    found, pairs = [], []
    for one in recommended:
        n, mix, reference = one["n_real"], one["mix"], one["instead_of"]
        if reference is None or (mix, n) not in rows or (reference, n) not in rows:
            continue
        advised, other = _paired(rows[mix, n], rows[reference, n])
        for name, part, (wrong, tested) in zip(predictions.classes, parts, told, strict=True):
            if not tested[advised].any():
                continue
            pair = _Pair(part, advised, wrong[advised], wrong[other])
            read = tested[advised].sum()
            taken = _taken_for(part.predicted[advised][pair.wrong])
            found.append(
                {"n_real": n, "mix": mix, "reference": reference, "label": name}
                | {"images": int(tested[advised].any(axis=0).sum())}
                | {"error": float(pair.wrong.sum() / read)}
                | {"reference_error": float(pair.reference_wrong.sum() / read)}
                | {
                    "taken_for": None if taken is None else predictions.classes[taken[0]],
                    "taken_share": None if taken is None else taken[1],
                }
            )
            pairs.append(pair if _testable(part, grouped=predictions.cases is not None) else None)
    return _judged(pd.DataFrame(found, columns=COLUMNS), pairs)


class _Pair(NamedTuple):
    """What the advised mix and another one got wrong of a class's test images, bool [r, n].

    predictions : of these images
    rows : int [r], of the advised mix; the other's are of the same replicates
    """

    predictions: Predictions
    rows: np.ndarray
    wrong: np.ndarray
    reference_wrong: np.ndarray


def _judged(table: pd.DataFrame, pairs: Sequence[_Pair | None]) -> pd.DataFrame:
    tested = [place for place, pair in enumerate(pairs) if pair is not None]
    samples = [designs.log_ratios(*pair) for pair in pairs if pair is not None]
    priors = pool(samples, table["n_real"].iloc[tested].tolist()) if tested else []
    for place, prior in zip(tested, priors, strict=True):
        result = designs.compare(*pairs[place], prior)
        for column in ("ratio", "low", "high", "p"):
            table.loc[place, column] = getattr(result, column)
    table["verdict"] = UNTESTED
    for _, own in table.iloc[tested].groupby("n_real"):
        table.loc[own.index, "p_adjusted"] = adjusted = adjust(own["p"].to_numpy(dtype=float))
        for place, ratio, p in zip(own.index, own["ratio"], adjusted, strict=True):
            likely = 0 if p < SURE else 1 if p < PROBABLE else None
            kind = RAISED if ratio > 1 else LOWERED
            table.loc[place, "verdict"] = UNDECIDED if likely is None else kind[likely]
    numbers = ["ratio", "low", "high", "p", "p_adjusted", "taken_share"]
    return table.astype(dict.fromkeys(numbers, float))


def _paired(one: pd.DataFrame, other: pd.DataFrame) -> np.ndarray:
    """Rows of the predictions of either mix, of the replicates that both have: int [2, r]."""
    both = one.reset_index().merge(other.reset_index(), on="replicate", suffixes=("", "_other"))
    return both[["index", "index_other"]].to_numpy().T


def _testable(own: Predictions, *, grouped: bool) -> bool:
    """Whether there are several images, or several groups of them, of a class."""
    return len(np.unique(own.groups)) > 1 if grouped else len(own.labels) > 1


def _taken_for(mistaken: np.ndarray) -> tuple[int, float] | None:
    """What images, unsigned [n], are most often taken for, and its share of these mistakes."""
    counts = np.bincount(mistaken)
    return (int(counts.argmax()), float(counts.max() / counts.sum())) if len(counts) else None


def raised(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of `harm` of which the errors are surely or probably raised, the surest first."""
    own = table[table["verdict"].isin(RAISED)]
    return own.sort_values(["n_real", "p_adjusted"], ascending=[False, True], kind="stable")


def explained(table: pd.DataFrame, looks: Mapping[int, pd.DataFrame]) -> pd.DataFrame:
    """Add to the table of `harm` what is measured of the images behind raised classes.

    Parameters
    ----------
    looks : of `realink.scores.looks.by_class`, by the count; none of counts at which the advised
        mix has no synthetic images

    Returns
    -------
    The table with the columns `CAUSES`: ``made_images`` and ``real_images`` that were measured;
    ``told_apart``, the accuracy in telling them apart, and the median of the other classes';
    ``differs``, the measure that differs most, by how many standard deviations, and the median of
    the other classes'; ``peculiar``, the same of the measure that is further off than the other
    classes' by most, if that is `PECULIAR` at least. Missing of all other rows.
    """
    found = {}
    for row in raised(table).itertuples():
        measured = looks.get(row.n_real)
        if measured is None or row.label not in measured.index:
            continue
        own, others = measured.loc[row.label], measured.drop(index=row.label).median()
        apart = own.drop(index=["made_images", "real_images", "told_apart"]).astype(float)
        most = apart.abs().idxmax()
        further = apart.abs() - others[apart.index].abs()
        peculiar = further.idxmax() if further.max() >= PECULIAR else None
        found[row.Index] = {
            "made_images": own["made_images"],
            "real_images": own["real_images"],
            "told_apart": own["told_apart"],
            "told_apart_elsewhere": others["told_apart"],
            "differs": most,
            "difference": apart[most],
            "difference_elsewhere": others[most],
            "peculiar": peculiar,
            "peculiar_difference": np.nan if peculiar is None else apart[peculiar],
            "peculiar_elsewhere": np.nan if peculiar is None else others[peculiar],
        }
    return table.join(pd.DataFrame.from_dict(found, orient="index", columns=CAUSES))


def said(table: pd.DataFrame) -> list[str]:
    """What is said of the table of `harm`: where classes are raised, or that none is."""
    if table.empty:
        return []
    untested = listed(list(dict.fromkeys(table.loc[table["verdict"] == UNTESTED, "label"])))
    few = f"Too few test images, or groups of them, to tell: {untested}." if untested else ""
    tested = table.loc[table["verdict"] != UNTESTED, "label"].nunique()
    found, words = raised(table), []
    if tested and found.empty:
        classes = "The one class is not" if tested == 1 else f"None of {tested} classes is"
        words.append(
            f"{classes} surely or probably misread more often by what is advised than by the real "
            "images alone, at any N."
        )
    elif tested:
        named = []
        for label, own in found.groupby("label", sort=False):
            kinds = [
                f"{kind.split()[0]} at N = {listed(sorted(counts))}"
                for kind in RAISED
                if len(counts := own.loc[own["verdict"] == kind, "n_real"].tolist())
            ]
            named.append(f"{label} ({listed(kinds)})")
        words.append(
            "What is advised misreads some classes more often than the real images alone do: "
            f"{listed(named)}."
        )
    return [*words, *filter(None, [few])]
