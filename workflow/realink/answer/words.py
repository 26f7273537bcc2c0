"""Numbers as words, for sentences and tables that people read."""

from collections.abc import Sequence

import numpy as np

# What learns, as people call it, the simpler ones first.
NETWORKS = {
    "small": "the small network",
    "frozen": "the pretrained network (frozen)",
    "finetuned": "the pretrained network (finetuned)",
}


def network(learner: str) -> str:
    """What a learner is called in a sentence: ``the pretrained network (frozen)``."""
    return NETWORKS.get(learner, f"the network {learner}")


def rank(learner: str | None) -> tuple[int, str]:
    """Sorts learners by what they take, the simplest first; those that nobody knows by name."""
    known = list(NETWORKS)
    return (known.index(learner) if learner in known else len(known)), learner or ""


def percent(error: float) -> str:
    """A fraction as a percentage with three digits that say something: 21.8 %, 3.27 %, 0.52 %."""
    value = 100 * error
    if np.isnan(value):
        return "?"
    return f"{value:.1f}\N{NO-BREAK SPACE}%" if value >= 10 else f"{value:.2f}\N{NO-BREAK SPACE}%"


def fewer(ratio: float) -> str:
    """A ratio of errors as a change: ``58 % fewer``, ``4 % more``."""
    change = round(100 * abs(ratio - 1))
    return f"{change:,}\N{NO-BREAK SPACE}% {'more' if ratio > 1 else 'fewer'}"


def fewer_between(low: float, high: float) -> str:
    """An interval of a ratio of errors as a change: ``40 to 58 % fewer``."""
    ends = [fewer(low), fewer(high)] if low > 1 else [fewer(high), fewer(low)]
    if (low > 1) == (high > 1):
        ends[0] = ends[0].partition("\N{NO-BREAK SPACE}")[0]
    return " to ".join(ends)


def at_hand(n: int, unlabelled: int = 0) -> str:
    """What one has: ``55 real images``, or ``55 labels and a pool of 2,215 real images``."""
    if not unlabelled:
        return f"{n:,} real images"
    return f"{f'{n:,}' if n else 'no'} labels and a pool of {unlabelled:,} real images"


def as_count(count: float, smallest: int, largest: int) -> str:
    """A count of real images that the baseline was asked for, to two digits."""
    if np.isinf(count):
        return f"more than {largest:,}"
    return f"fewer than {smallest:,}" if count == 0 else f"{int(float(f'{count:.2g}')):,}"


def listed(items: Sequence[object]) -> str:
    words = [f"{item:,}" if isinstance(item, int | np.integer) else str(item) for item in items]
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def span(first: int, last: int, among: Sequence[int]) -> str:
    """A range of counts, of those in order that there are: ``up to N = 550``."""
    if first == last:
        return f"at N = {first:,}"
    if first == among[0]:
        return "at every N" if last == among[-1] else f"up to N = {last:,}"
    return f"from N = {first:,} " + ("on" if last == among[-1] else f"to {last:,}")


def places(counts: Sequence[int], among: Sequence[int]) -> str:
    """Counts as a range, if it holds no others; else all of them: ``at N = 55 and 385``."""
    ends = [among.index(n) for n in (counts[0], counts[-1])]
    whole = len(counts) == 1 + ends[1] - ends[0]
    return span(counts[0], counts[-1], among) if whole else f"at N = {listed(counts)}"
