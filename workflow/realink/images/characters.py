"""What fonts draw, and font files by name: standard library only, for the workflow reads it too."""

import unicodedata
from collections.abc import Mapping

from realink.errors import InputError

KEY = "`rendered: characters:`"
# Font files by their suffix: what is read, and what is listed as left out.
READ, UNREAD = (".ttf", ".otf"), (".woff", ".woff2", ".ttc", ".otc")
DROID = "fonts-droid-fallback"
# Debian's packages of files that are read, by how Unicode's names of their characters begin.
PACKAGES = {
    ("HIRAGANA", "KATAKANA"): "fonts-ipafont-gothic",
    ("HANGUL",): "fonts-nanum",
    ("CJK UNIFIED", "CJK COMPATIBILITY", "IDEOGRAPHIC", "BOPOMOFO", "HANGZHOU"): DROID,
    ("FULLWIDTH", "HALFWIDTH", "SQUARE"): DROID,
    ("ARABIC", "EXTENDED ARABIC-INDIC"): "fonts-hosny-amiri",
}
OTHERS = "fonts-noto-core"


def characters_of(value: str | Mapping[str, str]) -> dict[str, str]:
    """Read the text that is drawn for each class.

    Parameters
    ----------
    value : str or mapping
        A string: each character is a class, named by itself. A mapping: the class's name to its
        text, of one character (``"ß"``) or several in one line (``"kWh"``).

    Returns
    -------
    dict
        Class name to text, in the order given; text is in Unicode's composed form (NFC).

    Raises
    ------
    InputError
        No class, two classes of one name or text; a name or text that is empty,
        is no text, or has control characters; a text that begins or ends with white space, or
        needs more than its characters drawn one after another from left to right: combining
        marks (vowels and joins of Indic scripts are such), several letters of a script written
        from right to left. Several letters of Mongolian, which join too, are not noticed.
    """
    if isinstance(value, str):
        text = unicodedata.normalize("NFC", value)
        pairs = [(character, character) for character in text]
    elif isinstance(value, Mapping):
        pairs = list(value.items())
    else:
        raise InputError(f"{KEY} must be a string or a mapping from class to text, not {value!r}")
    if not pairs:
        raise InputError(f"{KEY} needs a class, got {value!r}")
    characters: dict[str, str] = {}
    classes: dict[str, str] = {}
    for name, text in pairs:
        _check_strings(name, text)
        text = unicodedata.normalize("NFC", text)
        _check_drawable(name, text)
        if name in characters:
            raise InputError(f"{KEY} has {name!r} twice: each class stands once")
        if text in classes:
            raise InputError(
                f"{KEY} has the same text for {classes[text]!r} and {name!r}: {text!r}"
            )
        characters[name], classes[text] = text, name
    return characters


def remedy(text: str) -> str:
    """Where there are fonts of a text, in words."""
    packages = {_package(character) for character in text}
    if None in packages:
        return "from elsewhere (no package of Debian is known to have them)"
    return f"such as those of Debian's {' and '.join(sorted(packages))}"


def _package(character: str) -> str | None:
    """Debian's package of a character's fonts; none of pictures, of which none is known."""
    name = unicodedata.name(character, "")
    found = (package for begins, package in PACKAGES.items() if name.startswith(begins))
    letters = unicodedata.category(character)[0] in "LNP"
    strange = name.startswith(("KANGXI", "CIRCLED IDEOGRAPH"))
    return next(found, OTHERS if letters and not strange else None)


def _check_strings(name: object, text: object) -> None:
    for part in (name, text):
        if not isinstance(part, str):
            raise InputError(f"{KEY} has {part!r}, which is no text: write it in quotes")
        if not part.strip():
            raise InputError(f"{KEY} has an empty class or text, or one of only white space")
        if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in part):
            raise InputError(f"{KEY} has control characters in {part!r}: remove them")


def _check_drawable(name: str, text: str) -> None:
    if text != text.strip():
        raise InputError(f"{KEY} {name!r}: {text!r} begins or ends with white space: remove it")
    if any(unicodedata.category(c).startswith("M") for c in text):
        raise InputError(
            f"{KEY} {name!r}: {text!r} has combining marks, whose place fonts do not give here: "
            "draw such images yourself and take `rendered: source: folder`"
        )
    if len(text) > 1 and any(unicodedata.bidirectional(c) in ("R", "AL", "AN") for c in text):
        raise InputError(
            f"{KEY} {name!r}: {text!r} runs from right to left, and only one character of such a "
            "script can be drawn: draw such images yourself and take `rendered: source: folder`"
        )
