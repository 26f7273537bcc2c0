"""What to do with the real images at hand: the simplest mix that nothing surely beats.

And of several learners, with which of them.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from realink.answer import learners
from realink.answer.analysis import Answer
from realink.answer.words import rank
from realink.plan.mixes import RANDOMISED, RENDERED, Mix


@dataclass(frozen=True)
class Recommendation:
    """The mix to train on at one count of real images.

    Attributes
    ----------
    n_real
        The count.
    mix, error
        Itself, with its learner where the study has several, and its mean test error, a fraction.
    instead_of, instead_of_error
        What one would do without it: the real images alone, augmented as the mix is; for `real-aug`
        not augmented. None where the mix is `real`, or the study has no such cell.
    lowest, lowest_error
        The mix with the lowest mean test error, where that is another one, which is not surely
        better than all that is simpler.
    """

    n_real: int
    mix: Mix
    error: float
    instead_of: Mix | None
    instead_of_error: float | None
    lowest: Mix | None
    lowest_error: float | None

    def record(self) -> dict[str, Any]:
        """All of it as a record of JSON, which has the mixes' labels."""
        labels = {
            name: mix and mix.name
            for name in ("mix", "instead_of", "lowest")
            for mix in [getattr(self, name)]
        }
        return asdict(self) | labels


def recommended(answer: Answer) -> list[Recommendation]:
    """What to train on at each count of real images that has a baseline, by the study's verdicts.

    And at N = 0, where there can be none.

    Of the mixes at a count, those that others surely beat fall out, and those that have a higher
    mean error than a simpler one; of what is left, the simplest (`simplicity`). So a translator
    is recommended only where it surely beats everything simpler that it was compared with. The
    rule is that of Breiman et al. (1984) for trees: the simplest that is not surely worse than
    the best. A learner whose best mix another learner's surely beats falls out with all its mixes.
    """
    found = []
    for n, own in answer.summary.groupby("n_real"):
        cells = zip(map(answer.mixes.get, own["mix"]), own["test_error"], strict=True)
        # A control knows what nobody has, and another budget is no other mix.
        errors = {mix: error for mix, error in cells if not mix.is_variant}
        if not errors or (n and not any(mix.is_baseline for mix in errors)):
            continue
        order = sorted(errors, key=lambda mix: (*simplicity(mix), errors[mix]))
        beaten = _beaten(answer, n, errors)
        gains = [
            mix
            for place, mix in enumerate(order)
            if all(errors[mix] < errors[simpler] for simpler in order[:place])
        ]
        # Verdicts are of ratios: all can be beaten only where these and the means disagree.
        mix = next((mix for mix in gains if mix not in beaten), gains[-1])
        lowest = min(order, key=errors.__getitem__)
        found.append(_told(answer, mix, n, None if lowest == mix else lowest))
    return found


def simplicity(mix: Mix) -> tuple[bool, bool, int, bool, tuple[int, str]]:
    """Sorts mixes by what they take: real images, then rendered, randomised, translated ones.

    Of the same images, augmented ones come second, and of the same mix learners that take more.
    Pseudo-labels come after them all, since they
    take three trainings in place of one; mixes without real images come last, since these are at
    hand.
    """
    sources = [None, RENDERED, RANDOMISED]
    effort = sources.index(mix.source) if mix.source in sources else len(sources)
    return not mix.real, mix.pseudo, effort, mix.augmented, rank(mix.learner)


def _beaten(answer: Answer, n: int, mixes: Iterable[Mix]) -> set[Mix]:
    """Mixes of which another of them, or another learner, has surely fewer errors at a count."""
    mixes = {mix.name: mix for mix in mixes}
    table = answer.comparisons
    own = table[(table["n_real"] == n) & (table["reference_n_real"] == n)]
    own = own[own["mix"].isin(list(mixes))]
    names = {
        *own.loc[own["verdict"] == "better", "reference"],
        *own.loc[own["verdict"] == "worse", "mix"],
    }
    lost = learners.beaten(table, n)
    return {mix for name, mix in mixes.items() if name in names or mix.learner in lost}


def _told(answer: Answer, mix: Mix, n: int, lowest: Mix | None) -> Recommendation:
    """What is recommended, with the errors of what one would do instead."""
    other = mix.plain if mix.is_baseline else mix.baseline
    known = other != mix and answer.has(other, n)
    return Recommendation(
        n_real=int(n),
        mix=mix,
        error=answer.error(mix, n),
        instead_of=other if known else None,
        instead_of_error=answer.error(other, n) if known else None,
        lowest=lowest,
        lowest_error=None if lowest is None else answer.error(lowest, n),
    )
