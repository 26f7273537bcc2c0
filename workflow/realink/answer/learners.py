"""Which network to take: the best mix of each learner against the others' best, count by count."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from realink.answer.cells import parsed
from realink.answer.words import rank
from realink.plan.mixes import ordered

COLUMNS = ["n_real", "learner", "mix", "validation_error", "test_error"]


def best(metrics: pd.DataFrame) -> pd.DataFrame:
    """Of each count and learner the mix with the lowest mean validation error.

    Test errors choose nothing. Variants and counts of rendered images alone take no part. Columns:
    `COLUMNS`, errors as means over replicates. Empty for a study of one learner, and for one
    without validation images.
    """
    if "validation_error" not in metrics:
        return pd.DataFrame(columns=COLUMNS)
    mixes = parsed(metrics["mix"])
    errors = metrics.astype({"validation_error": float}).dropna(subset=["validation_error"])
    means = errors.groupby(["mix", "n_real"])[["validation_error", "test_error"]].mean()
    rows = []
    for n, own in means.reset_index().groupby("n_real"):
        own = own.set_index("mix")
        names = [name for name in ordered(own.index) if not mixes[name].is_variant]
        if n and not any(mixes[name].real for name in names):
            continue
        learners = sorted({mixes[name].learner for name in names} - {None}, key=rank)
        for learner in learners if len(learners) > 1 else []:
            theirs = own.loc[[name for name in names if mixes[name].learner == learner]]
            name = theirs["validation_error"].idxmin()
            rows.append((n, learner, name, *theirs.loc[name, ["validation_error", "test_error"]]))
    return pd.DataFrame(rows, columns=COLUMNS)


def pairs(chosen: pd.DataFrame) -> Iterator[tuple[tuple[str, int], tuple[str, int]]]:
    """What is compared: of what `best` gives, each learner's mix with those of simpler ones."""
    for n, own in chosen.groupby("n_real"):
        for simpler, other in combinations(own["mix"], 2):
            yield (other, int(n)), (simpler, int(n))


def beaten(comparisons: pd.DataFrame, n: int) -> set[str]:
    """Learners whose best mix another learner's best surely beats, at a count."""
    at = (comparisons["n_real"] == n) & (comparisons["reference_n_real"] == n)
    lost = set()
    for row in comparisons[at & (comparisons["verdict"] != "undecided")].itertuples():
        mix, reference = parsed([row.mix, row.reference]).values()
        if mix.learner != reference.learner:
            lost.add((reference if row.verdict == "better" else mix).learner)
    return lost


def judged(chosen: pd.DataFrame, comparisons: pd.DataFrame) -> pd.DataFrame:
    """What `best` gives, with the verdict: which learner is the right one at each count.

    Further columns: ``picked``, whether it is the one with the lowest validation error of all, and
    ``right``, whether no other one is surely better. Several that are right are alike.
    """
    rows = []
    for n, own in chosen.groupby("n_real"):
        lost = own["learner"].isin(beaten(comparisons, n)).to_numpy()
        picked = np.arange(len(own)) == own["validation_error"].to_numpy().argmin()
        # Three may each beat another one.
        rows.append(own.assign(picked=picked, right=~lost | lost.all()))
    columns = [*COLUMNS, "picked", "right"]
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=columns)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """What `judged` gives as records of JSON, one a count: what validation picks, what is right."""
    return [
        {
            "n_real": int(n),
            "picked": own.loc[own["picked"], "learner"].item(),
            "right": own.loc[own["right"], "learner"].tolist(),
            "best": own[["learner", "mix", "validation_error", "test_error"]].to_dict("records"),
        }
        for n, own in table.groupby("n_real")
    ]
