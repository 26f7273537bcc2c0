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
    pool: Path | None = None,
    validation: Path | None = None,
    test: Path | None = None,
    labelled: Path | None = None,
    places: Path | None = None,
    replicates: int = 0,
    manifest: Path | None = None,
    download_to: Path = Path("results/.download"),
) -> None:
    """Check the real images, and split them into those to train on, validation and test.

    Or say which replicate tests which of them.

    Parameters
    ----------
    settings : the config's `real`
    images : the config's `images`
    needed : images that the grid draws from the pool at once, at the most
    pool, validation, test : where to write the parts
    labelled, places, replicates : or all in one, and what each of some replicates does with them
    manifest : where to write what was read of a folder
    """
    from realink.images import mnist
    from realink.store.files import write_images, write_table
    from realink.store.places import write_places

    asked, used = json.loads(settings), None
    directory = asked["directory"]
    if labelled is not None:
        from realink.images.names import TRAIN
        from realink.images.rotated import load_rotated

        whole, turns, used = load_rotated(
            Path(directory),
            **json.loads(images),
            validation=asked["validation"],
            group=asked["group"],
            replicates=replicates,
            beside=labelled.parent,
        )
        fewest = min(len(turns.of(turn)[TRAIN]) for turn in range(1, replicates + 1))
        _refuse_few(fewest, needed, directory)
        write_images(labelled, whole)
        write_places(places, turns)
        log.info("%s: %d images", labelled, len(whole))
        write_table(manifest, used)
        return
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
    _refuse_few(len(sets[0]), needed, directory)
    for path, part in zip((pool, validation, test), sets, strict=True):
        write_images(path, part)
        log.info("%s: %d images", path, len(part))
    if used is not None and manifest is not None:
        write_table(manifest, used)


def split_real(
    *, labelled: Path, places: Path, replicate: int, pool: Path, validation: Path, test: Path
) -> None:
    """Split all labelled images as one replicate has them."""
    from realink.images.names import SPLITS
    from realink.store.files import read_images, write_images
    from realink.store.places import read_places

    images, own = read_images(labelled), read_places(places).of(replicate)
    for path, split in zip((pool, validation, test), SPLITS, strict=True):
        write_images(path, images.take(own[split]))


def split_features(
    *,
    places: Path,
    replicate: int,
    views: list[Path],
    pool: list[Path],
    validation: list[Path],
    test: list[Path],
) -> None:
    """Split what a pretrained network sees in all labelled images, as one replicate has them.

    Parameters
    ----------
    views : features of all, a view each
    pool, validation, test : files to write, for the first views
    """
    from realink.images.names import SPLITS
    from realink.store.features import take_features
    from realink.store.places import read_places

    own = read_places(places).of(replicate)
    for paths, split in zip((pool, validation, test), SPLITS, strict=True):
        # Tested images are seen in fewer views.
        for view, path in zip(views, paths, strict=False):
            take_features(view, own[split], path)


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

    import numpy as np

    from realink.seeds import seed_for
    from realink.store.files import read_images, write_images, write_table
    from realink.store.manifests import in_order, placed

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
    count = min(len(found), asked["count"] or len(found))
    seed = seed_for(seed, "unlabelled")
    write_images(output, found.draw(count, seed))
    if manifest is not None:
        # As `ImageSet.draw` draws.
        drawn = np.random.default_rng(seed).permutation(len(found))[:count]
        files = in_order(used)
        write_table(manifest, placed(used, [files[place] for place in drawn]))
    log.info("%s: %d images", output, count)


def _refuse_few(there: int, needed: int, directory: str) -> None:
    if there < needed:
        raise InputError(
            f"config key `counts`: {needed} real images asked for, but {there} can be "
            f"trained on; the log says which pictures of {directory} were left out"
        )
