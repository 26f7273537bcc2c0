"""The doses of a study: one mix with fewer synthetic images, and other shares of real ones.

Needs the standard library only, because every parse of the workflow reads it.
"""

from collections.abc import Mapping
from typing import Any

from realink import learners
from realink.errors import InputError, meant
from realink.plan import grid
from realink.plan.mixes import Mix
from realink.plan.recipe import CONCATENATE, FIRST, MIXED, Recipe

ALL = "all"


def cells(config: Mapping[str, Any]) -> list[Recipe]:
    """List the classifiers of the doses but those that the grid has; none in a study without doses.

    Each count of synthetic images is trained on with each share of real ones, mixed with them or
    first. Shares are kept to whatever the counts are, unlike the grid's `real_share`, which is a
    least one. Where synthetic images come first, the share is that of the steps; for a learner
    without steps it is none, and there is one classifier a count.

    Parameters
    ----------
    config : as `realink.plan.sources.complete` gives it
    """
    asked = config["doses"]
    if not asked:
        return []
    learner, name, found = asked["learner"], asked["mix"], []
    for n in asked["n"]:
        everything, most = _available(config, n)
        # What is all that a learner sees is all there is.
        helds = [everything if held in (ALL, most) else held for held in asked["synthetic"]]
        for held in dict.fromkeys(helds):
            for replicate in range(1, config["replicates"] + 1):
                own = grid.recipe(config, learner, name, n, replicate, held=held)
                found += _orders(own, asked)
    there = set(grid.cells(config))
    return [cell for cell in dict.fromkeys(found) if cell not in there]


def _orders(own: Recipe, asked: Mapping[str, Any]) -> list[Recipe]:
    made = []
    for order in asked["order"]:
        shares = [CONCATENATE] if order == FIRST and own.steps is None else asked["share"]
        made += [own._replace(real_share=share, order=order) for share in shares]
    return made


def _available(config: Mapping[str, Any], n: int) -> tuple[int, int]:
    """Synthetic images that the mix takes at a count, and of these, how many the learner sees."""
    asked = config["doses"]
    everything = grid.n_synthetic(config, Mix.parse(asked["mix"]), n)
    if not learners.encoded(asked["learner"]):
        return everything, everything
    seen = config["learner_settings"][asked["learner"]]["synthetic"]
    return everything, min(everything, seen)


def check(config: Mapping[str, Any]) -> None:
    """Raise `InputError` on doses that a study cannot have.

    Parameters
    ----------
    config : as `realink.plan.sources.complete` gives it, of names that are known
    """
    asked = config["doses"]
    if not asked:
        return
    learner, name = asked["learner"], asked["mix"]
    _check_mix(config, name)
    if learner not in config["learners"]:
        raise InputError(
            f"config key `doses: learner:`: {learner!r} is none of `learners`"
            + meant(learner, config["learners"])
        )
    there = {cell.n_real: cell for cell in grid.cells(config) if cell[:2] == (learner, name)}
    for n in asked["n"]:
        if n not in there:
            raise InputError(
                f"config key `doses: n:`: the study has no {name} at {n}"
                + ("" if n in config["counts"] else ": `counts` lacks it")
            )
        _check_counts(config, n)
    if FIRST in asked["order"]:
        if FIRST not in learners.orders(learner):
            raise InputError(
                f"config key `doses: order:`: the learner {learner!r} cannot train on synthetic "
                f"images first; write [{MIXED}]"
            )
        if any(cell.steps is not None and cell.steps < 2 for cell in there.values()):
            raise InputError(
                f"config key `doses: order:`: {FIRST} takes 2 steps or more, and {learner!r} has 1"
            )
    if not cells(config):
        raise InputError(
            "config key `doses`: all of them are in the study already; name further counts of "
            "`synthetic`, or another `share`"
        )


def able(mix: Mix) -> bool:
    """Whether a mix can have doses: real images beside synthetic ones, and nothing else."""
    return mix.real and mix.source is not None and not mix.pseudo and not mix.is_variant


def _check_mix(config: Mapping[str, Any], name: str) -> None:
    if name not in config["mixes"]:
        raise InputError(
            f"config key `doses: mix:`: {name!r} is none of `mixes`{meant(name, config['mixes'])}"
        )
    mix = Mix.parse(name)
    if not able(mix):
        raise InputError(
            f"config key `doses: mix:`: {name!r} is not real-X or real-X-aug, of rendered images "
            "or a translator's"
        )
    if mix.baseline.name not in config["mixes"]:
        raise InputError(
            f"config key `doses: mix:`: what {name!r} is compared with is lacking; add "
            f"{mix.baseline.name} to `mixes`"
        )


def _check_counts(config: Mapping[str, Any], n: int) -> None:
    everything, most = _available(config, n)
    for held in config["doses"]["synthetic"]:
        if held == ALL or held <= most:
            continue
        raise InputError(
            f"config key `doses: synthetic:`: {held} images asked for, but "
            + (
                f"the mix takes {everything} at N = {n}; write {ALL}"
                if held > everything
                else f"the learner sees {most} of them at most (its setting `synthetic`)"
            )
        )
