"""What is wrong with the config files of a command line, in a line of its own.

Snakemake reads them before the Snakefile, and answers with a traceback or without the file's name.
"""

import codecs
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

OPTIONS = ("--configfile", "--configfiles")


def fault(arguments: Sequence[str]) -> str | None:
    """Say what is wrong with the first config file that Snakemake cannot take, if there is one."""
    for name in _files(arguments):
        path = Path(name)
        if not path.is_file():
            return f"{name}: no such config file{_target(name)}"
        content = path.read_bytes()
        if not_utf8 := _encoding(content):
            return f"{name}{not_utf8[0]}: save it as UTF-8, {_converted(name, not_utf8[1])}"
        try:
            read = yaml.safe_load(content.decode("utf-8-sig"))
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            return f"{name}, line {mark.line + 1}, column {mark.column + 1}: {error.problem}"
        except yaml.YAMLError:
            read = None
        if not isinstance(read, dict):
            return f"{name} is no config: it has no keys{_target(name)}"
    return None


def _encoding(content: bytes) -> tuple[str, str] | None:
    """What to say of text that is not UTF-8, and the encoding that it probably is in."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return " is in UTF-16", "UTF-16"
    # Text of a config is mostly ASCII, of which every other byte is zero then.
    if b"\0" in content[:2]:
        big = content.startswith(b"\0")
        return " is in UTF-16", "UTF-16BE" if big else "UTF-16LE"
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return f", line {line}, is not in UTF-8, but perhaps in Windows' cp1252", "CP1252"
    return None


def _converted(name: str, encoding: str) -> str:
    old, new = shlex.quote(name), shlex.quote(f"{name}.new")
    return f"in an editor or by: iconv -f {encoding} -t UTF-8 {old} > {new} && mv {new} {old}"


def _files(arguments: Sequence[str]) -> Iterator[str]:
    taking = False
    for argument in arguments:
        option, given, value = argument.partition("=")
        if argument.startswith("-"):
            taking = option in OPTIONS and not given
            if option in OPTIONS and given:
                yield value
        elif taking:
            yield argument


def _target(name: str) -> str:
    if name.endswith((".yaml", ".yml", ".json")) and not name.startswith("results/"):
        return ""
    return "; if it is a target, name it before --configfile"
