"""Files that a person names on a command line, and what a terminal shows of their names."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from realink.errors import InputError


def refuse_folder(output: Path) -> None:
    """Refuse a folder where a file is to be written."""
    if output.is_dir():
        raise InputError(f"--output {output}: this is a folder; name a file in it")


@contextmanager
def written_as_asked(output: Path) -> Iterator[Path]:
    """Write a file that a person named: whole, or not at all and with a line on why."""
    from realink.store.files import written_whole

    try:
        with written_whole(output) as temporary:
            yield temporary
    except OSError as error:
        raise InputError(f"--output {output}: cannot be written: {error.strerror}") from None


def shown(name: str) -> str:
    """A name as a terminal can show it, without what would move its cursor."""
    return name if name.isprintable() else repr(name)
