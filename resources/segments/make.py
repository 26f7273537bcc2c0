"""Draw the faces of this folder: digits as displays of seven segments show them.

Run it as ``python make.py``; the same fontTools writes the same bytes. Each face is a variable
font: ``wght`` is how thick a segment is, ``wdth`` how wide a digit, ``slnt`` how far it leans,
``opsz`` how wide the gaps between segments are, all but the lean in thousandths of an em. Its named
instances are the cells that the catalogue of faces takes as faces of their own.
"""

import math
from itertools import product
from pathlib import Path

from fontTools import varLib
from fontTools.designspaceLib import DesignSpaceDocument
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

UNITS, HEIGHT = 1000, 700
# Each axis's ends, the first of which is the default, and the values of the named instances.
AXES = {
    "wght": ("Weight", (50, 130), (65, 90, 115)),
    "wdth": ("Width", (380, 540), (400, 440, 480, 520)),
    "slnt": ("Slant", (0, -14), (0, -6, -12)),
    "opsz": ("Gap", (0, 20), (3, 9, 15)),
}
# Segments: a top, b and c right, d bottom, e and f left, g middle.
DIGITS = ("abcdef", "bc", "abdeg", "abcdg", "bcfg", "acdfg", "acdefg", "abc", "abcdefg", "abcdfg")
FACES = {
    "Segments": DIGITS,
    # 6 and 9 without the ends of their bows, 7 with a third stroke: other displays show these.
    "SegmentsOpen": (*DIGITS[:6], "cdefg", "abcf", "abcdefg", "abcfg"),
}


def corners(segment: str, weight: float, width: float, slant: float, gap: float) -> list:
    """Corners of a segment, clockwise: a bar with pointed ends."""
    half, lean = weight / 2, math.tan(math.radians(-slant))
    left, right = half, width - half
    low, centre, high = half, HEIGHT / 2, HEIGHT - half
    if segment in "adg":
        y = {"a": high, "d": low, "g": centre}[segment]
        ends = (left + gap, left + gap + half, right - gap - half, right - gap)
        places = zip((0, 1, 2, 3, 2, 1), (0, half, half, 0, -half, -half), strict=True)
        points = [(ends[end], y + across) for end, across in places]
    else:
        x = right if segment in "bc" else left
        start, stop = (centre, high) if segment in "bf" else (low, centre)
        ends = (start + gap, start + gap + half, stop - gap - half, stop - gap)
        places = zip((0, 1, 2, 3, 2, 1), (0, -half, -half, 0, half, half), strict=True)
        points = [(x + across, ends[end]) for end, across in places]
    return [(round(x + y * lean), round(y)) for x, y in points]


def master(name: str, digits: tuple[str, ...], place: tuple[float, ...]) -> TTFont:
    """The ten digits at one place of the axes, as a font."""
    builder = FontBuilder(UNITS, isTTF=True)
    glyphs = {".notdef": TTGlyphPen(None).glyph()}
    for digit, segments in enumerate(digits):
        pen = TTGlyphPen(None)
        for segment in segments:
            first, *others = corners(segment, *place)
            pen.moveTo(first)
            for corner in others:
                pen.lineTo(corner)
            pen.closePath()
        glyphs[f"digit{digit}"] = pen.glyph()
    builder.setupGlyphOrder(list(glyphs))
    builder.setupCharacterMap({ord(str(digit)): f"digit{digit}" for digit in range(10)})
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics({glyph: (round(place[1]) + 100, 0) for glyph in glyphs})
    builder.setupHorizontalHeader(ascent=HEIGHT, descent=0)
    builder.setupNameTable({"familyName": name, "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=HEIGHT)
    builder.setupPost()
    builder.updateHead(created=0, modified=0)  # not now, or each run would write other bytes
    return builder.font


def variable(name: str, digits: tuple[str, ...]) -> TTFont:
    """One face of all places: its masters are the corners of the axes."""
    space = DesignSpaceDocument()
    for tag, (axis, ends, _) in AXES.items():
        limits = {"minimum": min(ends), "default": ends[0], "maximum": max(ends)}
        space.addAxisDescriptor(tag=tag, name=axis, **limits)
    names = [axis for axis, _, _ in AXES.values()]
    for place in product(*(ends for _, ends, _ in AXES.values())):
        where = dict(zip(names, place, strict=True))
        space.addSourceDescriptor(font=master(name, digits, place), location=where)
    for place in product(*(values for _, _, values in AXES.values())):
        where = dict(zip(names, place, strict=True))
        style = " ".join(map(str, place))
        space.addInstanceDescriptor(familyName=name, styleName=style, location=where)
    font, _, _ = varLib.build(space)
    font.recalcTimestamp = False
    return font


if __name__ == "__main__":
    for name, digits in FACES.items():
        variable(name, digits).save(Path(__file__).parent / f"{name}.ttf")
