"""How far classifiers of one mix and count can be trusted: set by validation, measured on test.

Validation images choose the temperature and the threshold; test images choose nothing.
"""

import hashlib
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
        makes; ``risk`` promised, NaN if none can be, and the ``confidence`` of answers; on test
        images the share ``answered`` and the share of these that is ``wrong``; errors are
        means over classifiers
    reliability : of `calibration.bins` on test images, of all classifiers, for each ``scores``,
        as they were and calibrated
    coverage : of `risk.coverage` on test images
    """

    row: dict[str, Any]
    reliability: pd.DataFrame
    coverage: pd.DataFrame


def units(held: Sequence[ImageSet]) -> tuple[np.ndarray, int]:
    """What was drawn by itself, of sets that may share images: groups if there are several.

    Returns
    -------
    int64 [n of all sets], places of the groups, else of the images; and how many images differ.
    """
    known: dict[bytes, int] = {}
    images = [
        known.setdefault(hashlib.sha256(image.tobytes()).digest(), len(known))
        for own in held
        for image in own.images
    ]
    groups = [own.groups for own in held]
    if any(own is None for own in groups) or len(np.unique(np.concatenate(groups))) < 2:
        return np.array(images, np.int64), len(known)
    return np.concatenate(groups), len(known)


def measured(
    validation: Sequence[np.ndarray],
    test: Sequence[np.ndarray],
    held: Sequence[ImageSet],
    tested: Sequence[ImageSet],
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
    places, images = units(held)
    labels = np.concatenate([own.labels for own in held])
    temperature, threshold = chosen(validation, labels, places, images, asked)
    after = [calibration.tempered(scores, temperature) for scores in before]
    sure = {"before": list(map(_confidence, before)), "after": list(map(_confidence, after))}
    right = [scores.argmax(1) == own.labels for scores, own in zip(before, tested, strict=True)]
    errors = {
        name: np.mean(list(map(calibration.expected_error, own, right)))
        for name, own in sure.items()
    }
    row = {
        "validation_images": images,
        "validation_units": len(np.unique(places)),
        "temperature": temperature,
        "uncalibrated": errors["before"],
        "calibration_error": errors["after"],
        "least": calibration.least_error(sure["after"][0], seed),
    }
    row |= dict.fromkeys(("risk", "confidence", "answered", "wrong"), np.nan)
    if threshold is not None:
        taken = np.concatenate(sure["after"]) >= threshold.confidence
        row |= {
            "risk": threshold.risk,
            "confidence": threshold.confidence,
            "answered": taken.mean(),
            "wrong": (taken & ~np.concatenate(right)).sum() / max(taken.sum(), 1),
        }
    tables = [
        calibration.bins(np.concatenate(own), np.concatenate(right)).assign(scores=name)
        for name, own in sure.items()
    ]
    wrong = [~own for own in right]
    return Measured(row, pd.concat(tables), risk.coverage(sure["after"], wrong))


def chosen(
    scores: Sequence[np.ndarray], labels: np.ndarray, places: np.ndarray, images: int, asked: float
) -> tuple[float, risk.Threshold | None]:
    """The temperature, and the threshold at a risk or at the lowest one above that is allowed.

    labels, places, images : of the images that the scores are of, the latter of `units`
    """
    found = np.concatenate([calibration.restored(own) for own in scores])
    if not len(labels):
        return 1.0, None
    effect = risk.design_effect(1 - found[np.arange(len(labels)), labels], places)
    # Several classifiers do not make more images of them.
    effect = max(effect, len(labels) / images)
    temperature = calibration.fitted(found, labels, len(labels) / effect)
    wrong, sure = found.argmax(1) != labels, _confidence(calibration.tempered(found, temperature))
    return temperature, risk.allowed(sure, wrong, effect, asked)


def _confidence(scores: np.ndarray) -> np.ndarray:
    return scores.max(1)
