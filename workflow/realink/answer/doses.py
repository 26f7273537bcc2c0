"""What a study's doses say: their errors, comparisons, and how many synthetic images are enough.

Of one mix and learner, from the doses (`realink.plan.doses`) and the grid's own classifiers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from realink.answer.cells import fitting, summarise
from realink.answer.comparisons import compare_mixes
from realink.answer.enough import Dose, Enough, Line, enough
from realink.plan.mixes import Mix
from realink.plan.recipe import MIXED
from realink.seeds import seed_for
from realink.store.predictions import Predictions

# What doses are compared with: the same real images alone, and the mix as the grid has it.
NONE, WHOLE = "none", "whole"
KEYS = ["n_real", "n_synthetic", "real_share", "order"]
Table = tuple[pd.DataFrame, Predictions]


@dataclass(frozen=True)
class Doses:
    """What the doses of a study say.

    Attributes
    ----------
    summary
        One row a dose and count of real images: `KEYS`, with ``real_share`` NaN where it has none;
        ``replicates``, ``test_error`` with its interval ``low`` and ``high``; and ``whole``,
        whether it is the grid's classifier. Real images alone have 0 synthetic ones.
    comparisons
        Each dose that is not the grid's against a ``reference``, `NONE` or `WHOLE`: `KEYS`, and all
        else as `realink.answer.comparisons.compare_mixes` has it.
    enough
        How many synthetic images are, by the count of real ones; of those with two doses or more.
    """

    summary: pd.DataFrame
    comparisons: pd.DataFrame
    enough: dict[int, Enough]

    def error(self, n: int, dose: Dose | None) -> float:
        """Mean error of a dose, or of real images alone; NaN if there is no such cell."""
        table = self.summary
        held, line = dose if dose else (0, None)
        own = table[(table["n_real"] == n) & (table["n_synthetic"] == held)]
        found = (row.test_error for row in own.itertuples() if not dose or line_of(row) == line)
        return next(found, np.nan)

    def compared(self, n: int, dose: Dose, reference: str) -> Any | None:
        """The row that compares a dose with a reference; None if there is no such."""
        table = self.comparisons
        own = table[
            (table["n_real"] == n)
            & (table["n_synthetic"] == dose[0])
            & (table["reference"] == reference)
        ]
        return next((row for row in own.itertuples() if line_of(row) == dose[1]), None)


def line_of(row: Any) -> Line:
    """The line of a row of a table of doses."""
    share = float(row.real_share)
    return Line(None if np.isnan(share) else share, row.order)


def analyse(doses: Table, grid: Table, asked: Mapping[str, Any], seed: int) -> Doses:
    """Compute what a study's doses say.

    Parameters
    ----------
    doses, grid : classifiers, one row each, with ``learner`` and ``mix`` in columns of their own,
        and what these predicted, in the order of the rows
    asked : the config's `doses`
    seed : of the intervals' draws

    Raises
    ------
    InputError
        Predictions are not those of their table.
    """
    rows, predictions = _joined(doses, grid, asked)
    known = rows.drop_duplicates(["mix", "n_real"]).set_index(["mix", "n_real"])
    about = known[["n_synthetic", "real_share", "order", "whole"]]
    columns = ["mix", "n_real", "replicates", "test_error", "low", "high"]
    summary = summarise(rows)[columns].join(about, on=["mix", "n_real"])
    found = {}
    for n, own in rows.groupby("n_real"):
        share = own.loc[own["whole"], "real_share"].max()
        cells = _cells(own, predictions)
        one = enough(
            cells,
            predictions.cases,
            0.5 if np.isnan(share) else float(share),
            seed_for(seed, "doses", int(n)),
        )
        if one is not None:
            found[int(n)] = one
    return Doses(
        _ordered(summary, ["whole"]).sort_values(
            ["n_real", "n_synthetic", "order", "real_share"], ignore_index=True
        ),
        _compared(rows, predictions, about.drop(columns="whole")),
        found,
    )


def _joined(doses: Table, grid: Table, asked: Mapping[str, Any]) -> Table:
    """Classifiers of the doses, those of the grid's mix, and of the same real images alone.

    Their ``mix`` is made to name the dose.
    """
    own, others = fitting(*doses, "the study's doses"), fitting(*grid)
    others = others[(others["learner"] == asked["learner"]) & others["n_real"].isin(asked["n"])]
    baseline = Mix.parse(asked["mix"]).baseline.name
    parts = {
        WHOLE: others[others["mix"] == asked["mix"]].assign(order=MIXED),
        "doses": own,
        NONE: others[others["mix"] == baseline].assign(order=NONE, n_synthetic=0, real_share=1.0),
    }
    predicted = np.concatenate(
        [
            (doses if name == "doses" else grid)[1].predicted[part.index]
            for name, part in parts.items()
        ]
    )
    rows = pd.concat([part.assign(whole=name == WHOLE) for name, part in parts.items()])
    rows = rows.reset_index(drop=True)
    # A learner without steps that sees synthetic images first has no share of real ones.
    first = ~rows["order"].isin([MIXED, NONE])
    shares = rows["real_share"].astype(float).mask(first & (rows["train_steps"] == 0))
    rows["real_share"] = shares
    rows["mix"] = [f"{r.n_synthetic}/{r.real_share}/{r.order}" for r in rows.itertuples()]
    rows = rows[np.isfinite(rows["test_error"])]
    # Of folders with damaged pictures, two counts may be the same images.
    rows = rows.drop_duplicates(["mix", "n_real", "replicate"])
    return rows, grid[1]._replace(predicted=predicted)


def _cells(rows: pd.DataFrame, predictions: Predictions) -> dict[Dose, np.ndarray]:
    """Which test images the replicates that all doses have got wrong, bool [r, n], by dose."""
    doses = rows[rows["n_synthetic"] > 0]
    places = doses.reset_index().pivot_table(index="mix", columns="replicate", values="index")
    places = places.dropna(axis=1).astype(int)
    wrong, names = predictions.wrong, doses.drop_duplicates("mix")
    if places.empty:
        return {}
    return {
        (int(row.n_synthetic), line_of(row)): wrong[places.loc[row.mix].to_numpy()]
        for row in names.itertuples()
    }


def _compared(rows: pd.DataFrame, predictions: Predictions, about: pd.DataFrame) -> pd.DataFrame:
    kinds = {}
    for n, own in rows.drop_duplicates(["mix", "n_real"]).groupby("n_real"):
        # The grid's own comparisons have what the grid's classifier is to real images alone.
        doses = own.loc[(own["n_synthetic"] > 0) & ~own["whole"], "mix"]
        for kind, where in ((NONE, own["n_synthetic"] == 0), (WHOLE, own["whole"])):
            for other in own.loc[where, "mix"]:
                kinds |= {(mix, other, n): kind for mix in doses}
    pairs = [((mix, n), (other, n)) for mix, other, n in kinds]
    table = compare_mixes(rows, predictions, pairs).join(about, on=["mix", "n_real"])
    compared = zip(table["mix"], table["reference"], table["n_real"], strict=True)
    table["reference"] = [kinds[cell] for cell in compared]
    return _ordered(table.drop(columns="reference_n_real"), [])


def _ordered(table: pd.DataFrame, last: list[str]) -> pd.DataFrame:
    """The table with what names a dose in columns that come first, in place of ``mix``."""
    rest = [name for name in table if name not in [*KEYS, "mix", *last]]
    return table[[*KEYS, *rest, *last]]
