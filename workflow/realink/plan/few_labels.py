"""Whether a config and its unlabelled images fit together, before any is read.

Needs the standard library only, because every parse of the workflow reads it.
"""

from collections.abc import Mapping
from typing import Any

from realink.errors import InputError
from realink.plan import grid
from realink.plan.mixes import Mix
from realink.translation import settings as translators


def check_unlabelled(config: Mapping[str, Any], there: int, usable: int) -> None:
    """Raise `InputError` where a config and its unlabelled images do not fit together.

    Parameters
    ----------
    there : unlabelled images of the source
    usable : those of them that the config asks for
    """
    asked = config["unlabelled"]
    if not grid.has_unlabelled(config):
        if 0 in grid.counts(config):
            key = "counts" if 0 in config["counts"] else "controls"
            raise InputError(
                f"config key `{key}`: 0 real images asked for, but there are no unlabelled ones; "
                "`unlabelled: source:` says where they are"
            )
        return
    if (asked["count"] or 0) > there:
        raise InputError(
            f"config key `unlabelled: count:`: {asked['count']} images asked for, but the source "
            f"{asked['source']!r} has {there}"
        )
    for name in config["mixes"]:
        if not Mix.parse(name).real and 0 not in config["counts"]:
            raise InputError(
                f"config key `mixes`: with unlabelled images, {name!r} stands at N = 0 alone, and "
                "`counts` lacks it"
            )
    for name, counts in config["controls"].items():
        if any(Mix.parse(name).real != (n > 0) for n in counts):
            raise InputError(
                f"config key `controls`: with unlabelled images, {name!r} stands at "
                + ("counts above 0" if Mix.parse(name).real else "N = 0 alone")
            )
    for name in grid.mixes(config):
        mix, key = Mix.parse(name), grid.key(config, name)
        if not mix.real and mix.translator and not translators.sees_unlabelled(mix.translator):
            raise InputError(
                f"config key `{key}`: {name!r} is without any label, and its translator needs the "
                "real images' labels"
            )
        if (mix.unlabelled or 0) > usable:
            raise InputError(
                f"config key `{key}`: {name!r} asks for {mix.unlabelled} unlabelled images, "
                f"there are {usable}"
            )
