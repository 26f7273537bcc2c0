"""Why translated images helped in the talk: each hypothesis, and what of the gain is left."""

import re
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from realink.answer.cells import fitting, summarise, usable
from realink.answer.comparisons import Cell, compare_mixes
from realink.errors import InputError
from realink.plan.mixes import Mix
from realink.store.predictions import Predictions
from talk_study.protocols import CERTAIN

CONTROLS_OF_LABELS = ("shuffled", "reread", "confirmed", "pretrained", "noise")

# Why translated images help: what is compared with what, and what it says of the hypothesis if the
# first errs less, and if it errs more. `steps` is the baseline with as many steps as the mix has.
HYPOTHESES = [
    ("more steps with the real images alone do as well", "steps", "", "supported", "rejected"),
    ("right labels carry it", "shuffled", "", "rejected", "supported"),
    ("wrong labels are harmless", "confirmed", "", "rejected", "supported"),
    ("labels are hidden in the images", "reread", "", "rejected", "supported"),
    ("images without labels teach enough", "pretrained", "steps", "supported", "rejected"),
    ("any images do, even noise", "noise", "real", "supported", "rejected"),
]


def hypotheses(metrics: pd.DataFrame, predictions: Predictions) -> pd.DataFrame:
    """Why translated images beside real ones help: each hypothesis at each count.

    Columns: ``translator``, ``hypothesis``, then those of a comparison; ``verdict``: supported,
    rejected, or undecided (adjusted p of 0.01 or more).

    Raises
    ------
    InputError
        The study has no control mixes, or no baseline with a budget of steps.
    """
    rows = usable(fitting(metrics, predictions))[0]
    cells = dict.fromkeys(rows[["mix", "n_real"]].itertuples(index=False, name=None))
    asked = {}
    for translator, n in _controlled(cells):
        names = _names(translator, cells)
        for hypothesis, mix, reference, better, worse in HYPOTHESES:
            pair = (names(mix), n), (names(reference), n)
            asked[pair] = translator, hypothesis, {"better": better, "worse": worse}
    table = compare_mixes(rows, predictions, list(asked), CERTAIN)
    said = [
        asked[(row.mix, row.n_real), (row.reference, row.reference_n_real)]
        for row in table.itertuples()
    ]
    table.insert(0, "translator", [translator for translator, _, _ in said])
    table.insert(1, "hypothesis", [hypothesis for _, hypothesis, _ in said])
    table["verdict"] = [
        means.get(verdict, verdict)
        for (_, _, means), verdict in zip(said, table["verdict"], strict=True)
    ]
    return table.drop(columns="reference_n_real")


def gains(metrics: pd.DataFrame) -> pd.DataFrame:
    """Which share of what translated images gain is left when something of them is taken away.

    Columns: ``translator``, ``n_real``, ``instead`` (a control, or ``steps``: no such images, but
    as many steps; empty for the mix itself), ``test_error``, and ``gain_left``: by how much that
    lowers the error of the study's baseline, over what the mix itself does. Negative: it raises it.
    NaN where the mix gains nothing.
    """
    summary = summarise(metrics)
    errors = summary.set_index(["mix", "n_real"])["test_error"]
    rows = []
    for translator, n in _controlled(errors.index):
        names = _names(translator, errors.index)
        whole = errors[names("real"), n] - errors[names(""), n]
        for instead in ("real", "", "steps", *CONTROLS_OF_LABELS):
            if (error := errors.get((names(instead), n))) is not None:
                left = (errors[names("real"), n] - error) / whole if whole > 0 else np.nan
                rows.append((translator, n, instead, error, left))
    return pd.DataFrame(
        rows, columns=["translator", "n_real", "instead", "test_error", "gain_left"]
    )


def _controlled(cells: Iterable[Cell]) -> list[Cell]:
    """Each translator and count that have a control."""
    found = {
        (mix.source, n): None
        for name, n in cells
        if (mix := Mix.parse(name)).control in CONTROLS_OF_LABELS and mix.translator
    }
    if not found:
        raise InputError("no mix real-X with a control of its labels: take studies/talk")
    return list(found)


def _names(translator: str, cells: Iterable[Cell]) -> Callable[[str], str]:
    """How the mixes of a translator are called that `HYPOTHESES` speaks of."""
    steps = [name for name, _ in cells if re.fullmatch(r"real-\d+steps", name)]
    if not steps:
        raise InputError("no baseline with a budget of steps, real-900steps: take studies/talk")

    def name(what: str) -> str:
        known = {"real": Mix(None, True), "": Mix(translator, True), "steps": Mix.parse(steps[0])}
        return known.get(what, Mix(translator, True, control=what)).name

    return name
