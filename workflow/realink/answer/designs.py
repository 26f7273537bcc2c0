"""Which statistics a study's test images ask for: the same in all replicates, or others in each."""

import numpy as np

from realink.answer import nested, statistics
from realink.answer.statistics import Comparison, Prior, Sample
from realink.store.predictions import Predictions


def log_ratios(
    predictions: Predictions, rows: np.ndarray, wrong_a: np.ndarray, wrong_b: np.ndarray
) -> Sample:
    """The log ratios of the errors of two mixes.

    Parameters
    ----------
    predictions : of the study
    rows : int [r], classifiers of the replicates that are compared, of either mix
    wrong_a, wrong_b : bool [r, n], what theirs got wrong, as `Predictions.wrong` has it
    """
    cases, tested = predictions.cases, _tested(predictions, rows)
    if tested is None:
        return statistics.log_ratios(wrong_a, wrong_b, cases)
    return nested.log_ratios(wrong_a, wrong_b, tested, cases)


def compare(
    predictions: Predictions,
    rows: np.ndarray,
    wrong_a: np.ndarray,
    wrong_b: np.ndarray,
    prior: Prior | None,
) -> Comparison:
    """Compare two mixes; parameters as of `log_ratios`, and what `statistics.pool` finds."""
    cases, tested = predictions.cases, _tested(predictions, rows)
    if tested is None:
        return statistics.compare(wrong_a, wrong_b, prior=prior, groups=cases)
    return nested.compare(wrong_a, wrong_b, tested, prior=prior, groups=cases)


def log_errors(predictions: Predictions, rows: np.ndarray, wrong: np.ndarray) -> Sample:
    """The log errors of one mix; parameters as of `log_ratios`."""
    tested = _tested(predictions, rows)
    if tested is None:
        return statistics.log_errors(wrong)
    return nested.log_errors(wrong, tested, predictions.cases)


def _tested(predictions: Predictions, rows: np.ndarray) -> np.ndarray | None:
    if predictions.turns is None:
        return None
    return predictions.replicates[rows][:, None] == predictions.turns
