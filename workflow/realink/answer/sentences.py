"""The answer in a few sentences, from the tables of the study at hand.

Of several learners, what is said names them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from realink.answer.recommended import Recommendation, recommended
from realink.answer.result import Answer
from realink.answer.words import (
    as_count,
    at_hand,
    fewer,
    fewer_between,
    listed,
    network,
    percent,
    places,
    rank,
)
from realink.plan.mixes import RANDOMISED, RENDERED, Mix

PROBABLY = 0.75  # from which probability on a mix is said to be probably better
SURELY = "{} surely worse"
LIKELY = "{} probably worse", "cannot be told from it", "{} probably better"
SHOWN = 4  # mixes that a sentence names at most


def sentences(answer: Answer) -> list[str]:
    """What to do with the fewest real images; what networks, translating, pseudo-labels gain."""
    first = recommended(answer)[:1]
    return [
        *(advice(answer, one) for one in first),
        *_networks(answer),
        *_translating(answer),
        *(words for one in first for words in _pseudo_labelling(answer, one)),
    ]


def advice(answer: Answer, one: Recommendation) -> str:
    """What to do at one count, what it gives, and what nothing more is gained by.

    At most 25 words, if the translator's name is one, and the network's not counted.
    """
    mix = one.mix
    has = at_hand(one.n_real, answer.unlabelled)
    said = f"With {has}: {action(mix)}: {percent(one.error)} errors"
    if one.instead_of_error is not None:
        said += f" instead of {percent(one.instead_of_error)}"
        said += " unaugmented" * (mix.is_baseline and mix.augmented)
    own = answer.summary[answer.summary["n_real"] == one.n_real]
    tried = [answer.mixes[name] for name in own["mix"]]
    others = [other for other in tried if other != mix and other.learner == mix.learner]
    if mix.translator is not None and answer.has(mix.untranslated, one.n_real):
        said += f" (untranslated: {percent(answer.error(mix.untranslated, one.n_real))})"
    return said + _in_vain(mix, others) + "."


def certainty(answer: Answer, one: Recommendation) -> list[str]:
    """How sure the advice at one count is: errors that it saves, and what images are worth."""
    return [*_saved(answer, one), *_sure(answer, one), *_worth(answer, one)]


def action(mix: Mix) -> str:
    """What to do, as an order: ``add rendered ones and augment``."""
    if mix.learner:
        return f"{action(mix.without_learner)}, with {network(mix.learner)}"
    if mix.pseudo:
        return f"{action(mix.supervised)}, then pseudo-label the unlabelled"
    if mix.is_baseline:
        return "augment them" if mix.augmented else "train on them alone"
    images = "rendered ones"
    if mix.source == RANDOMISED:
        images = "randomised rendered ones"
    elif mix.source != RENDERED:
        images = f"rendered ones translated by {mix.source}"
    order = f"add {images}" if mix.real else f"train only on {images}"
    return order + (" and augment" if mix.augmented else "")


def _in_vain(mix: Mix, others: Sequence[Mix]) -> str:
    """Which of the other mixes' means were tried and add nothing that is sure."""
    untranslated = (RENDERED, RANDOMISED)
    translating = any(other.source not in (None, *untranslated) for other in others)
    rendered = any(other.source in untranslated for other in others)
    if not mix.augmented and any(other.augmented for other in others):
        return "; nothing else tried is surely better"
    if mix.source is None and rendered:
        return f"; rendered ones{', translated or not,' if translating else ''} add nothing sure"
    if translating and (mix.source is None or mix.source in untranslated):
        return "; translating adds nothing sure"
    return ""


def _networks(answer: Answer) -> list[str]:
    """Of several learners, which is the right one from which count on."""
    among = sorted(set(answer.learners.get("n_real", ())))
    right: dict[tuple[str, ...], list[int]] = {}
    for n, own in answer.learners.groupby("n_real") if among else ():
        right.setdefault(tuple(own.loc[own["right"], "learner"]), []).append(n)
    said = []
    for learners, counts in right.items():
        names = listed(list(map(network, learners)))
        is_right = "is the right one" if len(learners) == 1 else "are alike (undecided)"
        said.append(f"{names} {is_right} {places(counts, among)}")
    if not said:
        return []
    words = "; ".join(said)
    return [f"{words[0].upper()}{words[1:]}, each with the mix that is best on validation images."]


def _translating(answer: Answer) -> list[str]:
    """Where translated images beat untranslated ones, or real ones alone: the title's question.

    With augmentation, where the study has it: without it, the arm to beat is weaker than a person
    would make it.
    """
    if not answer.names:
        return ["This study has no translator, so it cannot say whether translation helps."]
    said = []
    for learner in sorted({mix.learner for mix in answer.mixes.values()}, key=rank):
        found = (_best(answer, augmented, learner) for augmented in (True, False))
        if mix := next(filter(None, found), None):
            rival = mix.untranslated if answer.verdicts(mix, mix.untranslated) else mix.baseline
            others = "none at all" if rival == mix.baseline else "untranslated ones"
            where = _where(others, answer.verdicts(mix, rival))
            pair = [one.without_learner.name for one in (mix, rival)]
            said.append(
                f"Beside real images, those translated by {mix.source} are {where}"
                f"{f', with {network(learner)}' if learner else ''} ({pair[0]} against {pair[1]})."
            )
    if said:
        return said
    baselines = [Mix(None, True, augmented) for augmented in (False, True)]
    lacks = (
        "mix of real and translated images at a count of the real images alone"
        if any(mix.without_learner in baselines for mix in answer.mixes.values())
        else f"baseline (the mix `{baselines[0].name}` or `{baselines[1].name}`)"
    )
    return [f"This study has no {lacks}, so it cannot say whether translation helps."]


def _pseudo_labelling(answer: Answer, one: Recommendation) -> list[str]:
    """What pseudo-labels add to what is recommended, and to the labelled images alone."""
    mix = replace(one.mix.supervised, real=True)
    said = []
    for supervised in dict.fromkeys([mix, mix.baseline]):
        verdicts = answer.verdicts(replace(supervised, pseudo=True), supervised)
        if verdicts:
            said.append(f"{supervised.name} is {_where('without', verdicts)}")
    return [f"With pseudo-labels for the unlabelled images, {'; '.join(said)}."] if said else []


def _where(others: str, verdicts: Mapping[int, str]) -> str:
    """At which counts images are better than others, and at which worse."""
    among = list(verdicts)
    better, worse = ([n for n in among if verdicts[n] == kind] for kind in ("better", "worse"))
    if not better:
        said = f"nowhere surely better than {others}"
        return said + (f", and worse {places(worse, among)}" if worse else "")
    said = f"surely better than {others} {places(better, among)}"
    return said + (f", but worse {places(worse, among)}" if worse else "")


def told(answer: Answer, mix: Mix, reference: Mix, verdicts: Mapping[int, str]) -> str:
    """Say which verdict holds at which counts, with errors: ``better at 55 (5.7 % against …)``."""
    order: dict[str, list[str]] = {}
    for n, verdict in verdicts.items():
        errors = f"{percent(answer.error(mix, n))} against {percent(answer.error(reference, n))}"
        order.setdefault(verdict, []).append(f"{n:,} ({errors})")
    return ", ".join(f"{verdict} at {listed(said)}" for verdict, said in order.items())


def _best(answer: Answer, augmented: bool, learner: str | None) -> Mix | None:
    """The mix whose translated images lower the error anywhere, and most on average.

    Randomised images saw no real one: they are the best only where nothing else is there.
    """
    baseline = Mix(None, True, augmented, learner=learner)

    def key(mix: Mix) -> tuple[bool, bool, float]:
        ratios = list(answer.verdicts(mix, baseline, "ratio").values())
        better = "better" in answer.verdicts(mix, baseline).values()
        return mix.source == RANDOMISED, not better, float(np.mean(np.log(ratios)))

    mixed = [replace(baseline, source=name) for name in answer.names]
    return min((mix for mix in mixed if answer.verdicts(mix, baseline)), key=key, default=None)


def _saved(answer: Answer, one: Recommendation) -> list[str]:
    """How many fewer errors there are than without the advice, with an interval."""
    mix, reference, n = one.mix, one.instead_of, one.n_real
    if reference is None:
        return []
    if n not in (verdicts := answer.verdicts(mix, reference)):
        return []
    columns = (answer.verdicts(mix, reference, name) for name in ("ratio", "low", "high"))
    ratio, low, high = (column[n] for column in columns)
    bounds = ""
    if np.isfinite(low):
        bounds = f"; 95\N{NO-BREAK SPACE}% interval: {fewer_between(low, high)}"
    unsure = ", which is not sure" * (verdicts[n] == "undecided")
    images = "labelled" if answer.unlabelled else "real"
    alone = f"{images} images alone{', augmented' * reference.augmented}"
    return [
        f"That is {fewer(ratio)} errors than with {alone}{unsure} ({mix.name} against "
        f"{reference.name}{bounds})."
    ]


def _sure(answer: Answer, one: Recommendation) -> list[str]:
    """How many of the others are surely or probably worse, and from which nothing tells it."""
    table = answer.rivals
    if table.empty:
        return []
    own = table[(table["mix"] == one.mix.name) & (table["n_real"] == one.n_real)]
    # The test's two sides: what is left of p speaks for the one with fewer errors.
    better = np.where(own["ratio"] < 1, 1 - own["p"] / 2, own["p"] / 2)
    chances = dict(zip(own["reference"], better, strict=True))
    surely = set(own.loc[own["verdict"] == "better", "reference"])
    if len(surely) == len(own) > 1:
        return [f"All {len(own)} mixes tried besides are surely worse."]
    named: dict[str, list[str]] = {}
    for name, chance in chances.items():
        kind = SURELY if name in surely else _likely(chance)
        named.setdefault(kind, []).append(name)
    said, explained = [], ""
    for kind in filter(named.get, (SURELY, *LIKELY)):
        names = named[kind]
        shown = f"{len(names)} {kind.format('is' if len(names) == 1 else 'are')}"
        if len(names) <= SHOWN and kind == SURELY:
            shown += f" ({'; '.join(names)})"
        elif len(names) <= SHOWN:
            shown += f" ({'; '.join(f'{name}, {100 * chances[name]:.0f} %' for name in names)})"
            explained = " The percentage is the probability that this advice has fewer errors."
        said.append(shown)
    if not said:
        return []
    others = f"{len(own)} {'mix' if len(own) == 1 else 'mixes'}"
    return [f"Of {others} tried besides, {listed(said)}.{explained}"]


def _likely(chance: float) -> str:
    """What is said of a mix than which the advised one has fewer errors with a probability."""
    worse, alike, better = LIKELY
    if max(chance, 1 - chance) < PROBABLY:
        return alike
    return worse if chance > 0.5 else better


def _worth(answer: Answer, one: Recommendation) -> list[str]:
    """What the images that are recommended make of the real ones: they count as so many."""
    table = answer.worth
    own = table[(table["mix"] == one.mix.name) & (table["n_real"] == one.n_real)]
    baseline = one.mix.baseline.name
    counts = answer.summary.loc[answer.summary["mix"] == baseline, "n_real"]
    ends = counts.min(), counts.max()
    labelled = "labelled ones " if answer.unlabelled else ""
    found = []
    for row in own.itertuples():
        bounds = ""
        if np.isfinite(row.low):
            low, high = (as_count(bound, *ends) for bound in (row.low, row.high))
            bounds = f"; 95\N{NO-BREAK SPACE}% interval: {low} to {high}"
        found.append(
            f"So used, {at_hand(one.n_real, answer.unlabelled)} are worth "
            f"{as_count(row.equals, *ends)} {labelled}used alone ({baseline}{bounds})."
        )
    return found
