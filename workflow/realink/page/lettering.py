"""Names of classes as figures can write them, in any script that fonts of the environment have."""

from collections.abc import Iterable
from functools import cache

import matplotlib
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

from realink.images.faces import locate

# Matplotlib's own has Latin, Greek, Cyrillic, Arabic and Hebrew letters; packaged ones, more.
OWN = "DejaVu Sans"
FURTHER = [
    "fontpkg-noto-sans-thai:fontpkg_noto_sans_thai/files/NotoSansThai[wdth,wght].ttf",
    "fontpkg-noto-sans-devanagari:"
    "fontpkg_noto_sans_devanagari/files/NotoSansDevanagari[wdth,wght].ttf",
    "fontpkg-noto-sans-khmer:fontpkg_noto_sans_khmer/files/NotoSansKhmer[wdth,wght].ttf",
    "fontpkg-noto-sans-tamil:fontpkg_noto_sans_tamil/files/NotoSansTamil[wdth,wght].ttf",
    "fontpkg-noto-sans-telugu:fontpkg_noto_sans_telugu/files/NotoSansTelugu[wdth,wght].ttf",
    "fontpkg-hind-siliguri:fontpkg_hind_siliguri/files/HindSiliguri-Regular.ttf",
]


def use_fonts() -> None:
    """Have matplotlib take what its font lacks from the others, in this order.

    Raises
    ------
    InputError
        A font package is not installed.
    """
    families = []
    for path in map(str, map(locate, FURTHER)):
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
def _characters() -> frozenset[int]:
    paths = [font_manager.findfont(OWN), *map(str, map(locate, FURTHER))]
    return frozenset(code for path in paths for code in FT2Font(path).get_charmap())
