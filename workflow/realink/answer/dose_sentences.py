"""What a study's doses say, in sentences."""

import numpy as np

from realink.answer.doses import NONE, WHOLE, Doses
from realink.answer.enough import MARGIN, Enough, Line
from realink.answer.words import fewer, fewer_between, listed, percent
from realink.plan.recipe import MIXED

SPACE = "\N{NO-BREAK SPACE}"
SAVED = f"{100 * MARGIN:.0f}{SPACE}%"


def sentence(doses: Doses) -> str:
    """From how many rendered images on more add nothing, at each count of real ones."""
    if not doses.enough:
        return (
            "How many rendered images are enough, the doses cannot say: it takes two counts of "
            "`synthetic` or more."
        )
    parts = [_part(n, one, first=not place) for place, (n, one) in enumerate(doses.enough.items())]
    said = "; ".join(parts)
    said = f"{said[0].upper()}{said[1:]}. "
    said += f"Enough: more are not expected to save {SAVED} of the errors."
    if max(one.replicates for one in doses.enough.values()) == 1:
        said += " That is of one replicate, and holds for these very classifiers only."
    return said


def _part(n: int, one: Enough, *, first: bool) -> str:
    number, low, high = (f"{count:,}" for count in (one.n_synthetic, one.low, one.high))
    ends = low if low == high else f"{low} to {high}"
    said = f"with {n:,}{' real images' * first}, "
    if not one.told:
        return f"{said}perhaps {number}{' rendered ones' * first}, but nothing tells ({ends})"
    rendered = f"{number}{' rendered ones are enough' * first}"
    if one.n_synthetic == one.counts[-1]:
        rendered = f"{number}{' rendered ones' * first} or more: the most tried"
    return f"{said}{rendered} (95{SPACE}%: {ends})"


def details(doses: Doses) -> list[str]:
    """Of each count of real images: what so many rendered ones gain, and if share, order matter."""
    return [" ".join([_gained(doses, n, one), *_others(one)]) for n, one in doses.enough.items()]


def manner(line: Line) -> str:
    """How doses of a line are trained on: ``50 % real, mixed``, ``rendered first``."""
    if line.order == MIXED:
        return f"{share(line.share)} real, mixed"
    return "rendered first" + ("" if line.share is None else f", real for {share(line.share)}")


def share(value: float) -> str:
    """A share as a percentage: 50 %, 12.5 %."""
    return f"{100 * value:.3g}{SPACE}%"


def _gained(doses: Doses, n: int, one: Enough) -> str:
    dose = one.n_synthetic, one.line
    said = (
        f"With {n:,} real images, {one.n_synthetic:,} rendered ones ({manner(one.line)}) give "
        f"{percent(doses.error(n, dose))} errors"
    )
    against = []
    for reference, name in ((NONE, "none"), (WHOLE, "what the study has anyway")):
        row = doses.compared(n, dose, reference)
        if row is not None:
            bounds = ""
            if np.isfinite(row.low):
                bounds = f"; 95{SPACE}%: {fewer_between(row.low, row.high)}"
            sure = "not sure" if row.verdict == "undecided" else "sure"
            against.append(f"{fewer(row.ratio)} than with {name} ({sure}{bounds})")
    return said + (f", {listed(against)}" if against else ", as the study has them anyway") + "."


def _others(one: Enough) -> list[str]:
    """What other shares, and the other order, do to the errors, over all counts."""
    apart, alike = [], []
    for line, (ratio, low, high) in one.lines.items():
        if low <= 1 <= high:
            alike.append(manner(line))
        else:
            bounds = f"95{SPACE}%: {fewer_between(low, high)}"
            apart.append(f"{manner(line)}, {fewer(ratio)} errors ({bounds})")
    said = []
    if apart:
        said.append(f"Over all counts: {'; '.join(apart)}.")
    if alike:
        said.append(f"Not to be told from that: {'; '.join(alike)}.")
    return said
