"""The talk's claims, with verdicts: what a study of MNIST measured, and whether they hold in it."""

from typing import NamedTuple

import pandas as pd

from realink.answer.result import Answer
from realink.answer.sentences import told
from realink.answer.words import listed, percent
from realink.plan.mixes import RENDERED, Mix

KEPT = 0.9  # a translator keeps its labels if at least this fraction survives
SLIGHT = 0.25  # taking away less than this fraction of the error is a slight gain
# The counts at which the talk showed what became of the labels.
FEW, MANY = (55, 385), 38_500
HELPED_FROM = 385


class Protocol(NamedTuple):
    """How long classifiers train: the budget of mixes with synthetic images, and their baseline."""

    name: str
    budget: str | None
    baseline: Mix


USUAL = Protocol("as the study", None, Mix(None, True))


def from_tables(
    summary: pd.DataFrame, comparisons: pd.DataFrame, translators: pd.DataFrame
) -> Answer:
    """What `claims` needs of an answer, from a study's tables of these names."""
    none = pd.DataFrame()
    return Answer(
        notes=[],
        limits=[],
        summary=summary,
        comparisons=comparisons,
        break_even=none,
        worth=none,
        groups=none,
        translators=translators,
    )


def claims(answer: Answer, protocol: Protocol = USUAL) -> pd.DataFrame:
    """The talk's claims, what this study measured, and whether they hold in it.

    Columns: ``claim``, ``translator`` (empty where it is about none), ``measured``, ``verdict``:
    holds, holds in part, does not hold, undecided, or not tested.
    """
    rendered = "rendered images alone: the error rises with more of them"
    alone = "translated images alone are always worse than real ones"
    beside = f"translated images beside real ones beat real ones alone from {HELPED_FROM} on"
    slightly = (
        "rendered images beside real ones help only slightly (here: they are not shown to be "
        f"worse, and take away less than {SLIGHT:.0%} of the error, by its ratio alone)"
    )
    lost = (
        f"labels are lost at {FEW[0]} and at {FEW[1]} real images, and kept at {MANY:,} (here: "
        f"kept is at least {KEPT:.0%} of them)"
    )
    less = f"beside real ones, translated images beat rendered ones from {HELPED_FROM} on"
    names = answer.names or [""]  # without any translator, its claims are not tested
    baseline = protocol.baseline

    def of(source: str, *, real: bool) -> Mix:
        return Mix(source, real, budget=protocol.budget)

    with_rendered = of(RENDERED, real=True)
    rows = [
        (rendered, "", *_rendered_rises(answer, of(RENDERED, real=False))),
        *((alone, n, *_everywhere(answer, of(n, real=False), baseline, "worse")) for n in names),
        *(
            (beside, n, *_everywhere(answer, of(n, real=True), baseline, "better", HELPED_FROM))
            for n in names
        ),
        (slightly, "", *_slightly(answer, with_rendered, baseline)),
        *(
            (less, n, *_everywhere(answer, of(n, real=True), with_rendered, "better", HELPED_FROM))
            for n in names
        ),
        *((lost, n, *_labels_lost(answer, n)) for n in names),
    ]
    return pd.DataFrame(rows, columns=["claim", "translator", "measured", "verdict"])


def _rendered_rises(answer: Answer, mix: Mix) -> tuple[str, str]:
    alone = answer.summary[answer.summary["mix"] == mix.name].sort_values("n_synthetic")
    table = answer.comparisons
    ends = table[(table["mix"] == mix.name) & (table["reference"] == mix.name)]
    if ends.empty:
        return "", "not tested"
    least, most = alone.iloc[0], alone.iloc[-1]
    best = alone.loc[alone["test_error"].idxmin()]
    measured = (
        f"{percent(least['test_error'])} with {least['n_synthetic']:,} rendered images, "
        f"{percent(most['test_error'])} with {most['n_synthetic']:,}; least, "
        f"{percent(best['test_error'])}, with {best['n_synthetic']:,}"
    )
    verdict = {"worse": "holds", "better": "does not hold", "undecided": "undecided"}
    return measured, verdict[ends["verdict"].iloc[0]]


def _everywhere(
    answer: Answer, mix: Mix, reference: Mix, wanted: str, smallest: int = 0
) -> tuple[str, str]:
    """Whether a mix has the same verdict against another at every count from `smallest` on."""
    found = {n: v for n, v in answer.verdicts(mix, reference).items() if n >= smallest}
    if not found:
        return "", "not tested"
    kinds = set(found.values())
    if kinds == {wanted}:
        verdict = "holds"
    elif kinds == {"undecided"}:
        verdict = "undecided"
    else:
        verdict = "holds in part" if wanted in kinds else "does not hold"
    return told(answer, mix, reference, found), verdict


def _slightly(answer: Answer, mix: Mix, reference: Mix) -> tuple[str, str]:
    found = answer.verdicts(mix, reference)
    if not found:
        return "", "not tested"
    gone = {n: 1 - ratio for n, ratio in answer.verdicts(mix, reference, "ratio").items()}
    fits = [found[n] != "worse" and gone[n] < SLIGHT for n in found]
    verdict = "holds" if all(fits) else "holds in part" if any(fits) else "does not hold"
    changes = ", ".join(f"{-part:+.0%} at {n:,}" for n, part in gone.items())
    return f"change of the error: {changes}", verdict


def _labels_lost(answer: Answer, name: str) -> tuple[str, str]:
    table = answer.translators
    own = table[(table["translator"] == name) & table["label_retention"].notna()]
    kept = own.groupby("n_real")["label_retention"].mean()
    lost = [kept[n] < KEPT for n in FEW if n in kept.index]
    if not lost:
        return "", "not tested"
    # Where a count was not tested, what the others say is a part.
    kept_late = [kept[n] >= KEPT for n in (MANY,) if n in kept.index]
    whole = all(lost) and all(kept_late) and len(lost + kept_late) == 3
    verdict = "holds" if whole else "holds in part" if any(lost) else "does not hold"
    measured = "kept: " + ", ".join(f"{part:.0%} at {n:,}" for n, part in kept.items())
    absent = [n for n in (*FEW, MANY) if n not in kept.index]
    return measured + (f"; not tested at {listed(absent)}" if absent else ""), verdict
