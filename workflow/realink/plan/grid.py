"""The experiment's grid: which classifiers and translators a config asks for."""

from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from realink.plan.mixes import RENDERED, Mix


class Cell(NamedTuple):
    """One classifier of the grid; `synthetic` is none, rendered or a translator's name.

    `n_real` is the count that the cell stands at: the real images that a mix with real images
    holds, and those that a mix without any leaves out of `total`.
    """

    mix: str
    n_real: int
    n_synthetic: int
    replicate: int
    synthetic: str


class TranslatorCell(NamedTuple):
    """One translator of the grid, trained on `n_real` real images."""

    translator: str
    n_real: int
    replicate: int


class Reference(NamedTuple):
    """Images that no translator made, rendered or real, which the translated are held to."""

    images: str
    replicate: int


def cells(config: Mapping[str, Any]) -> list[Cell]:
    """List every classifier that a config asks for; the only place that knows the grid's holes.

    Where nothing synthetic is left (n_real = total) only real images alone exist. `rendered_counts`
    adds classifiers trained on that many rendered images alone, which have the same path as the
    others: n_real = total - count. `controls` are mixes at some counts only.

    A study with unlabelled images has mixes with labelled ones at N > 0, and those without at
    N = 0 alone: what they train on is the same at every N.
    """
    total = config["total"]
    axes = [(name, n) for name in config["mixes"] for n in config["counts"]]
    if has_unlabelled(config):
        axes = [(name, n) for name, n in axes if Mix.parse(name).real == (n > 0)]
    axes += [(name, n) for name, counts in config["controls"].items() for n in counts]
    axes += [(RENDERED, total - count) for count in config["rendered_counts"]]
    return [
        Cell(name, n, mix.n_synthetic(n, total), replicate, mix.source or "none")
        for name, n in dict.fromkeys(axes)
        if (mix := Mix.parse(name)).source is None or n < total
        for replicate in range(1, config["replicates"] + 1)
    ]


def has_unlabelled(config: Mapping[str, Any]) -> bool:
    """Whether a study has real images without labels."""
    return config["unlabelled"]["source"] != "none"


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
            TranslatorCell(cell.synthetic, cell.n_real, cell.replicate)
            for cell in cells(config)
            if Mix.parse(cell.mix).translator
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
    pattern: str, cells: Iterable[Cell | TranslatorCell | Reference], **axes: str
) -> list[Path]:
    """Fill in a path's wildcards, as the rules name them: of each cell, and `axes` of all."""
    filled = (cell._asdict() | axes for cell in cells)
    return [Path(pattern.format(**cell, n=cell.get("n_real"))) for cell in filled]
