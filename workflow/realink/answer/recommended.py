"""What to do with the real images at hand: the simplest mix that nothing surely beats."""

from collections.abc import Iterable
from dataclasses import dataclass

from realink.answer.analysis import Answer
from realink.plan.mixes import RANDOMISED, RENDERED, Mix


@dataclass(frozen=True)
class Recommendation:
    """The mix to train on at one count of real images.

    Attributes
    ----------
    n_real
        The count.
    mix, error
        Its name, and its mean test error, a fraction.
    instead_of, instead_of_error
        What one would do without it: the real images alone, augmented as the mix is; for `real-aug`
        not augmented. None where the mix is `real`, or the study has no such cell.
    lowest, lowest_error
        The mix with the lowest mean test error, where that is another one, which is not surely
        better than all that is simpler.
    """

    n_real: int
    mix: str
    error: float
    instead_of: str | None
    instead_of_error: float | None
    lowest: str | None
    lowest_error: float | None


def recommended(answer: Answer) -> list[Recommendation]:
    """What to train on at each count of real images that has a baseline, by the study's verdicts.

    And at N = 0, where there can be none.

    Of the mixes at a count, those that others surely beat fall out, and those that have a higher
    mean error than a simpler one; of what is left, the simplest (`simplicity`). So a translator
    is recommended only where it surely beats everything simpler that it was compared with. The
    rule is that of Breiman et al. (1984) for trees: the simplest that is not surely worse than
    the best.
    """
    found = []
    for n, own in answer.summary.groupby("n_real"):
        cells = zip(own["mix"], own["test_error"], strict=True)
        # A control knows what nobody has, and another budget is no other mix.
        errors = {name: error for name, error in cells if not Mix.parse(name).is_variant}
        if not errors or (n and not any(Mix.parse(name).is_baseline for name in errors)):
            continue
        order = sorted(errors, key=lambda name: (*simplicity(Mix.parse(name)), errors[name]))
        beaten = _beaten(answer, n, errors)
        gains = [
            name
            for place, name in enumerate(order)
            if all(errors[name] < errors[simpler] for simpler in order[:place])
        ]
        # Verdicts are of ratios: all can be beaten only where these and the means disagree.
        name = next((name for name in gains if name not in beaten), gains[-1])
        lowest = min(order, key=errors.__getitem__)
        found.append(_told(answer, Mix.parse(name), n, None if lowest == name else lowest))
    return found


def simplicity(mix: Mix) -> tuple[bool, bool, int, bool]:
    """Sorts mixes by what they take: real images, then rendered, randomised, translated ones.

    Of the same images, augmented ones come second. Pseudo-labels come after them all, since they
    take three trainings in place of one; mixes without real images come last, since these are at
    hand.
    """
    sources = [None, RENDERED, RANDOMISED]
    effort = sources.index(mix.source) if mix.source in sources else len(sources)
    return not mix.real, mix.pseudo, effort, mix.augmented


def _beaten(answer: Answer, n: int, mixes: Iterable[str]) -> set[str]:
    """Mixes of which another of them, at this count, has surely fewer errors."""
    table = answer.comparisons
    own = table[(table["n_real"] == n) & (table["reference_n_real"] == n)]
    own = own[own["mix"].isin(list(mixes))]
    return {
        *own.loc[own["verdict"] == "better", "reference"],
        *own.loc[own["verdict"] == "worse", "mix"],
    }


def _told(answer: Answer, mix: Mix, n: int, lowest: str | None) -> Recommendation:
    """What is recommended, with the errors of what one would do instead."""
    other = mix.plain if mix.is_baseline else mix.baseline
    known = other != mix and answer.has(other, n)
    return Recommendation(
        n_real=int(n),
        mix=mix.name,
        error=answer.error(mix, n),
        instead_of=other.name if known else None,
        instead_of_error=answer.error(other, n) if known else None,
        lowest=lowest,
        lowest_error=None if lowest is None else answer.error(Mix.parse(lowest), n),
    )
