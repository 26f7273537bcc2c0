"""Names of classes as figures can write them, in any script that fonts of the environment have."""

from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from importlib import metadata

import matplotlib
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

# Matplotlib's own has Latin, Greek, Cyrillic, Arabic and Hebrew letters; packaged ones, more.
OWN = "DejaVu Sans"
FURTHER = {
    "fontpkg-noto-sans-thai": "NotoSansThai[wdth,wght].ttf",
    "fontpkg-noto-sans-devanagari": "NotoSansDevanagari[wdth,wght].ttf",
    "fontpkg-noto-sans-khmer": "NotoSansKhmer[wdth,wght].ttf",
    "fontpkg-noto-sans-tamil": "NotoSansTamil[wdth,wght].ttf",
    "fontpkg-noto-sans-telugu": "NotoSansTelugu[wdth,wght].ttf",
    "fontpkg-hind-siliguri": "HindSiliguri-Regular.ttf",
}


def use_fonts() -> None:
    """Have matplotlib take what its font lacks from the others, in this order."""
    families = []
    for path in _further():
        families.append(font_manager.FontProperties(fname=path).get_name())
        if families[-1] not in {font.name for font in font_manager.fontManager.ttflist}:
            font_manager.fontManager.addfont(path)
    matplotlib.rcParams["font.family"] = ["sans-serif", OWN, *families]


def label(name: str, classes: Iterable[str]) -> str:
    """A class's name if fonts have all of it, else its number among the classes, sorted."""
    written = all(ord(c) in _characters() or not c.isprintable() or c.isspace() for c in name)
    return name if written else f"class {sorted(classes).index(name) + 1}"


def numbered(classes: Iterable[str]) -> dict[str, str]:
    """What stands in figures for names that fonts lack, with the names."""
    classes = sorted(classes)
    labels = {label(name, classes): name for name in classes}
    return {shown: name for shown, name in labels.items() if shown != name}


@cache
def _further() -> tuple[str, ...]:
    found = []
    for package, name in FURTHER.items():
        # Names are numbered where it is not installed.
        with suppress(metadata.PackageNotFoundError):
            files = metadata.files(package) or ()
            found += [str(path.locate()) for path in files if path.name == name]
    return tuple(found)


@cache
def _characters() -> frozenset[int]:
    paths = [font_manager.findfont(OWN), *_further()]
    return frozenset(code for path in paths for code in FT2Font(path).get_charmap())
