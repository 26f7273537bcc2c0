"""What to do with the real images at hand: the mix of which the lowest error is expected.

And of several learners, with which of them.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from realink.answer import learners
from realink.answer.result import Answer
from realink.answer.words import rank
from realink.plan.mixes import RANDOMISED, RENDERED, Mix

MARGIN = 0.02  # of the errors: what a simpler mix may cost


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
    """

    n_real: int
    mix: Mix
    error: float
    instead_of: Mix | None
    instead_of_error: float | None

    def record(self) -> dict[str, Any]:
        """All of it as a record of JSON, which has the mixes' labels."""
        labels = {
            name: mix and mix.name
            for name in ("mix", "instead_of")
            for mix in [getattr(self, name)]
        }
        return asdict(self) | labels


def recommended(answer: Answer) -> list[Recommendation]:
    """What to train on at each count of real images that has a baseline, and at N = 0.

    The mix with the lowest expected error (`realink.answer.expected`); or the simplest
    (`simplicity`) of those that are expected to have at most `MARGIN` more. What another mix, or
    another learner's best, surely beats is not among them. A person who has to choose loses most by
    a mix that is worse, not by one that is not proven: so the mean decides, not the proof.
    """
    found = []
    for n, own in answer.summary.groupby("n_real"):
        cells = zip(map(answer.mixes.get, own["mix"]), own["expected_error"], strict=True)
        # A control knows what nobody has, and another budget is no other mix.
        errors = {mix: error for mix, error in cells if not mix.is_variant}
        if not errors or (n and not any(mix.is_baseline for mix in errors)):
            continue
        beaten = _beaten(answer, n, errors)
        # Verdicts are of ratios: all can be beaten only where these and the means disagree.
        left = [mix for mix in errors if mix not in beaten] or list(errors)
        most = min(errors[mix] for mix in left) * (1 + MARGIN)
        near = [mix for mix in left if errors[mix] <= most]
        mix = min(near, key=lambda mix: (*simplicity(mix), errors[mix]))
        found.append(_told(answer, mix, n))
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


def _told(answer: Answer, mix: Mix, n: int) -> Recommendation:
    """What is recommended, with the errors of what one would do instead."""
    other = mix.plain if mix.is_baseline else mix.baseline
    known = other != mix and answer.has(other, n)
    return Recommendation(
        n_real=int(n),
        mix=mix,
        error=answer.error(mix, n),
        instead_of=other if known else None,
        instead_of_error=answer.error(other, n) if known else None,
    )
