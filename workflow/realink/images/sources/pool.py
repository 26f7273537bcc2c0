"""All real images that may be trained on, their labels hidden, as unlabelled ones."""

from collections.abc import Mapping
from typing import Any

from realink.images.sources.known import Known, no_files, no_hashes

PICTURES, MNIST = False, False

files, unnameable = no_files, no_hashes


def unlabelled(
    asked: Mapping[str, Any], real: Mapping[str, Any], known: Known, replicates: int
) -> int:
    """As many as there are to train on."""
    return known.counts["train"]
