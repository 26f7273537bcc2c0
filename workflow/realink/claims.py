"""What a study says in words: the talk's claims with verdicts, and the answer in three sentences.

All of it is computed from the tables of the study at hand.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from realink.answer import Answer
from realink.mixes import AUGMENTED, BASELINE
from realink.words import as_count, listed, percent

KEPT = 0.9  # a translator keeps its labels if at least this fraction survives
SLIGHT = 0.25  # taking away less than this fraction of the error is a slight gain


def claims(answer: Answer) -> pd.DataFrame:
    """The talk's claims, what this study measured, and whether they hold in it.

    Columns: ``claim``, ``translator`` (empty where it is about none), ``measured``, ``verdict``:
    holds, holds in part, does not hold, undecided, or not tested.
    """
    rendered = "rendered digits alone: the error rises with more of them"
    alone = "translated digits alone are always worse than real ones"
    beside = "translated digits beside real ones beat real ones alone from 385 on"
    slightly = (
        "rendered digits beside real ones help only slightly (here: they are not shown to be "
        f"worse, and take away less than {SLIGHT:.0%} of the error, by its ratio alone)"
    )
    lost = (
        "labels are lost at 55 and at 385 real images, and kept at 38,500 (here: kept is at least "
        f"{KEPT:.0%} of them)"
    )
    names = answer.names or [""]  # without any translator, its claims are not tested
    rows = [
        (rendered, "", *_font_rises(answer)),
        *((alone, n, *_everywhere(answer, n, "worse")) for n in names),
        *((beside, n, *_everywhere(answer, f"{BASELINE}-{n}", "better", 385)) for n in names),
        (slightly, "", *_slightly(answer)),
        *((lost, n, *_labels_lost(answer, n)) for n in names),
    ]
    return pd.DataFrame(rows, columns=["claim", "translator", "measured", "verdict"])


def _font_rises(answer: Answer) -> tuple[str, str]:
    fonts = answer.summary[answer.summary["mix"] == "font"].sort_values("n_synthetic")
    table = answer.comparisons
    ends = table[(table["mix"] == "font") & (table["reference"] == "font")]
    if ends.empty:
        return "", "not tested"
    least, most = fonts.iloc[0], fonts.iloc[-1]
    best = fonts.loc[fonts["test_error"].idxmin()]
    measured = (
        f"{percent(least['test_error'])} with {least['n_synthetic']:,} rendered digits, "
        f"{percent(most['test_error'])} with {most['n_synthetic']:,}; least, "
        f"{percent(best['test_error'])}, with {best['n_synthetic']:,}"
    )
    verdict = {"worse": "holds", "better": "does not hold", "undecided": "undecided"}
    return measured, verdict[ends["verdict"].iloc[0]]


def _everywhere(answer: Answer, mix: str, wanted: str, smallest: int = 0) -> tuple[str, str]:
    """Whether a mix has the same verdict against the baseline at every count from `smallest` on."""
    found = {n: v for n, v in answer.verdicts(mix, BASELINE).items() if n >= smallest}
    if not found:
        return "", "not tested"
    kinds = set(found.values())
    if kinds == {wanted}:
        verdict = "holds"
    elif kinds == {"undecided"}:
        verdict = "undecided"
    else:
        verdict = "holds in part" if wanted in kinds else "does not hold"
    return _told(answer, mix, BASELINE, found), verdict


def _slightly(answer: Answer) -> tuple[str, str]:
    mix = f"{BASELINE}-font"
    found = answer.verdicts(mix, BASELINE)
    if not found:
        return "", "not tested"
    gone = {n: 1 - ratio for n, ratio in answer.verdicts(mix, BASELINE, "ratio").items()}
    fits = [found[n] != "worse" and gone[n] < SLIGHT for n in found]
    verdict = "holds" if all(fits) else "holds in part" if any(fits) else "does not hold"
    changes = ", ".join(f"{-part:+.0%} at {n:,}" for n, part in gone.items())
    return f"change of the error: {changes}", verdict


def _labels_lost(answer: Answer, name: str) -> tuple[str, str]:
    table = answer.translators
    own = table[(table["translator"] == name) & table["label_retention"].notna()]
    kept = own.groupby("n_real")["label_retention"].mean()
    lost = [kept[n] < KEPT for n in (55, 385) if n in kept.index]
    if not lost:
        return "", "not tested"
    # Where a count was not tested, what the others say is a part.
    kept_late = [kept[n] >= KEPT for n in (38_500,) if n in kept.index]
    whole = all(lost) and all(kept_late) and len(lost + kept_late) == 3
    verdict = "holds" if whole else "holds in part" if any(lost) else "does not hold"
    measured = "kept: " + ", ".join(f"{part:.0%} at {n:,}" for n, part in kept.items())
    absent = [n for n in (55, 385, 38_500) if n not in kept.index]
    return measured + (f"; not tested at {listed(absent)}" if absent else ""), verdict


def sentences(answer: Answer) -> list[str]:
    """The answer in three sentences with numbers: better or not, worth what, against what else."""
    if not answer.names:
        return ["This study has no translator, so it cannot say whether translation helps."]
    best = _best(answer)
    if not best:
        lacks = (
            f"mix of real and translated digits at a count of `{BASELINE}`"
            if (answer.summary["mix"] == BASELINE).any()
            else f"baseline (the mix `{BASELINE}`)"
        )
        first = f"This study has no {lacks}, so it cannot say what helps without augmentation."
        return [first, _against_others(answer, _best(answer, AUGMENTED) or answer.names[0])]
    mix = f"{BASELINE}-{best}"
    found = answer.verdicts(mix, BASELINE)
    better = [n for n, verdict in found.items() if verdict == "better"]
    others = {n: verdict for n, verdict in found.items() if verdict != "better"}
    if better:
        told = better if len(better) <= 3 else [better[0], better[-1]]
        steps = [
            f"from {percent(answer.error(BASELINE, n))} to {percent(answer.error(mix, n))} "
            f"at N = {n:,}"
            for n in told
        ]
        where = "" if told == better else f" at {listed(better)} of them"
        first = (
            f"Digits translated by {best}, beside N real images, lower the test error{where}"
            f"{': ' if where else ' '}{listed(steps)}"
        )
        if others:
            first += f"; elsewhere: {_told(answer, mix, BASELINE, others, brief=True)}"
        font = f"{BASELINE}-font"
        if against := answer.verdicts(mix, font):
            told = _told(answer, mix, font, against, brief=True)
            first += f"; against untranslated digits beside them ({font}), they are {told}"
        first += "."
    else:
        first = (
            "No translated digits, beside N real images, surely lower the test error at any N; the "
            f"best, of {best}, are {_told(answer, mix, BASELINE, found)}."
        )
    return [first, *_worth_sentence(answer, mix, better), _against_others(answer, best)]


def _best(answer: Answer, suffix: str = "") -> str | None:
    """Translator whose digits, beside real ones, lower the error anywhere, and most on average."""

    def key(name: str) -> tuple[bool, float]:
        compared = f"{BASELINE}-{name}{suffix}", BASELINE + suffix
        ratios = list(answer.verdicts(*compared, "ratio").values())
        better = "better" in answer.verdicts(*compared).values()
        return not better, float(np.mean(np.log(ratios)))

    mixed = [
        n for n in answer.names if answer.verdicts(f"{BASELINE}-{n}{suffix}", BASELINE + suffix)
    ]
    return min(mixed, key=key, default=None)


def _worth_sentence(answer: Answer, mix: str, better: Sequence[int]) -> list[str]:
    own = answer.worth[(answer.worth["mix"] == mix) & answer.worth["n_real"].isin(better)]
    if own.empty:
        return []
    baseline = answer.summary.loc[answer.summary["mix"] == BASELINE, "n_real"]
    ends = baseline.min(), baseline.max()
    font = answer.worth[answer.worth["mix"] == f"{BASELINE}-font"].set_index("n_real")["equals"]
    parts = []
    for row in own.itertuples():
        text = f"{row.n_real:,} real images become worth {as_count(row.equals, *ends)}"
        details = []
        if np.isfinite(row.low):
            bounds = f"{as_count(row.low, *ends)} to {as_count(row.high, *ends)}"
            details.append(f"95\N{NO-BREAK SPACE}%: {bounds}")
        if row.n_real in font.index:
            details.append(f"with untranslated ones: {as_count(font[row.n_real], *ends)}")
        parts.append(text + (f" ({'; '.join(details)})" if details else ""))
    return ["With them, " + listed(parts) + "."]


def _against_others(answer: Answer, name: str) -> str:
    mix = f"{BASELINE}-{name}{AUGMENTED}"
    parts = [
        f"against {words} ({reference}) it is {_told(answer, mix, reference, found, brief=True)}"
        for reference, words in (
            (BASELINE + AUGMENTED, "the real images alone"),
            (f"{BASELINE}-font{AUGMENTED}", "real and untranslated rendered ones"),
        )
        if (found := answer.verdicts(mix, reference))
    ]
    if not parts:
        alone = answer.summary[answer.summary["mix"] == BASELINE + AUGMENTED]
        if alone.empty:
            return "What plain augmentation gives without any translator was not tested here."
        errors = [
            f"{percent(row.test_error)} at N = {row.n_real:,}"
            for row in alone.sort_values("n_real").itertuples()
        ]
        return (
            f"Augmenting the real images alone ({BASELINE}{AUGMENTED}) gives {listed(errors)}; "
            f"with digits translated by {name} beside them ({mix}) this was not tested here."
        )
    return f"When all images are augmented while training ({mix}), " + "; ".join(parts) + "."


def _told(
    answer: Answer, mix: str, reference: str, verdicts: Mapping[int, str], *, brief: bool = False
) -> str:
    """Say which verdict holds at which counts, with errors: ``better at 55 (5.7 % against …)``.

    In brief, only the first and the last count of what is decided have their errors.
    """
    order: dict[str, list[int]] = {}
    for n, verdict in verdicts.items():
        order.setdefault(verdict, []).append(n)
    parts = []
    for verdict, counts in order.items():
        told = set(counts)
        if brief:
            told = set() if verdict == "undecided" else {counts[0], counts[-1]}
        places = [
            f"{n:,} ({percent(answer.error(mix, n))} against {percent(answer.error(reference, n))})"
            if n in told
            else f"{n:,}"
            for n in counts
        ]
        parts.append(f"{verdict} at {listed(places)}")
    return ", ".join(parts)
