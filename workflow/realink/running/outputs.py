"""The sum of each output, by which a later change is noticed, and what killed jobs leave behind.

The SHA-256 of results/mine/metrics.csv is in results/mine/sums/metrics.csv.sha256, a line as
`sha256sum` writes it.
"""

import glob
import hashlib
import os
import re
import shlex
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from realink.errors import InputError

# The workflow tells each job what it writes.
WRITES = "REALINK_WRITES"
SUMS, SUFFIX = "sums", ".sha256"


def assigned() -> list[Path]:
    """Files that the workflow has this job write; none for a command by hand."""
    return [Path(word) for word in shlex.split(os.environ.get(WRITES, ""))]


def clear(outputs: Iterable[Path]) -> None:
    """Before a job writes its outputs, remove their sums, and what a killed job left beside them.

    Then a job that ends in the middle leaves files without sums, which no one complains of.
    """
    for path in outputs:
        _sum_of(path).unlink(missing_ok=True)
        # As tempfile names what is moved onto the output in the end.
        left = re.compile(rf"\.{re.escape(path.stem)}\.[a-z0-9_]{{8}}{re.escape(path.suffix)}")
        beside = os.scandir(path.parent) if path.parent.is_dir() else []
        for entry in beside:
            if left.fullmatch(entry.name):
                shutil.rmtree(entry) if entry.is_dir() else os.unlink(entry)


def record(outputs: Iterable[Path]) -> None:
    """Write the sum of each output; one that is a folder has none."""
    for path in outputs:
        if path.is_file():
            noted = _sum_of(path)
            noted.parent.mkdir(parents=True, exist_ok=True)
            # Half a line, of a machine that crashed, is taken for none.
            noted.write_text(f"{_sum(path)}  {path.relative_to(_study_of(path))}\n")


def check_inputs(arguments: Sequence[str]) -> None:
    """Refuse results that are not what was written, before a command reads them.

    Parameters
    ----------
    arguments : of the command; paths are ``--name=results/...``, or patterns with {mix}, {n}, ...

    Raises
    ------
    InputError
        One of them was changed.
    """
    if changed := [path for path in _named(arguments) if _differs(path, _sum_of(path))]:
        raise InputError(complaint(changed))


def changed(study: Path) -> list[Path]:
    """Outputs of a study that are there, and are not what was written.

    Parameters
    ----------
    study : its folder

    A file is read if it was written, moved or touched since it was last found right: a sum's
    modification time is set to the change time that its file then had. Nobody can set that back.
    """
    sums, found = f"{study}/{SUMS}", []
    for folder, _, names in os.walk(sums):
        place = f"{study}{folder.removeprefix(sums)}"
        for name in names:
            # As text: paths of thousands of files take longer than looking at these.
            output = f"{place}/{name.removesuffix(SUFFIX)}"
            if _differs(output, f"{folder}/{name}"):
                found.append(Path(output))
    return sorted(found)


def complaint(outputs: list[Path]) -> str:
    """One line that names outputs which were changed, and says what to do."""
    several = len(outputs) > 1
    return (
        f"{f'{len(outputs)} results were' if several else 'a result was'} changed or cut off after "
        f"being written; delete {'them' if several else 'it'}, and run snakemake again: "
        f"rm {shlex.join(map(str, outputs))}"
    )


def _named(arguments: Sequence[str]) -> Iterator[Path]:
    for argument in arguments:
        value = argument.partition("=")[2]
        if value.startswith("results/"):
            found = glob.iglob(re.sub(r"\{\w+\}", "*", value)) if "{" in value else [value]
            yield from map(Path, found)


def _differs(output: str | Path, noted: str | Path) -> bool:
    try:
        state = os.stat(output)
        if os.stat(noted).st_mtime_ns == state.st_ctime_ns:
            return False
        line = Path(noted).read_text()
        if not re.match(r"[0-9a-f]{64}  .+\n", line):
            return False
        if _sum(output) == line[:64]:
            os.utime(noted, ns=(state.st_ctime_ns, state.st_ctime_ns))
            return False
        # Another snakemake's job may have written both since.
        return Path(noted).read_text() == line
    except (FileNotFoundError, NotADirectoryError):
        return False  # an output that is missing is made by Snakemake
    except PermissionError:
        return False  # of another person
    except OSError:
        return True  # the disk cannot read it


def _sum(path: str | Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _study_of(output: Path) -> Path:
    return Path(*output.parts[:2])


def _sum_of(output: Path) -> Path:
    study = _study_of(output)
    return study / SUMS / f"{output.relative_to(study)}{SUFFIX}"
