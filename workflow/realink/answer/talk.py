"""The talk's claims, with verdicts; whether they depend on how long a classifier trains; and why.

They are about MNIST. `claims` are made for every study of it, the rest for config/talk.yaml.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from realink.answer.analysis import Answer
from realink.answer.cells import Predictions, fitting, summarise, usable
from realink.answer.comparisons import Cell, compare_mixes
from realink.answer.sentences import told
from realink.answer.words import listed, percent
from realink.errors import InputError
from realink.plan.mixes import RENDERED, Mix

KEPT = 0.9  # a translator keeps its labels if at least this fraction survives
SLIGHT = 0.25  # taking away less than this fraction of the error is a slight gain
# The counts at which the talk showed what became of the labels.
FEW, MANY = (55, 385), 38_500
HELPED_FROM = 385
CONTROLS_OF_LABELS = ("shuffled", "reread", "confirmed", "pretrained", "noise")
CERTAIN = 0.01  # why the talk saw what it saw is decided below this adjusted p


class Protocol(NamedTuple):
    """How long classifiers train: the budget of mixes with synthetic images, and their baseline."""

    name: str
    budget: str | None
    baseline: Mix


USUAL = Protocol("as the study", None, Mix(None, True))


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


def protocols(
    metrics: pd.DataFrame, reads: Predictions, translators: pd.DataFrame, epochs: float
) -> pd.DataFrame:
    """The talk's claims under every protocol that a study has classifiers of.

    Parameters
    ----------
    metrics, reads, translators : as `realink.answer.analysis.analyse` takes them
    epochs : the study's own budget

    Returns
    -------
    One row a protocol and claim, with the columns of `claims` after ``protocol``; decided below an
    adjusted p of 0.01.
    """
    answer = _answer(metrics, reads, translators)
    found = _protocols(answer.summary["mix"].unique(), epochs)
    cells = list(answer.summary[["mix", "n_real"]].itertuples(index=False, name=None))
    pairs = list(dict.fromkeys(pair for one in found for pair in _pairs(one, cells)))
    comparisons = compare_mixes(*_rows(metrics, reads), pairs, CERTAIN)
    answer = replace(answer, comparisons=comparisons)
    return pd.concat(
        [claims(answer, one).assign(protocol=one.name) for one in found], ignore_index=True
    )[["protocol", "claim", "translator", "measured", "verdict"]]


def _answer(metrics: pd.DataFrame, reads: Predictions, translators: pd.DataFrame) -> Answer:
    none = pd.DataFrame()
    rows, _ = _rows(metrics, reads)
    return Answer(
        notes=[],
        limits=[],
        summary=summarise(rows),
        comparisons=none,
        break_even=none,
        worth=none,
        groups=none,
        translators=translators,
    )


def _rows(metrics: pd.DataFrame, reads: Predictions) -> tuple[pd.DataFrame, Predictions]:
    return usable(fitting(metrics, reads))[0], reads


def _protocols(names: np.ndarray, epochs: float) -> list[Protocol]:
    """The study's own, equal steps, and other epochs that both the baseline and a mix have."""
    mixes = [Mix.parse(name) for name in names]
    baselines = {mix.budget for mix in mixes if mix == mix.baseline}
    budgets = {mix.budget for mix in mixes if mix.real and not mix.is_baseline and not mix.control}
    found = [Protocol(f"{epochs:g} epochs", None, Mix(None, True))]
    for budget in sorted(filter(None, baselines), key=_length):
        baseline = Mix(None, True, budget=budget)
        if budget in budgets:
            found.append(Protocol(f"{_length(budget)} epochs", budget, baseline))
        elif budget.endswith("steps"):
            found.append(Protocol(f"equal steps, {_length(budget):,}", None, baseline))
    return found


def _length(budget: str) -> int:
    return int(budget.rstrip("epochst"))


def _pairs(protocol: Protocol, cells: list[Cell]) -> Iterator[tuple[Cell, Cell]]:
    """What the claims compare under a protocol."""
    for name, n in cells:
        mix = Mix.parse(name)
        if mix.is_baseline or mix.control or mix.augmented or mix.budget != protocol.budget:
            continue
        yield (name, n), (protocol.baseline.name, n)
        if mix.translator and mix.real:
            yield (name, n), (mix.untranslated.name, n)
    alone = Mix(RENDERED, False, budget=protocol.budget).name
    counts = sorted(n for name, n in cells if name == alone)
    if len(counts) > 1:
        yield (alone, counts[0]), (alone, counts[-1])


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


def hypotheses(metrics: pd.DataFrame, reads: Predictions) -> pd.DataFrame:
    """Why translated images beside real ones help: each hypothesis at each count.

    Columns: ``translator``, ``hypothesis``, then those of a comparison; ``verdict``: supported,
    rejected, or undecided (adjusted p of 0.01 or more).

    Raises
    ------
    InputError
        The study has no control mixes, or no baseline with a budget of steps.
    """
    rows = _rows(metrics, reads)
    cells = dict.fromkeys(rows[0][["mix", "n_real"]].itertuples(index=False, name=None))
    asked = {}
    for translator, n in _controlled(cells):
        names = _names(translator, cells)
        for hypothesis, mix, reference, better, worse in HYPOTHESES:
            pair = (names(mix), n), (names(reference), n)
            asked[pair] = translator, hypothesis, {"better": better, "worse": worse}
    table = compare_mixes(*rows, list(asked), CERTAIN)
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
        raise InputError("no mix real-X with a control of its labels: take config/talk.yaml")
    return list(found)


def _names(translator: str, cells: Iterable[Cell]) -> Callable[[str], str]:
    """How the mixes of a translator are called that `HYPOTHESES` speaks of."""
    steps = [name for name, _ in cells if re.fullmatch(r"real-\d+steps", name)]
    if not steps:
        raise InputError("no baseline with a budget of steps, real-900steps: take config/talk.yaml")

    def name(what: str) -> str:
        known = {"real": Mix(None, True), "": Mix(translator, True), "steps": Mix.parse(steps[0])}
        return known.get(what, Mix(translator, True, control=what)).name

    return name


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
