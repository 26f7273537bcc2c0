"""The name of a study, after its config's file, and whether another config has it already."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from realink.errors import InputError


def study_of(output: Path) -> str:
    """The name of the study whose config is written to a file: the file's, in letters and digits.

    Letters of any script stay. Of a name without any, a hash tells it from others.
    """
    stem = unicodedata.normalize("NFC", output.stem)
    kept = re.sub(r"[^\w.-]+", "-", stem).strip("-._")
    return kept or f"study-{hashlib.sha256(stem.encode(errors='replace')).hexdigest()[:6]}"


def refuse_shared(output: Path, study: str) -> None:
    """Refuse a config whose study is that of another file, or has results of another's.

    Parameters
    ----------
    output : where the config is to be written; one that is there may be overwritten
    study : its name, which is that of the folder in results

    Raises
    ------
    InputError
        It names the other config, or the results.
    """
    remedy = "two studies of one name would overwrite each other's results; name another file"
    for path in _configs(output):
        if path.resolve() != output.resolve() and _study_in(path) == study:
            raise InputError(f"--output {output}: {path} is of the study {study!r}, too; {remedy}")
    results = Path("results") / study
    own = output.is_file() and _study_in(output) == study
    if not own and results.is_dir() and any(results.iterdir()):
        raise InputError(
            f"--output {output}: {results} holds the results of another config's study; name "
            "another file, or move that folder away"
        )


def _configs(output: Path) -> Iterator[Path]:
    """Configs that a person may run beside one that is to be written."""
    for folder in dict.fromkeys([Path("config"), output.parent]):
        for pattern in ("*.yaml", "*.yml"):
            yield from sorted(folder.glob(pattern))


def _study_in(path: Path) -> str | None:
    import yaml

    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None  # no config, or none that can be run
    return read.get("study") if isinstance(read, dict) else None
