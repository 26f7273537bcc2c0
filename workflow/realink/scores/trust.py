"""How far classifiers of one mix and count can be trusted: set by validation, measured on test.

Validation images choose the temperature and the threshold; test images choose nothing.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from realink.images.imagesets import ImageSet
from realink.scores import calibration, risk


class Measured(NamedTuple):
    """What was found.

    row : ``validation_images``, ``validation_units`` (groups, or images), ``temperature``;
        ``calibration_error`` on test images, that ``uncalibrated``, and the ``least`` that chance
        makes; ``risk`` promised, NaN if none can be, with the ``confidence`` of answers, and on test
        images the share ``answered`` and the share of these that is ``wrong``; errors are
        means over classifiers
    reliability : of `calibration.bins` on test images, of all classifiers, for each ``scores``,
        as they were and calibrated
    coverage : of `risk.coverage` on test images
    """

    row: dict[str, Any]
    reliability: pd.DataFrame
    coverage: pd.DataFrame


def units(images: ImageSet) -> np.ndarray:
    """What was drawn by itself: groups if there are several, else images; int64 [n]."""
    several = images.groups is not None and len(np.unique(images.groups)) > 1
    return images.groups if several else np.arange(len(images))


def measured(
    validation: Sequence[np.ndarray],
    test: Sequence[np.ndarray],
    held: ImageSet,
    tested: ImageSet,
    *,
    asked: float,
    seed: int,
) -> Measured:
    """Choose by validation images, and measure on test images.

    Parameters
    ----------
    validation, test : scores, float16 [n, classes], of each classifier of a mix and count
    held, tested : the images that these are of
    asked : risk, a fraction
    seed : of what chance makes
    """
    before = [calibration.restored(scores) for scores in test]
    temperature, threshold = chosen(validation, held, asked)
    after = [calibration.tempered(scores, temperature) for scores in before]
    sure = {"before": list(map(_confidence, before)), "after": list(map(_confidence, after))}
    wrong = [scores.argmax(1) != tested.labels for scores in before]
    errors = {
        name: np.mean(
            [calibration.expected_error(*pair) for pair in zip(own, _right(wrong), strict=True)]
        )
        for name, own in sure.items()
    }
    row = {
        "validation_images": len(held),
        "validation_units": len(np.unique(units(held))),
        "temperature": temperature,
        "uncalibrated": errors["before"],
        "calibration_error": errors["after"],
        "least": calibration.least_error(sure["after"][0], seed),
    }
    row |= dict.fromkeys(("risk", "confidence", "answered", "wrong"), np.nan)
    if threshold is not None:
        taken = [confidence >= threshold.confidence for confidence in sure["after"]]
        answered = sum(own.sum() for own in taken)
        missed = sum((own & off).sum() for own, off in zip(taken, wrong, strict=True))
        row |= {
            "risk": threshold.risk,
            "confidence": threshold.confidence,
            "answered": answered / sum(map(len, taken)),
            "wrong": missed / max(answered, 1),
        }
    tables = [
        calibration.bins(np.concatenate(own), np.concatenate(_right(wrong))).assign(scores=name)
        for name, own in sure.items()
    ]
    return Measured(row, pd.concat(tables), risk.coverage(sure["after"], wrong))


def chosen(
    scores: Sequence[np.ndarray], held: ImageSet, asked: float
) -> tuple[float, risk.Threshold | None]:
    """The temperature, and the threshold at a risk or at the lowest one above that is allowed."""
    found = np.concatenate([calibration.restored(own) for own in scores])
    labels, places = (np.tile(part, len(scores)) for part in (held.labels, units(held)))
    if not len(labels):
        return 1.0, None
    # Several classifiers do not make more images of them.
    effect = risk.design_effect(1 - found[np.arange(len(labels)), labels], places)
    effect = max(effect, len(scores))
    temperature = calibration.fitted(found, labels, len(labels) / effect)
    wrong, sure = found.argmax(1) != labels, _confidence(calibration.tempered(found, temperature))
    return temperature, risk.allowed(sure, wrong, effect, asked)


def _confidence(scores: np.ndarray) -> np.ndarray:
    return scores.max(1)


def _right(wrong: list[np.ndarray]) -> list[np.ndarray]:
    return [~own for own in wrong]
