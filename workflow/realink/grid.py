"""The experiment's grid: which classifiers and translators a config asks for."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from realink.errors import InputError
from realink.mixes import BASELINE, augments, images_of, n_synthetic, synthetic_of

# Images that may be drawn from each real source (`realink.real` splits them so).
POOL = {"mnist": 55_000, "embedded": 4_000}


class Cell(NamedTuple):
    """One classifier of the grid; `synthetic` is none, font or a translator's name.

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
    """Digits that no translator made, font or real, whose gap the translated ones are held to."""

    images: str
    replicate: int


def check(config: Mapping[str, Any]) -> None:
    """Raise `InputError` on what the schema cannot see: names, counts and paths that do not fit."""
    folder = config["fonts"]["folder"]
    if not Path(folder).is_dir():
        raise InputError(f"config key `fonts: folder:`: {folder} is not a directory")
    known = {"font", *config["translators"]}
    for mix in config["mixes"]:
        synthetic = synthetic_of(mix)
        if synthetic != "none" and synthetic not in known:
            raise InputError(
                f"config key `mixes`: {mix!r} needs the translator {synthetic!r}, which "
                f"`translators` does not describe (it has: {', '.join(sorted(known))})"
            )
    for mix in config["real_share"]:
        if mix != "default" and (augments(mix) or synthetic_of(mix) not in known):
            raise InputError(
                f"config key `real_share`: {mix!r} is not real-X with an X of: "
                f"{', '.join(sorted(known))} (a twin with -aug takes its mix's share)"
            )
    pool = POOL[config["real"]["source"]]
    for n in config["counts"]:
        if n > pool:
            raise InputError(
                f"config key `counts`: {n} real images asked for, but the source "
                f"{config['real']['source']!r} has a pool of {pool}"
            )
        if n > config["total"]:
            raise InputError(
                f"config key `counts`: {n} is more than `total`, the {config['total']} images "
                "that a mix holds"
            )
    for n in config["font_counts"]:
        if n > config["total"]:
            raise InputError(f"config key `font_counts`: {n} is more than `total`")


def cells(config: Mapping[str, Any]) -> list[Cell]:
    """List every classifier that a config asks for; the only place that knows the grid's holes.

    Where nothing synthetic is left (n_real = total) only the baseline exists. `font_counts` adds
    classifiers trained on that many rendered digits alone, which have the same path as the
    others: n_real = total - count.
    """
    total = config["total"]
    axes = [(mix, n) for mix in config["mixes"] for n in config["counts"]]
    axes += [("font", total - count) for count in config["font_counts"]]
    return [
        Cell(mix, n, n_synthetic(mix, n, total), replicate, synthetic_of(mix))
        for mix, n in dict.fromkeys(axes)
        if images_of(mix) == BASELINE or n < total
        for replicate in range(1, config["replicates"] + 1)
    ]


def translator_cells(config: Mapping[str, Any]) -> list[TranslatorCell]:
    """List every translator that the grid's mixes need, each once."""
    return list(
        dict.fromkeys(
            TranslatorCell(cell.synthetic, cell.n_real, cell.replicate)
            for cell in cells(config)
            if cell.synthetic in config["translators"]
        )
    )


def references(config: Mapping[str, Any]) -> list[Reference]:
    """List what the gap is also measured of; without a translator there is nothing to compare."""
    if not translator_cells(config):
        return []
    replicates = range(1, config["replicates"] + 1)
    return [Reference(images, replicate) for images in ("font", "real") for replicate in replicates]


def paths(
    pattern: str, cells: Iterable[Cell | TranslatorCell | Reference], **axes: str
) -> list[Path]:
    """Fill in a path's wildcards, as the rules name them: of each cell, and `axes` of all."""
    filled = (cell._asdict() | axes for cell in cells)
    return [Path(pattern.format(**cell, n=cell.get("n_real"))) for cell in filled]
