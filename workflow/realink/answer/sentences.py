"""The answer in a few sentences, from the tables of the study at hand."""

from collections.abc import Mapping, Sequence

import numpy as np

from realink.answer.analysis import Answer
from realink.answer.words import as_count, listed, percent
from realink.study.mixes import RANDOMISED, Mix


def sentences(answer: Answer) -> list[str]:
    """The answer in a few sentences: better or not, against what, worth what, and otherwise.

    With augmentation first, where the study has it: without it, the arm to beat is weaker than a
    person would make it.
    """
    if not answer.names:
        return ["This study has no translator, so it cannot say whether translation helps."]
    kinds = [augmented for augmented in (True, False) if _best(answer, augmented)]
    if not kinds:
        baselines = [Mix(None, True, augmented).name for augmented in (False, True)]
        lacks = (
            "mix of real and translated images at a count of the real images alone"
            if answer.summary["mix"].isin(baselines).any()
            else f"baseline (the mix `{baselines[0]}` or `{baselines[1]}`)"
        )
        return [f"This study has no {lacks}, so it cannot say whether translation helps."]
    mix = Mix(_best(answer, kinds[0]), True, kinds[0])
    found = answer.verdicts(mix, mix.baseline)
    better = [n for n, verdict in found.items() if verdict == "better"]
    others = {n: verdict for n, verdict in found.items() if verdict != "better"}
    first = f"Images translated by {mix.source}, beside N real images"
    if mix.augmented:
        first += f" and all of them augmented ({mix.name})"
    if better:
        shown = better if len(better) <= 3 else [better[0], better[-1]]
        steps = [
            f"from {percent(answer.error(mix.baseline, n))} to {percent(answer.error(mix, n))} "
            f"at N = {n:,}"
            for n in shown
        ]
        where = "" if shown == better else f" at {listed(better)} of them"
        first += f", lower the test error{where}{': ' if where else ' '}{listed(steps)}"
        if others:
            first += f"; elsewhere: {told(answer, mix, mix.baseline, others, brief=True)}"
    else:
        first = (
            f"No translated images, beside N real images, surely lower the test error at any N; "
            f"the best ({mix.name}), against {mix.baseline.name}, are "
            f"{told(answer, mix, mix.baseline, found)}"
        )
    first += "".join(f"; {words}" for words in _against_rivals(answer, mix)) + "."
    return [first, *_worth_sentence(answer, mix, better), *_otherwise(answer, mix)]


def _against_rivals(answer: Answer, mix: Mix) -> list[str]:
    """What a mix is against those that need no translation: the strongest test of a translator."""
    return [
        f"against {words} beside them ({rival.name}), they are "
        f"{told(answer, mix, rival, found, brief=True)}"
        for rival, words in (
            (mix.untranslated, "untranslated images"),
            (mix.randomised, "randomised ones"),
        )
        if rival != mix and (found := answer.verdicts(mix, rival))
    ]


def _otherwise(answer: Answer, mix: Mix) -> list[str]:
    """The same without augmentation; or what augmentation does, where the mix is without it."""
    if mix.augmented:
        plain = mix.plain
        if not (found := answer.verdicts(plain, plain.baseline)):
            return []
        parts = [
            f"against the real images alone ({plain.baseline.name}) they are "
            f"{told(answer, plain, plain.baseline, found, brief=True)}",
            *_against_rivals(answer, plain),
        ]
        return [f"Without augmentation ({plain.name}), " + "; ".join(parts) + "."]
    augmented = Mix(None, True, augmented=True).name
    alone = answer.summary[answer.summary["mix"] == augmented]
    if alone.empty:
        return ["What plain augmentation gives without any translator was not tested here."]
    errors = [
        f"{percent(row.test_error)} at N = {row.n_real:,}"
        for row in alone.sort_values("n_real").itertuples()
    ]
    return [
        f"Augmenting the real images alone ({augmented}) gives {listed(errors)}; with images "
        f"translated by {mix.source} beside them this was not tested here."
    ]


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


def _best(answer: Answer, augmented: bool) -> str | None:
    """Translator whose images, beside real ones, lower the error anywhere, and most on average.

    Randomised images saw no real one: they are the best only where nothing else is there.
    """
    baseline = Mix(None, True, augmented)

    def key(name: str) -> tuple[bool, bool, float]:
        mix = Mix(name, True, augmented)
        ratios = list(answer.verdicts(mix, baseline, "ratio").values())
        better = "better" in answer.verdicts(mix, baseline).values()
        return name == RANDOMISED, not better, float(np.mean(np.log(ratios)))

    mixed = [name for name in answer.names if answer.verdicts(Mix(name, True, augmented), baseline)]
    return min(mixed, key=key, default=None)


def _worth_sentence(answer: Answer, mix: Mix, better: Sequence[int]) -> list[str]:
    table = answer.worth
    own = table[(table["mix"] == mix.name) & table["n_real"].isin(better)]
    if own.empty:
        return []
    baseline = answer.summary.loc[answer.summary["mix"] == mix.baseline.name, "n_real"]
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
