"""The model card of a study's final classifier (Mitchell et al. 2019, arXiv:1810.03993)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from realink.answer.statistics import LEVEL
from realink.answer.words import network, percent
from realink.images.imagesets import ImageSet
from realink.page.html import environment

# What validation images choose, in words.
CHOSEN = {
    "penalty": lambda value: f"L2 penalty {value:.3g}",
    "mirrored": lambda value: "mirror images read, too" if value else "no mirror images",
    "part": lambda value: f"weights {100 * value:.0f} % of the way of the training",
}
NAMED = 3  # classes that one is most often taken for


def card(
    *,
    study: str,
    trained: Mapping[str, Any],
    expected: Mapping[str, Any],
    test: ImageSet,
    predicted: np.ndarray,
    tested_once: bool,
    checked: int,
    images: Mapping[str, Any],
    real: Mapping[str, Any],
    named: bool,
    pretrained: Mapping[str, str] | None,
    trusted: Sequence[str],
    version: str,
) -> str:
    """Write the card, as Markdown.

    Parameters
    ----------
    trained : the record of its training
    expected : the row of summary.csv of its mix, at the largest count
    test, predicted : the test images, and int [n] the classes that it gives them; or if they were
        `tested_once`, those that the study's classifiers did that had not seen them
    checked : images on which the model as ONNX predicts the same
    images, real : the config's
    named : whether to say what learned, as the study has several learners
    pretrained : name, sha256 and source of the backbone, if it has one
    trusted : of `realink.page.trusted.sentences`
    version : of realink
    """
    wrong = int((predicted != test.labels).sum())
    # Of the error to expect, not of its own.
    expectedly = round(expected["test_error"] * len(predicted))
    alone = stats.binomtest(expectedly, len(predicted)).proportion_ci(LEVEL, method="wilson")
    # Markdown may hold HTML, and a class any name.
    found = environment(keep_trailing_newline=True)
    found.filters |= {
        "percent": percent,
        "count": lambda n: f"{n:,.0f}",
        "cell": lambda name: " ".join(name.replace("|", "/").split()),
    }
    return found.get_template("card.md.jinja").render(
        study=study,
        trained=trained,
        pretrained=pretrained,
        network=network(trained["learner"]) if named else None,
        expected=expected,
        alone=alone,
        wrong=wrong,
        n=len(predicted),
        tested_once=tested_once,
        checked=checked,
        chosen=[CHOSEN[name](value) for name, value in trained["chosen"].items() if name in CHOSEN],
        groups=0 if test.groups is None else len(np.unique(test.groups)),
        rows=_by_class(test, predicted),
        images=images,
        real=real,
        trusted=trusted,
        version=version,
    )


def _by_class(test: ImageSet, predicted: np.ndarray) -> list[tuple[str, int, float, Sequence]]:
    """Of each class: its name, its test images, the share misread, and for what most often."""
    rows = []
    for label, name in enumerate(test.classes):
        own = predicted[test.labels == label]
        counts = np.bincount(own, minlength=len(test.classes))
        right, counts[label] = counts[label], 0
        mistaken = [
            (test.classes[place], int(counts[place]))
            for place in np.argsort(-counts, kind="stable")[:NAMED]
            if counts[place]
        ]
        rows.append((name, len(own), 1 - right / len(own) if len(own) else np.nan, mistaken))
    return rows
