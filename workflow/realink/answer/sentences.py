"""The answer in three sentences, from the tables of the study at hand."""

from collections.abc import Mapping, Sequence

import numpy as np

from realink.answer.analysis import Answer
from realink.answer.words import as_count, listed, percent
from realink.study.mixes import Mix

BASELINE = Mix(None, True)


def sentences(answer: Answer) -> list[str]:
    """The answer in three sentences with numbers: better or not, worth what, against what else."""
    if not answer.names:
        return ["This study has no translator, so it cannot say whether translation helps."]
    best = _best(answer)
    if not best:
        lacks = (
            f"mix of real and translated images at a count of `{BASELINE.name}`"
            if (answer.summary["mix"] == BASELINE.name).any()
            else f"baseline (the mix `{BASELINE.name}`)"
        )
        first = f"This study has no {lacks}, so it cannot say what helps without augmentation."
        other = _best(answer, augmented=True) or answer.names[0]
        return [first, _against_others(answer, other)]
    mix = Mix(best, True)
    found = answer.verdicts(mix, BASELINE)
    better = [n for n, verdict in found.items() if verdict == "better"]
    others = {n: verdict for n, verdict in found.items() if verdict != "better"}
    if better:
        shown = better if len(better) <= 3 else [better[0], better[-1]]
        steps = [
            f"from {percent(answer.error(BASELINE, n))} to {percent(answer.error(mix, n))} "
            f"at N = {n:,}"
            for n in shown
        ]
        where = "" if shown == better else f" at {listed(better)} of them"
        first = (
            f"Images translated by {best}, beside N real images, lower the test error{where}"
            f"{': ' if where else ' '}{listed(steps)}"
        )
        if others:
            first += f"; elsewhere: {told(answer, mix, BASELINE, others, brief=True)}"
        rendered = mix.untranslated
        if against := answer.verdicts(mix, rendered):
            words = told(answer, mix, rendered, against, brief=True)
            first += (
                f"; against untranslated images beside them ({rendered.name}), they are {words}"
            )
        first += "."
    else:
        first = (
            "No translated images, beside N real images, surely lower the test error at any N; the "
            f"best, of {best}, are {told(answer, mix, BASELINE, found)}."
        )
    return [first, *_worth_sentence(answer, mix, better), _against_others(answer, best)]


def told(
    answer: Answer, mix: Mix, reference: Mix, verdicts: Mapping[int, str], *, brief: bool = False
) -> str:
    """Say which verdict holds at which counts, with errors: ``better at 55 (5.7 % against …)``.

    In brief, only the first and the last count of what is decided have their errors.
    """
    order: dict[str, list[int]] = {}
    for n, verdict in verdicts.items():
        order.setdefault(verdict, []).append(n)
    parts = []
    for verdict, counts in order.items():
        shown = set(counts)
        if brief:
            shown = set() if verdict == "undecided" else {counts[0], counts[-1]}
        places = [
            f"{n:,} ({percent(answer.error(mix, n))} against {percent(answer.error(reference, n))})"
            if n in shown
            else f"{n:,}"
            for n in counts
        ]
        parts.append(f"{verdict} at {listed(places)}")
    return ", ".join(parts)


def _best(answer: Answer, *, augmented: bool = False) -> str | None:
    """Translator whose images, beside real ones, lower the error anywhere, and most on average."""
    baseline = Mix(None, True, augmented)

    def key(name: str) -> tuple[bool, float]:
        mix = Mix(name, True, augmented)
        ratios = list(answer.verdicts(mix, baseline, "ratio").values())
        better = "better" in answer.verdicts(mix, baseline).values()
        return not better, float(np.mean(np.log(ratios)))

    mixed = [name for name in answer.names if answer.verdicts(Mix(name, True, augmented), baseline)]
    return min(mixed, key=key, default=None)


def _worth_sentence(answer: Answer, mix: Mix, better: Sequence[int]) -> list[str]:
    table = answer.worth
    own = table[(table["mix"] == mix.name) & table["n_real"].isin(better)]
    if own.empty:
        return []
    baseline = answer.summary.loc[answer.summary["mix"] == BASELINE.name, "n_real"]
    ends = baseline.min(), baseline.max()
    rendered = table[table["mix"] == mix.untranslated.name].set_index("n_real")["equals"]
    parts = []
    for row in own.itertuples():
        text = f"{row.n_real:,} real images become worth {as_count(row.equals, *ends)}"
        details = []
        if np.isfinite(row.low):
            bounds = f"{as_count(row.low, *ends)} to {as_count(row.high, *ends)}"
            details.append(f"95\N{NO-BREAK SPACE}%: {bounds}")
        if row.n_real in rendered.index:
            details.append(f"with untranslated ones: {as_count(rendered[row.n_real], *ends)}")
        parts.append(text + (f" ({'; '.join(details)})" if details else ""))
    return ["With them, " + listed(parts) + "."]


def _against_others(answer: Answer, name: str) -> str:
    mix = Mix(name, True, augmented=True)
    parts = [
        f"against {words} ({reference.name}) it is "
        f"{told(answer, mix, reference, found, brief=True)}"
        for reference, words in (
            (mix.baseline, "the real images alone"),
            (mix.untranslated, "real and untranslated rendered ones"),
        )
        if (found := answer.verdicts(mix, reference))
    ]
    if parts:
        return (
            f"When all images are augmented while training ({mix.name}), " + "; ".join(parts) + "."
        )
    alone = answer.summary[answer.summary["mix"] == mix.baseline.name]
    if alone.empty:
        return "What plain augmentation gives without any translator was not tested here."
    errors = [
        f"{percent(row.test_error)} at N = {row.n_real:,}"
        for row in alone.sort_values("n_real").itertuples()
    ]
    return (
        f"Augmenting the real images alone ({mix.baseline.name}) gives {listed(errors)}; "
        f"with images translated by {name} beside them ({mix.name}) this was not tested here."
    )
