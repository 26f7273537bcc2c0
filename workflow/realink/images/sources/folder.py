"""A folder of pictures as a source of real, rendered or unlabelled images."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from realink.images import listing, rotation
from realink.images.listed import Listing
from realink.images.names import LABELLED, SPLITS, TRAIN
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


def rotated(asked: Mapping[str, Any], replicates: int) -> Known:
    """What is known of real pictures of which each replicate tests other ones.

    As many to train on as each replicate has, as many of the other splits as any has, and how many
    there are of all, ``labelled``.
    """
    found = _rotating(asked, replicates)
    used = found.used
    turns = [Counter(p.split_in(turn) for p in used) for turn in range(1, replicates + 1)]
    most = {name: max(own[name] for own in turns) for name in SPLITS}
    least = {TRAIN: min(own[TRAIN] for own in turns), LABELLED: len(used)}
    return Known(found.classes, most | least)


def rendered(asked: Mapping[str, Any]) -> Known:
    """What is known of rendered pictures, of which at most `count` are taken."""
    found = listing.list_rendered(Path(asked["directory"]))
    there = len(found.split(listing.RENDERED))
    return Known(found.classes, {"rendered": min(there, asked["count"] or there)})


def unlabelled(
    asked: Mapping[str, Any], real: Mapping[str, Any], known: Known, replicates: int
) -> int:
    """How many pictures each replicate may use: those of no group of validation or test.

    `real` is the section of the real images, `known` what is known of these; each of some
    replicates has other ones, or all the same if `replicates` is 0.
    """
    files, pattern = Path(asked["directory"]), real["group"]
    return min(
        len(listing.list_unlabelled(files, group=pattern, held_out=groups).used)
        for groups in _held_out_groups(real, replicates)
    )


def _held_out_groups(asked: Mapping[str, Any], replicates: int) -> list[frozenset[str]]:
    """Groups of the real pictures of validation and test, of each replicate that has its own."""
    if asked["source"] != "folder" or asked["group"] is None:
        return [frozenset()]
    if not replicates:
        return [_listed(asked).held_out_groups]
    found = _rotating(asked, replicates)
    return [found.of(turn).held_out_groups for turn in range(1, replicates + 1)]


def check(asked: Mapping[str, Any], images: Mapping[str, Any]) -> None:
    """Pictures are brought to any size."""


def _rotating(asked: Mapping[str, Any], replicates: int) -> Listing:
    """The real pictures of a config's section, which take turns."""
    return rotation.list_rotated(
        Path(asked["directory"]),
        validation=asked["validation"],
        group=asked["group"],
        replicates=replicates,
    )


def _listed(asked: Mapping[str, Any]) -> Listing:
    names = "validation", "test", "group"
    return listing.list_real(Path(asked["directory"]), **{name: asked[name] for name in names})
