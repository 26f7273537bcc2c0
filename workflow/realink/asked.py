"""Files that a person names on a command line, and what a terminal shows of their names."""

import tempfile
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


@contextmanager
def made_whole(output: Path) -> Iterator[Path]:
    """Make a folder that a person named, all of it or nothing."""
    output.parent.mkdir(parents=True, exist_ok=True)
    # Beside the output, so that it appears whole.
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}.") as made:
        folder = Path(made) / output.name
        folder.mkdir()
        yield folder
        folder.rename(output)


def shown(name: str) -> str:
    """A name as a terminal can show it, without what would move its cursor."""
    return name if name.isprintable() else repr(name)
