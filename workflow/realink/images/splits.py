"""How pictures are split: each class by its share, groups whole, by the hash of their names.

Needs the standard library only, because every parse of the workflow reads it.
"""

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence


def hashed(name: str) -> bytes:
    """Place of a name in an order that has nothing to do with what it says."""
    return hashlib.sha256(os.fsencode(name)).digest()


def split_off(
    pictures: Sequence[tuple[str, str]], shares: Mapping[str, float], rest: str
) -> list[str]:
    """Split pictures, each with its unit, which stays whole, and its class.

    Parameters
    ----------
    pictures : of each the name of its unit, a group or the picture itself, and its class
    shares : of each split that is split off, at most two, its share of each class; 0 for none
    rest : name of the split of all others

    Returns
    -------
    list
        Split of each picture. A class of few pictures keeps one in `rest` first, then has one in
        the first split, then one in the second. Which pictures these are follows from the hashes of
        their units' names, so a further picture moves others only where a share is rounded anew.
    """
    sizes: dict[str, Counter] = defaultdict(Counter)
    for unit, label in pictures:
        sizes[unit][label] += 1
    whole = Counter(label for _, label in pictures)
    order = sorted(sizes, key=hashed)
    split_of = dict.fromkeys(order, rest)
    for n, (split, share) in enumerate(shares.items()):
        if not share:
            continue
        aims = {label: max(share * size, size >= n + 2) for label, size in whole.items()}
        left = [unit for unit in order if split_of[unit] == rest]
        # From both ends, so that the rounding of one split moves no picture of the other.
        for unit in _filled(left[::-1] if n else left, sizes, aims):
            split_of[unit] = split
    return [split_of[unit] for unit, _ in pictures]


def _filled(
    order: Sequence[str], sizes: Mapping[str, Counter], aims: Mapping[str, float]
) -> list[str]:
    """Units that bring each class near the number aimed at, in order; at least one, if it can."""
    have, taken = dict.fromkeys(aims, 0), []

    def change(unit: str) -> float:
        """How much further from the aims, in squares, one more unit is."""
        return sum(n * (n + 2 * (have[label] - aims[label])) for label, n in sizes[unit].items())

    for unit in order:
        if change(unit) < 0:
            taken.append(unit)
            for label, n in sizes[unit].items():
                have[label] += n
    return taken or sorted(order, key=change)[: len(order) > 1]
