"""A folder of pictures as a source of real, rendered or unlabelled images."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from realink.images import listing
from realink.images.names import SPLITS
from realink.images.sources.known import Known

PICTURES, MNIST = True, False


def files(asked: Mapping[str, Any]) -> list[str]:
    """Every picture, but for `unnameable` ones."""
    return listing.inputs(Path(asked["directory"]))


def unnameable(asked: Mapping[str, Any]) -> dict[str, str]:
    """Hashes of the pictures whose paths Snakemake cannot name."""
    return listing.unnameable(Path(asked["directory"]))


def real(asked: Mapping[str, Any]) -> Known:
    """What is known of real pictures: their names say it, see `listing.list_real`."""
    found = _listed(asked)
    return Known(found.classes, {name: len(found.split(name)) for name in SPLITS})


def rendered(asked: Mapping[str, Any]) -> Known:
    """What is known of rendered pictures, of which at most `count` are taken."""
    found = listing.list_rendered(Path(asked["directory"]))
    there = len(found.split(listing.RENDERED))
    return Known(found.classes, {"rendered": min(there, asked["count"] or there)})


def unlabelled(asked: Mapping[str, Any], real: Mapping[str, Any], known: Known) -> int:
    """How many pictures may be used: those of no group of validation or test.

    `real` is the section of the real images, `known` what is known of these.
    """
    held_out = held_out_groups(real) if real["source"] == "folder" else frozenset()
    directory = Path(asked["directory"])
    return len(listing.list_unlabelled(directory, group=real["group"], held_out=held_out).used)


def held_out_groups(asked: Mapping[str, Any]) -> frozenset[str]:
    """Groups of the real pictures of validation and test."""
    return _listed(asked).held_out_groups if asked["group"] is not None else frozenset()


def check(asked: Mapping[str, Any], images: Mapping[str, Any]) -> None:
    """Pictures are brought to any size."""


def _listed(asked: Mapping[str, Any]) -> listing.Listing:
    names = "validation", "test", "group"
    return listing.list_real(Path(asked["directory"]), **{name: asked[name] for name in names})
