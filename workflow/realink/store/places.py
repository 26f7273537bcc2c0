"""Which replicate tests which labelled images, on disk."""

from pathlib import Path

from realink.errors import InputError
from realink.images.places import Places
from realink.store.files import read_tensors, write_tensors


def write_places(path: Path, places: Places) -> None:
    """Write what `images.rotated` found."""
    write_tensors(path, places._asdict())


def read_places(path: Path) -> Places:
    """Read it; raise `InputError` if the file is something else."""
    tensors, _ = read_tensors(path)
    if not tensors.keys() >= {*Places._fields}:
        raise InputError(f"{path}: holds no places; delete it and run snakemake again")
    return Places(*(tensors[name] for name in Places._fields))
