"""The answer of a study: from its tables and predictions to comparisons, break-even and worth."""

from dataclasses import replace

import numpy as np
import pandas as pd

from realink.answer import learners
from realink.answer.cells import errors_by_group, fitting, limits, summarise, usable
from realink.answer.comparisons import break_even, compare_mixes, decided
from realink.answer.expected import expected
from realink.answer.more_labels import more_labels
from realink.answer.recommended import recommended
from realink.answer.result import Answer
from realink.answer.worth import errors_of_cells, worth
from realink.store.predictions import Predictions

FEW = 200  # test images; of fewer, one is more than half a point


def analyse(
    metrics: pd.DataFrame,
    predictions: Predictions,
    translators: pd.DataFrame,
    *,
    pool: int,
    seed: int,
    unlabelled: int = 0,
) -> Answer:
    """Compute the answer of a study, from its own data alone.

    Parameters
    ----------
    metrics, translators : the study's tables, as `realink.store.tables` makes and reads them
    predictions : in the order of `metrics`
    pool : real images that the replicates draw from, at least
    seed : of the intervals of `worth`
    unlabelled : real images without labels that the study has

    Raises
    ------
    InputError
        The predictions are not those of the table.
    """
    rows, notes = usable(fitting(metrics, predictions))
    found = compared(rows, predictions)
    errors, share = errors_of_cells(rows, predictions)
    return replace(
        found,
        notes=_of_few(predictions) + _of_turns(predictions, rows) + _of_groups(predictions) + notes,
        limits=limits(rows, pool, turns(predictions)),
        break_even=break_even(found.comparisons),
        worth=worth(errors, share, seed),
        groups=errors_by_group(rows, predictions),
        translators=translators,
        unlabelled=unlabelled,
        rivals=_rivals(found, rows, predictions),
        more_labels=more_labels(found, errors),
    )


def compared(metrics: pd.DataFrame, predictions: Predictions) -> Answer:
    """What the advice follows from: errors, their comparisons, and which learner is right.

    Parameters
    ----------
    metrics : usable rows, whose index leads to the predictions
    """
    comparisons, summary = compare_mixes(metrics, predictions), summarise(metrics)
    summary["expected_error"] = expected(summary, len(predictions.labels))
    right = learners.judged(learners.best(metrics), comparisons)
    return Answer(summary, comparisons, learners=right)


def _rivals(answer: Answer, metrics: pd.DataFrame, predictions: Predictions) -> pd.DataFrame:
    """Compare what is recommended with all else at its count, as `compare_mixes` does.

    A pair that the study's own comparisons have keeps their verdict; the others' is of all of them
    together, so that no pair is surer for being asked for twice.
    """
    at = answer.summary.groupby("n_real")["mix"].apply(list)
    pairs = [
        ((one.mix.name, one.n_real), (other, one.n_real))
        for one in recommended(answer)
        for other in at[one.n_real]
        if other != one.mix.name and not answer.mixes[other].is_variant
    ]
    found = compare_mixes(metrics, predictions, pairs)
    known = answer.comparisons
    found = decided(pd.concat([known, found], ignore_index=True)).iloc[len(known) :].copy()
    flipped = {"better": "worse", "worse": "better"}
    said = {}
    for row in known[known["n_real"] == known["reference_n_real"]].itertuples():
        said[row.mix, row.reference, row.n_real] = row.verdict
        said[row.reference, row.mix, row.n_real] = flipped.get(row.verdict, row.verdict)
    own = zip(found["mix"], found["reference"], found["n_real"], found["verdict"], strict=True)
    found["verdict"] = [said.get((mix, other, n), verdict) for mix, other, n, verdict in own]
    return found


def turns(predictions: Predictions) -> int:
    """In how many replicates each image was tested once; 0 where all tested the same ones."""
    return 0 if predictions.turns is None else int(predictions.turns.max())


def _of_few(predictions: Predictions) -> list[str]:
    n = len(predictions.labels)
    if n >= FEW:
        return []
    return [
        f"there are only {n} test images, so that one misread adds {100 / n:.2g}\N{NO-BREAK SPACE}"
        "% of error: what is undecided here may be decided by more of them"
    ]


def _of_turns(predictions: Predictions, metrics: pd.DataFrame) -> list[str]:
    if not (replicates := turns(predictions)):
        return []
    found = [
        f"each of the {len(predictions.labels):,} labelled images was tested once, in one of "
        f"{replicates} replicates whose classifiers were trained on others: errors are means over "
        "replicates, and comparisons pair within them"
    ]
    if metrics.get("validation_error", pd.Series(dtype=float)).isna().all():
        found.append(
            "there are too few groups to spare one for choices (validation): settings are "
            "defaults, and which network is right was not chosen beforehand"
        )
    return found


def _of_groups(predictions: Predictions) -> list[str]:
    if predictions.groups is None:
        return []
    present = np.unique(predictions.groups)
    if predictions.cases is None:
        return [
            f"all test images are of one group, {predictions.group_names[present[0]]}: the answer "
            "holds for other images of it, and says nothing of other groups"
        ]
    return [
        f"the test images come in {len(present)} groups: comparisons take groups, not images, as "
        "what varies, and hold for other groups"
    ]
