"""What a study's doses say, in sentences."""

import numpy as np

from realink.answer.doses import NONE, WHOLE, Doses
from realink.answer.enough import MARGIN, Enough, Line
from realink.answer.words import fewer, listed, percent
from realink.plan.recipe import MIXED

SPACE = "\N{NO-BREAK SPACE}"


def sentence(doses: Doses) -> str:
    """From how many rendered images on more add nothing, at each count of real ones."""
    if not doses.enough:
        return (
            "How many rendered images are enough, the doses cannot say: it takes two counts of "
            "`synthetic` or more."
        )
    parts = []
    for n, one in doses.enough.items():
        has = f"with {n:,}{' real images' if not parts else ''}"
        ends = f"{one.low:,} to {one.high:,}" if one.low != one.high else f"{one.low:,}"
        if one.told:
            parts.append(f"{has} from {one.n_synthetic:,} on (95{SPACE}%: {ends})")
        else:
            parts.append(f"{has} perhaps from {one.n_synthetic:,} on, but nothing tells ({ends})")
    saved = f"{100 * MARGIN:.0f}{SPACE}%"
    said = f"More rendered images are not expected to save {saved} of the errors {listed(parts)}."
    if max(one.replicates for one in doses.enough.values()) == 1:
        said += " That is of one replicate, and holds for these very classifiers only."
    return said


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
    for reference, name in ((NONE, "none"), (WHOLE, "the study's own share of all")):
        row = doses.compared(n, dose, reference)
        if row is not None:
            bounds = ""
            if np.isfinite(row.low):
                ends = [fewer(row.high), fewer(row.low)]
                bounds = f"; 95{SPACE}%: {' to '.join(dict.fromkeys(ends))}"
            sure = "not sure" if row.verdict == "undecided" else "sure"
            against.append(f"{fewer(row.ratio)} than with {name} ({sure}{bounds})")
    return said + (f", {listed(against)}" if against else "") + "."


def _others(one: Enough) -> list[str]:
    """What other shares, and the other order, do to the errors, over all counts."""
    surely, unsure = [], []
    for line, (ratio, low, high) in one.lines.items():
        if low <= 1 <= high:
            unsure.append(manner(line))
        else:
            surely.append(f"{manner(line)}: {fewer(ratio)} errors")
    said = []
    if surely:
        said.append(f"Over all counts, {'; '.join(surely)}.")
    if unsure:
        said.append(f"Nothing tells {'; '.join(unsure)} from that.")
    return said
