"""What is wrong with the config files of a command line, in a line of its own.

Snakemake reads them before the Snakefile, and answers with a traceback or without the file's name.
"""

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
        if said := _not_utf8(name, content):
            return said
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


def _not_utf8(name: str, content: bytes) -> str | None:
    try:
        content.decode()
    except UnicodeDecodeError:
        pass
    else:
        if b"\0" not in content[:4]:  # as UTF-16 and UTF-32 have them
            return None
    # Only where the run ends by it: which realink is loaded, the Snakefile says.
    from realink.encodings import not_utf8

    return not_utf8(name, content)


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
