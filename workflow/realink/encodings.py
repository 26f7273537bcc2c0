"""Text that is not in UTF-8: what it probably is in, and how to convert it.

Needs the standard library only, because Snakemake's logger reads configs by it before all else.
"""

import codecs
import shlex

# A mark of UTF-32 begins with that of UTF-16.
MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


def not_utf8(name: str, content: bytes) -> str | None:
    """Say what is wrong with a file that is not in UTF-8, and how to convert it; begin by its name.

    Parameters
    ----------
    name : path of the file
    content : all of it, mostly ASCII
    """
    kind = next((kind for mark, kind in MARKS.items() if content.startswith(mark)), None)
    encoding = kind
    if not kind and b"\0" in content[:4]:  # without a mark; ASCII has one byte that is none
        kind = "UTF-32" if content[:4].count(0) == 3 else "UTF-16"
        encoding = kind + ("BE" if content.startswith(b"\0") else "LE")
    if kind:
        return f"{name} is in {kind}: {_remedy(name, encoding)}"
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return (
            f"{name}, line {line}, is not in UTF-8, but perhaps in Windows' cp1252: "
            f"{_remedy(name, 'CP1252')}"
        )
    return None


def _remedy(name: str, encoding: str) -> str:
    old, new = shlex.quote(name), shlex.quote(f"{name}.new")
    return (
        f"save it as UTF-8, in an editor or by: iconv -f {encoding} -t UTF-8 {old} > {new} && "
        f"mv {new} {old}"
    )
