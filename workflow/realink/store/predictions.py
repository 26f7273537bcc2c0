"""What all classifiers of a study read in the test images, as `collect` wrote it."""

from pathlib import Path

from realink.answer.cells import Reads
from realink.errors import InputError
from realink.store.files import read_tensors


def read_reads(predictions: Path) -> Reads:
    """Read what `collect` wrote; raise `InputError` if it is something else."""
    if not predictions.exists():
        raise InputError(
            f"{predictions}: no such file; without what its classifiers read, a study cannot be "
            "compared. Of a published study, get it by `git pull`; else finish the study with "
            "snakemake"
        )
    tensors, metadata = read_tensors(predictions)
    try:
        return Reads(
            tensors["predicted"] if "predicted" in tensors else tensors["read"],
            tensors["labels"],
            tuple(metadata["classes"]),
            tensors.get("groups"),
            tuple(metadata["group_names"]),
        )
    except KeyError as missing:
        raise InputError(f"{predictions}: holds no {missing}, so it is not from collect") from None
