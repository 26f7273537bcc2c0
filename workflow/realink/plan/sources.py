"""What the workflow knows of a config's images before any is read: files, classes, how many.

Needs the standard library only, because every parse of the workflow reads it.
"""

import os
import re
import sys
from collections.abc import Mapping
from math import isfinite
from typing import Any

from realink import learners
from realink.declared import LEARNERS, check_shape
from realink.errors import InputError, meant
from realink.images.names import LABELLED, OTHER, hint_of_other
from realink.images.sources import Known, source
from realink.plan import dated, doses, grid
from realink.plan.few_labels import check_unlabelled
from realink.plan.mixes import EXPOSED, JUDGED, RENDERED, Mix
from realink.translation import settings as translators

ROTATE = "rotate"  # the config's `real: split:`


def is_mnist(real: Mapping[str, Any]) -> bool:
    """Whether the config's real images are of MNIST."""
    return source(real).MNIST


def has_groups(real: Mapping[str, Any]) -> bool:
    """Whether the config's real images come in groups."""
    return source(real).PICTURES and real["group"] is not None


def rotates(config: Mapping[str, Any]) -> int:
    """In how many replicates each labelled image is tested once; 0 where all test the same ones."""
    # Studies that were published before do not say.
    return config["replicates"] if config["real"].get("split") == ROTATE else 0


def files(asked: Mapping[str, Any]) -> list[str]:
    """Files that a config's images depend on, of `real`, `rendered` or `unlabelled`.

    All but the `unnameable` ones.
    """
    return [path for path in source(asked).files(asked) if not dated.ahead(path)]


def unnameable(asked: Mapping[str, Any]) -> dict[str, str]:
    """What stands for the files that cannot be inputs of a rule: their contents' hashes.

    Snakemake refuses an output that is older than an input, as all are than one from the future.
    """
    ahead = {path: dated.sha256(path) for path in source(asked).files(asked) if dated.ahead(path)}
    return source(asked).unnameable(asked) | ahead


def manifest(asked: Mapping[str, Any], path: str) -> dict[str, str]:
    """Where what became of each picture is recorded, by the name of the rule's output."""
    return {"manifest": path} if source(asked).PICTURES else {}


def classes(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the classes, in order: those of the real images."""
    return _real(config).classes


def _real(config: Mapping[str, Any]) -> Known:
    asked, replicates = config["real"], rotates(config)
    of = source(asked)
    return of.rotated(asked, replicates) if replicates else of.real(asked)


def _rendered(config: Mapping[str, Any]) -> Known:
    return source(config["rendered"]).rendered(config["rendered"])


def pool(config: Mapping[str, Any]) -> int:
    """Real images that there are to train on, from which each replicate draws its N; at least."""
    return counts(config)["train"]


def labelled(config: Mapping[str, Any]) -> int:
    """All real images with labels."""
    known = counts(config)
    return known.get(LABELLED, sum(known.values()))


def given_away(config: Mapping[str, Any]) -> int:
    """Real images that the classifier to use is trained on: all but those of a fixed test set."""
    known = counts(config)
    return known.get(LABELLED, known["train"] + known["validation"])


def counts(config: Mapping[str, Any]) -> Mapping[str, int]:
    """Real images that there are, by split: train, validation and test.

    Where replicates test other ones, as many to train on as each has, and as many of the others as
    any has; and then also ``labelled``, all of them.
    """
    return _real(config).counts


def unlabelled(config: Mapping[str, Any]) -> int:
    """Real images without labels that a study has, 0 or as many as are there and asked for."""
    return min(_unlabelled(config), config["unlabelled"].get("count") or sys.maxsize)


def _unlabelled(config: Mapping[str, Any]) -> int:
    asked = config["unlabelled"]
    return source(asked).unlabelled(asked, config["real"], _real(config), rotates(config))


def needed(config: Mapping[str, Any], kind: str) -> int:
    """How many images of a folder, ``real`` or ``rendered``, the grid draws; 0 of other sources.

    Of rendered ones that a mix takes `all` of, whatever their number, one.
    """
    if not source(config[kind]).PICTURES:
        return 0
    if kind == "real":
        return max(grid.counts(config))
    if config["synthetic"] == "all":
        return 1
    return max(cell.n_synthetic for cell in grid.cells(config))


def complete(config: Mapping[str, Any]) -> dict[str, Any]:
    """A config with what it leaves to defaults: of translators and learners, and how many rendered.

    Raises
    ------
    InputError
        A translator, a learner or a setting is unknown, or a value is out of its bounds.
    """
    rendered = config["rendered"] | {"count": _rendered(config).counts["rendered"]}
    asked = config["learner_settings"]
    for name in asked:
        if name not in LEARNERS.names():
            raise InputError(
                f"config key `{LEARNERS.settings}`: there is no learner {name!r}"
                + meant(name, LEARNERS.names())
            )
    settings = {
        name: LEARNERS.complete(name, asked.get(name) or {})
        for name in dict.fromkeys([grid.SMALL, *config["learners"], *asked])
    }
    return dict(config) | {
        "rendered": rendered,
        "translators": settings_of_translators(config),
        "learner_settings": settings,
    }


def check(config: Mapping[str, Any]) -> None:
    """Raise `InputError` on what the schema cannot see: names, counts, images that do not fit."""
    _check_finite(config, "")
    _check_split(config)
    _check_images(config)
    _check_mixes(config)
    # Only now: it takes for granted what these names say.
    config = complete(config)
    _check_counts(config)
    check_unlabelled(config, _unlabelled(config), unlabelled(config))
    _check_translators(config)
    _check_learners(config)
    if config["doses"] and rotates(config):
        raise InputError(
            f"config key `doses`: with `real: split: {ROTATE}` there are none; have one test set, "
            "or leave `doses` out"
        )
    doses.check(config)


def settings_of_translators(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """All settings of the translators that a config names: its own, else the modules' defaults.

    Raises
    ------
    InputError
        A translator or a setting is unknown, or a value is out of its bounds.
    """
    asked = config["translators"]
    named = sorted({*_of_mixes(config), *asked})
    return {name: translators.complete(name, asked.get(name) or {}) for name in named}


def _of_mixes(config: Mapping[str, Any]) -> list[str]:
    return sorted({Mix.parse(mix).translator for mix in grid.mixes(config)} - {None})


def _check_finite(value: Any, key: str) -> None:
    """Refuse infinity and NaN, which no bound of the schema stops."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _check_finite(inner, f"{key} {name}:".strip())
    elif isinstance(value, float) and not isfinite(value):
        raise InputError(f"config key `{key}` is {value}: write a number")


def _check_split(config: Mapping[str, Any]) -> None:
    replicates, asked = rotates(config), config["real"]["source"]
    if replicates == 1:
        raise InputError(
            "config key `real: split:`: by rotate each replicate tests pictures of its own: set "
            "`replicates` to 2 or more, such as 5"
        )
    if replicates and not source(config["real"]).PICTURES:
        raise InputError(
            f"config key `real: split:`: rotate is for a folder of pictures; the source {asked!r} "
            "has test images of its own: set `split: fixed`"
        )


def _check_images(config: Mapping[str, Any]) -> None:
    for kind in ("real", "rendered"):
        source(config[kind]).check(config[kind], config["images"])
    names, drawn = set(classes(config)), set(_rendered(config).classes)
    key = f"rendered: {'directory' if source(config['rendered']).PICTURES else 'characters'}:"
    lacking = {"real": sorted(drawn - names), f"`{key}`": sorted(names - drawn - {OTHER})}
    for side, missing in lacking.items():
        if missing:
            raise InputError(
                f"real and rendered images do not have the same classes (config key `{key}`): "
                f"{side} lacks {', '.join(map(repr, missing[:10]))}{hint_of_other(names - drawn)}"
            )


def _check_mixes(config: Mapping[str, Any]) -> None:
    known = {RENDERED, *translators.names()}
    for name in grid.mixes(config):
        mix, key = Mix.parse(name), grid.key(config, name)
        if mix.unlabelled and not mix.pseudo:
            raise InputError(
                f"config key `{key}`: {name!r} learns from no unlabelled image: it lacks -pseudo"
            )
        if re.search(r"-\d+unlabelled", f"-{mix.source}"):
            raise InputError(
                f"config key `{key}`: {name!r}: how many unlabelled images a mix learns from comes "
                "last, as in real-pseudo-aug-550unlabelled"
            )
        if mix.source is not None and mix.source not in known:
            raise InputError(
                f"config key `{key}`: {name!r} needs the translator {mix.source!r}, which is not "
                f"there{meant(mix.source, known)}"
            )
        if mix.control in JUDGED and mix.translator is None:
            raise InputError(
                f"config key `{key}`: {name!r} needs what the judge reads in a translator's "
                f"images, and {mix.source!r} is none"
            )
        if mix.pseudo and not grid.has_unlabelled(config):
            raise InputError(
                f"config key `{key}`: {name!r} needs unlabelled images, and `unlabelled: source:` "
                "is none"
            )
        if mix.pseudo and mix.control:
            raise InputError(f"config key `{key}`: {name!r}: there are none with pseudo-labels")
        share = config["real_share"].get(mix.standard.name, config["real_share"]["default"])
        if mix.control == EXPOSED and share == "concatenate":
            raise InputError(
                f"config key `{key}`: {name!r} needs a fraction in `real_share`, not "
                "concatenate, which would make batches of any size"
            )
    for name in config["real_share"]:
        mix = Mix.parse(name)
        if name != "default" and (mix != mix.standard or mix.source not in known or not mix.real):
            raise InputError(
                f"config key `real_share`: {name!r} is not real-X with an X of: "
                f"{', '.join(sorted(known))} (a twin with -aug takes its mix's share)"
            )


def _check_counts(config: Mapping[str, Any]) -> None:
    real, there, asked = config["real"], pool(config), config["synthetic"]
    total = asked["total"] if isinstance(asked, Mapping) else None
    for n in grid.counts(config):
        key = "counts" if n in config["counts"] else "controls"
        if n > there:
            raise InputError(
                f"config key `{key}`: {n} real images asked for, but the source "
                f"{real['source']!r} has {there} to train on"
            )
        if total is not None and n > total:
            raise InputError(
                f"config key `{key}`: {n} is more than `synthetic: total:`, the {total} images "
                "that a mix holds"
            )
    for n in config["rendered_counts"]:
        if total is None:
            raise InputError(
                "config key `rendered_counts`: these need `synthetic: total:`, of which they are "
                "parts"
            )
        if n > total:
            raise InputError(f"config key `rendered_counts`: {n} is more than `synthetic: total:`")
    there = config["rendered"]["count"]
    most = max((cell.n_synthetic for cell in grid.cells(config)), default=0)
    if most > there:
        rendered = config["rendered"]
        where = rendered["directory"] if source(rendered).PICTURES else ""
        raise InputError(
            f"config key `synthetic`: a mix takes up to {most} rendered images, but "
            + (f"{where} gives" if where else "`rendered: count:` gives")
            + f" {there}"
        )


def _check_translators(config: Mapping[str, Any]) -> None:
    for name in _of_mixes(config):
        what = f"config key `mixes`: the translator {name!r}"
        check_shape(what, translators.declared(name).SHAPES, **_shape(config))


def _check_learners(config: Mapping[str, Any]) -> None:
    for name in config["learners"]:
        what = f"config key `learners`: {name!r}"
        check_shape(what, LEARNERS.declared(name).LIMITS, **_shape(config))
        weights = learners.weights_file(config["learner_settings"][name])
        if weights is not None and not os.path.isfile(weights):
            raise InputError(
                f"config key `learner_settings: {name}: weights:`: {weights!r} is no file; name "
                f"one, or {learners.WHEEL} (those that come with realink), or "
                f"{learners.DOWNLOADED} (what timm downloads)"
            )
    if not grid.cells(config):
        raise InputError("config key `mixes`: no learner of `learners` can do any of them")


def _shape(config: Mapping[str, Any]) -> dict[str, int]:
    return {name: config["images"][name] for name in ("height", "width", "channels")}
