"""How pictures take turns: tested in one replicate, trained on or chosen by in the others.

Needs the standard library only, because every parse of the workflow reads it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from realink.errors import InputError
from realink.images.listed import Listing
from realink.images.listing import REAL_KEY, check_classes, list_labelled, some
from realink.images.names import LABELLED, TRAIN
from realink.images.splits import hashed

# Of the pictures that are left beside the test, at most so many are for choices: of few groups one
# may be half of all, and is better trained on.
MOST_VALIDATION = 0.25


class Turn(NamedTuple):
    """What becomes of a picture.

    tested : the replicate that tests it, from 1
    validates : the replicates that make choices by it; all others train on it
    """

    tested: int
    validates: frozenset[int]


@lru_cache(maxsize=8)
def list_rotated(
    directory: Path, *, validation: float, group: str | None, replicates: int
) -> Listing:
    """List real pictures of which each is tested once, in one of some replicates.

    Parameters
    ----------
    directory, group : as of `listing.list_real`; whatever folders of splits say, all join
    validation, replicates : see `turns`

    Raises
    ------
    InputError
        What `listing.list_labelled` raises; a class without a picture; more replicates than groups,
        or pictures; a replicate without a picture to train on of some class.
    """
    listing = list_labelled(directory, group)
    pictures = [p if p.left_out else replace(p, split=LABELLED) for p in listing.pictures]
    listing = replace(listing, pictures=tuple(pictures))
    check_classes(listing, LABELLED, REAL_KEY)
    used = listing.used
    units = [picture.group or picture.file for picture in used]
    if replicates > (there := len(set(units))):
        kind = "groups (`real: group:`)" if used[0].group else "pictures"
        raise InputError(
            f"config key `replicates`: `real: split: rotate` tests {kind} of its own in each of "
            f"{replicates} replicates, but {listing.directory} has {there}; set `replicates` to "
            f"{there} or fewer, of at least 2"
        )
    labels = [picture.label for picture in used]
    found = turns(list(zip(units, labels, strict=True)), replicates, validation)
    turn = {picture.file: own for picture, own in zip(used, found, strict=True)}
    pictures = [
        replace(p, **turn[p.file]._asdict()) if p.file in turn else p for p in listing.pictures
    ]
    rotated = replace(listing, pictures=tuple(pictures))
    for replicate in range(1, replicates + 1):
        there = {picture.label for picture in rotated.of(replicate).split(TRAIN)}
        if lacking := [name for name in listing.classes if name not in there]:
            own = [p for p in rotated.used if p.label == lacking[0]]
            units = {picture.group or picture.file for picture in own}
            kind = "groups (`real: group:`)" if own[0].group else "pictures"
            raise InputError(
                f"config key `real: split:`: rotate leaves replicate {replicate} no picture to "
                f"train on of the class {some(lacking)} in {listing.directory}: it has {len(own)} "
                f"of {len(units)} {kind}, and all are tested there; add pictures of others, or set "
                "`split: fixed`"
            )
    return rotated


def turns(pictures: Sequence[tuple[str, str]], replicates: int, validation: float) -> list[Turn]:
    """Say for each picture which replicate tests it, and which make choices by it.

    Parameters
    ----------
    pictures : of each the name of its unit, a group or the picture itself, and its class
    replicates : how many, at most as many as units
    validation : share, in [0, 1), of each class that is for choices, of what a replicate does not
        test; none where whole units would take more than `MOST_VALIDATION`, or all of a class

    Returns
    -------
    list
        Test sets hold about the same number of each class, as far as whole units can. All follows
        from the units' names and sizes, in whatever order the pictures come.
    """
    sizes: dict[str, Counter] = defaultdict(Counter)
    for unit, label in pictures:
        sizes[unit][label] += 1
    tested = _folds(sizes, replicates)
    validates: dict[str, set[int]] = defaultdict(set)
    for replicate in range(1, replicates + 1):
        rest = {unit: sizes[unit] for unit, own in tested.items() if own != replicate}
        for unit in _validation(rest, validation, replicate):
            validates[unit].add(replicate)
    return [Turn(tested[unit], frozenset(validates[unit])) for unit, _ in pictures]


def _folds(sizes: Mapping[str, Counter], replicates: int) -> dict[str, int]:
    """Which replicate tests each unit: large ones first, each where its classes are fewest."""
    whole = _whole(sizes.values())
    have = [Counter() for _ in range(replicates)]
    tested = {}
    for unit in sorted(sizes, key=lambda unit: (-sizes[unit].total(), hashed(unit))):

        def cost(place: int, own: Counter = sizes[unit]) -> tuple[float, int]:
            # How much the sum of squared shares grows: least if all test sets are alike.
            grows = sum(
                n * (n + 2 * have[place][label]) / whole[label] ** 2 for label, n in own.items()
            )
            return grows, have[place].total()

        place = min(range(replicates), key=cost)
        have[place] += sizes[unit]
        tested[unit] = place + 1
    return tested


def _validation(sizes: Mapping[str, Counter], share: float, replicate: int) -> list[str]:
    """Units for choices, in an order of the replicate's own: they bring classes near a share."""
    whole = _whole(sizes.values())
    most, taken, have = MOST_VALIDATION * whole.total(), [], Counter()
    # Each class keeps a picture to train on; one of two or more has one for choices.
    aims = {label: max(share * n, 1) for label, n in whole.items() if share and n > 1}
    for unit in sorted(sizes, key=lambda unit: hashed(f"{replicate}/{unit}")):
        own = sizes[unit]
        nearer = (
            sum(n * (n + 2 * (have[label] - aims.get(label, 0))) for label, n in own.items()) < 0
        )
        spared = all(have[label] + n < whole[label] for label, n in own.items())
        if nearer and spared and (have + own).total() <= most:
            taken.append(unit)
            have += own
    return taken


def _whole(sizes: Iterable[Counter]) -> Counter:
    return sum(sizes, Counter())
