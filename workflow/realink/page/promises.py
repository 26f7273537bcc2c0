"""How far a classifier can be trusted, in words; the card and the page say the same."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from realink.answer.words import percent
from realink.scores import risk


def sentences(row: Mapping[str, Any], asked: float, unknown: Mapping[str, Any]) -> list[str]:
    """What it promises, and what became of that on test images.

    Parameters
    ----------
    row : of trust.csv
    asked : the risk that the config asks for
    unknown : what `measure_unknown` wrote
    """
    before = "; they are not calibrated, for want of validation images"
    if row["validation_images"]:
        before = f"; before calibration by {percent(row['uncalibrated'])}"
    said = [
        f"Its probabilities are off by {percent(row['calibration_error'])} on average, on test "
        f"images{before}. Of so many test images chance alone makes {percent(row['least'])}."
    ]
    images = _number(row["validation_images"], "validation image")
    if row["validation_units"] not in (row["validation_images"], 0):
        images += f" of {_number(row['validation_units'], 'group')}"
    if pd.isna(row["risk"]):
        said.append(
            f"It answers every picture: {images} are too few, or too often misread, to promise any "
            "share of errors."
        )
    else:
        promised = (
            f"At most {rounded(row['risk'])} of its answers are to be wrong, with "
            f"{rounded(risk.CONFIDENCE)} confidence"
        )
        if row["risk"] > asked:
            promised += (
                f". The {rounded(asked)} asked for cannot be promised: {images} are too few for it"
            )
        said.append(
            f"{promised}. Of pictures of which it is less sure it says unsure: it answers "
            f"{percent(row['answered'])} of the test images, and {percent(row['wrong'])} of these "
            "wrongly."
        )
    if unknown["least"] is None:
        said.append(f"It never says none: {images} are too few to tell what is like none of them.")
    else:
        said.append(
            "Of a picture that is like none that it knows it says none. So it did of "
            f"{percent(unknown['false_alarms'])} of the test images, all of which are of its "
            f"classes; {rounded(unknown['asked'])} were asked for."
        )
    return said


def rounded(share: float) -> str:
    """A share that somebody chose: 1 %, 2.5 %."""
    return f"{100 * share:g}\N{NO-BREAK SPACE}%"


def _number(count: float, what: str) -> str:
    return f"{count:,.0f} {what}{'' if count == 1 else 's'}"
