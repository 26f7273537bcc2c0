"""One look for all that is drawn: seaborn's figures and the page's charts take it from here.

A mix has one colour, mark and dash, which depend on nothing but its own name, so they are the same
in every panel and every study. Axes' limits, ticks and number formats are computed here, too.
"""

import zlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from realink.plan.mixes import RANDOMISED, REAL, RENDERED, Mix

COUNT, NUMBER = (
    ",d",
    ",.4~r",
)  # d3's, as `count` and `number` are Python's
APART = 0.09  # of an axis, between labels of two counts


class Source(NamedTuple):
    """How the images of one source look, whatever they are mixed with.

    variable : name of the page's CSS variable that holds the colour
    light, dark : the colour on white and on a dark page
    mark : matplotlib's marker
    shape : the same mark in Vega, by its name or as an SVG path within -1..1
    """

    variable: str
    light: str
    dark: str
    mark: str
    shape: str


def _star() -> str:
    angles = np.pi * np.arange(10) / 5
    radii = np.where(np.arange(10) % 2, 0.5, 1.2)
    corners = zip(radii * np.sin(angles), -radii * np.cos(angles), strict=True)
    return f"M{'L'.join(f'{x:.2f},{y:.2f}' for x, y in corners)}Z"


SOURCES = {
    None: Source("real", "#111111", "#ffffff", "o", "circle"),
    RENDERED: Source("rendered", "#a85500", "#f0a04b", "s", "square"),
    "cyclegan": Source("cyclegan", "#0a62ad", "#64b2f2", "D", "diamond"),
    "warp": Source("warp", "#00745a", "#46c7a5", "v", "triangle-down"),
    "harvest": Source("harvest", "#9a3d83", "#e592cf", "^", "triangle-up"),
    RANDOMISED: Source("randomised", "#63666d", "#a9b0bb", "P", "cross"),
}
# Translators of one's own share the rest by a hash of their names, colours and marks apart.
OTHER_COLOURS = [
    ("other1", "#7a5b00", "#d9bd55"),
    ("other2", "#b3261e", "#ff9a8f"),
    ("other3", "#5546b5", "#b3abff"),
    ("other4", "#00708a", "#6fd0ea"),
]
OTHER_MARKS = [
    ("<", "triangle-left"),
    (">", "triangle-right"),
    ("*", _star()),
    ("X", "M-1,-.5L-.5,-1L0,-.5L.5,-1L1,-.5L.5,0L1,.5L.5,1L0,.5L-.5,1L-1,.5L-.5,0Z"),
]


class Look(NamedTuple):
    """How a mix looks.

    colour, variable : on white, and on the page, as a CSS variable
    mark, shape : matplotlib's and Vega's
    filled : whether the mark is; those of mixes without real images are not
    dash : lengths of lines and gaps, none of mixes with real images but those with pseudo-labels,
        which have stars for marks
    width : of the line, in points; augmented mixes have the bolder one
    """

    colour: str
    variable: str
    mark: str
    shape: str
    filled: bool
    dash: tuple[int, ...]
    width: float


def source(name: str | None) -> Source:
    """The look of a source: None for real images alone, rendered, or a translator's name."""
    if name in SOURCES:
        return SOURCES[name]
    place = zlib.crc32(name.encode())
    mark = place // len(OTHER_COLOURS) % len(OTHER_MARKS)
    return Source(*OTHER_COLOURS[place % len(OTHER_COLOURS)], *OTHER_MARKS[mark])


def of(mix: Mix | str) -> Look:
    """The look of a mix."""
    mix = Mix.parse(mix) if isinstance(mix, str) else mix
    own = source(mix.source)
    if mix.pseudo:
        own = own._replace(mark="*", shape=_star())
    return Look(
        own.light,
        f"var(--{own.variable})",
        own.mark,
        own.shape,
        mix.real,
        ((2, 2) if mix.pseudo else ()) if mix.real else (5, 3),
        2.4 if mix.augmented else 1.7,
    )


def of_images(name: str) -> Look:
    """The look of images called real, rendered or as the translator that made them."""
    return of(Mix(None if name == REAL else name, True))


def palette(*, dark: bool) -> str:
    """All colours as declarations of CSS variables."""
    named = [(own.variable, own.light, own.dark) for own in SOURCES.values()] + OTHER_COLOURS
    return " ".join(f"--{name}: {night if dark else day};" for name, day, night in named)


class Measure(NamedTuple):
    """A measure of translated images.

    column : of translators.csv and gap.csv
    title : what it is called
    unit : its unit on an axis, where its values are times `factor`
    better : which way is
    meaning : in a few words
    least, most : values that it cannot go beyond, on the axis
    """

    column: str
    title: str
    unit: str
    factor: float
    better: str
    meaning: str
    least: float | None = None
    most: float | None = None

    @property
    def axis(self) -> str:
        """Title of an axis."""
        return f"{self.title}{self.unit and f' ({self.unit})'}: {self.better} is better"

    def of(self, table: pd.DataFrame) -> pd.DataFrame:
        """The table with the measure in its unit; with nothing but gaps if it has no such one."""
        if self.column not in table:
            return table.assign(**{self.column: np.nan})
        return table.assign(**{self.column: self.factor * table[self.column].astype(float)})


MEASURES = {
    measure.column: measure
    for measure in (
        Measure("label_retention", "labels kept", "%", 100, "higher",
                "of the images, those that the judge takes for their label", 0, 100),
        Measure("detected", "told from real images", "%", 100, "lower",
                "accuracy of a classifier at that; 50 is chance", 0, 100),
        Measure("frechet", "Fréchet distance", "", 1, "lower",
                "on the judge's features; depends on the number compared", 0),
        Measure("kernel", "kernel distance", "", 1, "lower",
                "on the same features; 0 for equal distributions", 0),
        Measure("density", "density", "", 1, "nearer to 1",
                "how deep they lie among real images; 1 for equal distributions", 0),
        Measure("coverage", "coverage", "%", 100, "higher",
                "of real images, those that have one of them nearby", 0, 100),
        Measure("copied", "near copies", "%", 100, "lower",
                "of the images, those nearer to one of the N than 99 % of unseen ones are", 0, 100),
    )
}  # fmt: skip
ERROR, COUNTS = "test error (%): lower is better", "N real images"
# What the error is set against: labels, and one measure of the gap.
FOLLOWED = ("label_retention", "frechet")
# Their names, and which way is better.
OUTCOMES = {
    "alone": ("test error (%) of these images alone", "lower is better"),
    "ratio": ("error beside real images / of real ones alone", "below 1 they help"),
}


def count(n: float) -> str:
    """A count as text: 55,000."""
    return f"{n:,.0f}"


def number(value: float) -> str:
    """A tick as text: 0.5, 40."""
    return f"{value:,g}"


def linear_up_to(counts: Iterable[int]) -> int | None:
    """The smallest count but 0, up to which an axis with 0 is linear; None of one without 0."""
    counts = set(map(int, counts))
    return min(counts - {0}, default=1) if 0 in counts else None


def count_ticks(counts: Iterable[int]) -> list[int]:
    """Counts to label on a logarithmic axis: the ends, and between them what stands apart."""
    counts = sorted(set(map(int, counts)))
    if len(counts) < 3:
        return counts
    places = np.log(np.maximum(counts, 1))
    places = (places - places[0]) / (places[-1] - places[0])
    kept = [0]
    for place in range(1, len(counts) - 1):
        if places[place] - places[kept[-1]] >= APART and 1 - places[place] >= APART:
            kept.append(place)
    return [counts[place] for place in [*kept, len(counts) - 1]]


def log_limits(values: Iterable[float]) -> tuple[float, float]:
    """Ends of a logarithmic axis that holds all positive values, with some room."""
    values = np.asarray(list(values), float)
    values = values[np.isfinite(values) & (values > 0)]
    low, high = (values.min(), values.max()) if len(values) else (1, 1)
    room = max((high / low) ** 0.05, 1.05)
    return low / room, high * room


def log_ticks(low: float, high: float) -> list[float]:
    """Values to label within the ends of a logarithmic axis: 1, 2 and 5, or finer ones."""
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    for digits in ((1,), (1, 2, 5)) if high / low > 1e4 else ((1, 2, 5),):
        ticks = [float(f"{digit}e{power}") for power in powers for digit in digits]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) > 2:
            return ticks
    return ticks_between(low, high)


def limits(
    values: Iterable[float], least: float | None = None, most: float | None = None
) -> tuple[float, float]:
    """Ends of an axis that holds all values, with room but never beyond what can be.

    `least` and `most` give way to values beyond them, such as an estimate below zero.
    """
    values = np.asarray(list(values), float)
    values = values[np.isfinite(values)]
    low, high = (values.min(), values.max()) if len(values) else (0, 1)
    room = 0.08 * (high - low) or 0.1 * abs(high) or 1
    ends = low - room, high + room
    if least is not None:
        ends = max(ends[0], min(least, low)), ends[1]
    if most is not None:
        ends = ends[0], min(ends[1], max(most, high))
    return ends


def ticks_between(low: float, high: float, most: int = 6) -> list[float]:
    """At most so many round values within the ends of an axis, evenly apart."""
    raw = (high - low) / most
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(digit * power for digit in (1, 2, 2.5, 5, 10) if digit * power >= raw)
    places = np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1)
    return [float(f"{place * step:.10g}") for place in places]


def sizes(counts: Sequence[int], smallest: float, largest: float) -> dict[int, float]:
    """An area for each count, growing with its rank: no two are alike, however many there are."""
    ranked = sorted(set(counts))
    areas = np.linspace(smallest, largest, len(ranked)) if len(ranked) > 1 else [largest / 2]
    return dict(zip(ranked, map(float, areas), strict=True))
