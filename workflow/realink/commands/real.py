"""Commands of rules/real.smk: real images, checked, split, and drawn."""

import json
from pathlib import Path

from realink.commands.support import Json, log
from realink.errors import InputError


def prepare_real(
    *,
    settings: Json,
    images: Json,
    needed: int,
    pool: Path,
    validation: Path,
    test: Path,
    manifest: Path | None = None,
    download_to: Path = Path("results/.download"),
) -> None:
    """Check the real images, and split them into those to train on, validation and test.

    Parameters
    ----------
    settings : the config's `real`
    images : the config's `images`
    needed : images that the grid draws from the pool at once, at the most
    manifest : where to write what was read of a folder
    """
    from realink.images import mnist
    from realink.store.files import write_images, write_table

    asked, used = json.loads(settings), None
    directory = asked["directory"]
    if asked["source"] == "mnist":
        sets = mnist.load_mnist(Path(directory) if directory else None, download_to)
    elif asked["source"] == "embedded":
        sets = mnist.load_embedded()
    else:
        from realink.images import folders

        names = "validation", "test", "group", "duplicates"
        split = {name: asked[name] for name in names}
        *sets, used = folders.load_real(
            Path(directory), **json.loads(images), **split, beside=pool.parent
        )
    if len(sets[0]) < needed:
        raise InputError(
            f"config key `counts`: {needed} real images asked for, but {len(sets[0])} can be "
            f"trained on; the log says which pictures of {directory} were left out"
        )
    for path, part in zip((pool, validation, test), sets, strict=True):
        write_images(path, part)
        log.info("%s: %d images", path, len(part))
    if used is not None and manifest is not None:
        write_table(manifest, used)


def draw_real(*, pool: Path, n: int, replicate: int, seed: int, output: Path) -> None:
    """Draw N of the real images at random."""
    from realink.seeds import seed_for
    from realink.store.files import read_images, write_images

    write_images(output, read_images(pool).draw(n, seed_for(seed, "draw", replicate)))


def draw_unlabelled(
    *,
    settings: Json,
    images: Json,
    pool: Path,
    validation: Path,
    test: Path,
    seed: int,
    output: Path,
    manifest: Path | None = None,
) -> None:
    """Take further real images without labels, from a folder or from those to train on.

    Parameters
    ----------
    settings : the config's `unlabelled`, and the `group` of its `real`
    images : the config's `images`
    validation, test : what looks the same, or is of their groups, is left out of a folder
    manifest : where to write what was read of a folder
    """
    from dataclasses import replace

    from realink.seeds import seed_for
    from realink.store.files import read_images, write_images, write_table

    asked, labelled = json.loads(settings), read_images(pool)
    if asked["source"] == "pool":
        found = replace(labelled, labels=None, groups=None, group_names=())
    else:
        from realink.images import folders

        held_out = {"validation": read_images(validation), "test": read_images(test)}
        found, used = folders.load_unlabelled(
            Path(asked["directory"]),
            labelled.classes,
            held_out,
            group=asked["group"],
            **json.loads(images),
            beside=output.parent,
        )
        write_table(manifest, used)
    count = min(len(found), asked["count"] or len(found))
    write_images(output, found.draw(count, seed_for(seed, "unlabelled")))
    log.info("%s: %d images", output, count)
