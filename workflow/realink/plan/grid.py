"""The grid: which classifiers and translators a config asks for, and the recipe of each."""

from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from realink import learners
from realink.plan.mixes import RENDERED, Mix
from realink.plan.recipe import Recipe

SMALL = "small"  # the learner that the others are held to, and that judges


class TranslatorCell(NamedTuple):
    """One translator of the grid, trained on `n_real` real images."""

    translator: str
    n_real: int
    replicate: int


class Reference(NamedTuple):
    """Images that no translator made, rendered or real, which the translated are held to."""

    images: str
    replicate: int


def recipe(
    config: Mapping[str, Any],
    learner: str,
    name: str,
    n: int,
    replicate: int,
    *,
    labelled: int | None = None,
    held: int | None = None,
) -> Recipe:
    """Resolve one classifier of a config.

    Parameters
    ----------
    config : as `realink.plan.sources.complete` gives it
    learner, name : of the learner and of the mix
    n : count of real images that it stands at
    labelled : how many it has, if not so many
    held : synthetic images that it holds, if not as many as the config's `synthetic` says
    """
    mix, settings = Mix.parse(name), config["learner_settings"][learner]
    synthetic = n_synthetic(config, mix, n) if held is None else held
    shares = config["real_share"]
    labelled = n if labelled is None else labelled
    share = mix.real_share(labelled, synthetic, shares.get(mix.standard.name, shares["default"]))
    batch, steps = settings.get("batch_size"), settings.get("steps")
    if batch is not None and steps is not None:
        images = labelled * mix.real + synthetic
        steps = mix.steps(images, steps=steps, epochs=config["epochs"], batch=batch)
        batch = mix.batch(batch, share)
    return Recipe(
        learner=learner,
        mix=name,
        n_real=labelled,
        n_synthetic=synthetic,
        replicate=replicate,
        synthetic=mix.source or "none",
        real=mix.real,
        augmented=mix.augmented,
        control=mix.control,
        pseudo=mix.pseudo,
        unlabelled=mix.unlabelled,
        real_share=share,
        steps=steps,
        batch_size=batch,
    )


def n_synthetic(config: Mapping[str, Any], mix: Mix, n: int) -> int:
    """How many synthetic images a mix holds at a count, by the config's `synthetic`."""
    asked = config["synthetic"]
    if mix.source is None:
        return 0
    if asked == "all":
        return config["rendered"]["count"]
    return asked["total"] - n if isinstance(asked, Mapping) else asked


def cells(config: Mapping[str, Any]) -> list[Recipe]:
    """List every classifier that a config asks for; the only place that knows the grid's holes.

    Where nothing synthetic is left (n_real = total) only real images alone exist. `rendered_counts`
    adds classifiers trained on that many rendered images alone, which have the same path as the
    others: n_real = total - count. `controls` are mixes at some counts only.

    A study with unlabelled images has mixes with labelled ones at N > 0, and those without at
    N = 0 alone: what they train on is the same at every N. Learners that read features have no
    controls, budgets of their own, nor pseudo-labels.
    """
    axes = [(name, n) for name in config["mixes"] for n in config["counts"]]
    if has_unlabelled(config):
        axes = [(name, n) for name, n in axes if Mix.parse(name).real == (n > 0)]
    axes += [(name, n) for name, counts in config["controls"].items() for n in counts]
    for count in config["rendered_counts"]:
        axes.append((RENDERED, config["synthetic"]["total"] - count))
    return [
        found
        for learner in config["learners"]
        for name, n in dict.fromkeys(axes)
        if _can(learner, Mix.parse(name))
        for replicate in range(1, config["replicates"] + 1)
        if (found := recipe(config, learner, name, n, replicate)).synthetic == "none"
        or found.n_synthetic > 0
    ]


def standard(config: Mapping[str, Any]) -> list[Recipe]:
    """Classifiers that may be advised: of the config's mixes, with all unlabelled images."""
    return [
        cell
        for cell in cells(config)
        if not (cell.control or cell.unlabelled) and cell.mix in config["mixes"]
    ]


def last(config: Mapping[str, Any]) -> list[Recipe]:
    """Classifiers at the largest count of real images alone: like one of them is given away."""
    found = standard(config)
    alone = [
        cell.n_real for cell in found if cell.real and cell.synthetic == "none" and not cell.pseudo
    ]
    return [cell for cell in found if alone and cell.n_real == max(alone)]


def final(config: Mapping[str, Any], labelled: int) -> dict[str, list[Recipe]]:
    """Recipes of what may be given away, trained on all labelled images: by ``LEARNER:MIX``.

    Each after that of its teacher, if it has one. Replicate 0 tells their random streams from those
    of the study's own classifiers.
    """
    found = {}
    for cell in last(config):
        chain = [cell.teacher, cell.mix] if cell.teacher else [cell.mix]
        found[f"{cell.learner}:{cell.mix}"] = [
            recipe(config, cell.learner, mix, cell.n_real, 0, labelled=labelled) for mix in chain
        ]
    return found


def _can(learner: str, mix: Mix) -> bool:
    return not learners.encoded(learner) or not (mix.is_variant or mix.pseudo)


def has_unlabelled(config: Mapping[str, Any]) -> bool:
    """Whether a study has real images without labels."""
    return config["unlabelled"]["source"] != "none"


def key(config: Mapping[str, Any], mix: str) -> str:
    """The config's key that has a mix."""
    return "mixes" if mix in config["mixes"] else "controls"


def mixes(config: Mapping[str, Any]) -> list[str]:
    """Every mix that a config names."""
    return [*config["mixes"], *config["controls"]]


def counts(config: Mapping[str, Any]) -> list[int]:
    """Every number of real images that a config names."""
    return [*config["counts"], *chain(*config["controls"].values())]


def translator_cells(config: Mapping[str, Any]) -> list[TranslatorCell]:
    """List every translator that the grid's mixes need, each once."""
    return list(
        dict.fromkeys(
            TranslatorCell(cell.translator, cell.n_real, cell.replicate)
            for cell in cells(config)
            if cell.translator
        )
    )


def references(config: Mapping[str, Any]) -> list[Reference]:
    """List what the gap is also measured of; without a translator there is nothing to compare."""
    if not translator_cells(config):
        return []
    replicates = range(1, config["replicates"] + 1)
    return [
        Reference(images, replicate) for images in (RENDERED, "real") for replicate in replicates
    ]


def paths(
    pattern: str, cells: Iterable[Recipe | TranslatorCell | Reference], **axes: str
) -> list[Path]:
    """Fill in a path's wildcards, as the rules name them: of each cell, and `axes` of all."""
    filled = (cell._asdict() | axes for cell in cells)
    return [Path(pattern.format(**cell, n=cell.get("n_real"))) for cell in filled]
