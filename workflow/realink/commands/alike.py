"""Commands of rules/alike.smk: pictures that look the same where one of them is tested."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from realink.commands.support import log


def find_alike(
    *,
    images: Annotated[list[Path], Parameter(help="image sets")],
    splits: Annotated[list[str], Parameter(help="their splits, as the manifests name them")],
    manifest: Path,
    output: Path,
    rendered: Annotated[Path | None, Parameter(help="the manifest of rendered pictures")] = None,
    unlabelled: Annotated[Path | None, Parameter(help="that of unlabelled ones")] = None,
    places: Annotated[Path | None, Parameter(help="which replicate tests which")] = None,
) -> None:
    """List pairs that look the same: one that is tested or chosen by, and one of another split.

    Or two that different replicates test.

    Parameters
    ----------
    manifest : what became of each labelled picture
    """
    import numpy as np
    import pandas as pd
    from PIL import Image

    from realink.images.listed import Picture
    from realink.images.listing import RENDERED, UNLABELLED
    from realink.images.near import look, near_copies
    from realink.store.files import read_images, write_table
    from realink.store.manifests import names
    from realink.store.places import read_places

    turns = None if places is None else read_places(places).tested
    manifests = {RENDERED: rendered, UNLABELLED: unlabelled}
    pictures, looks, files, at = [], [], {}, {}
    for split, path in zip(splits, images, strict=True):
        own = read_images(path, labelled=split != UNLABELLED)
        known = names(manifests.get(split, manifest), split, own)
        labels = [""] * len(own) if own.labels is None else np.asarray(own.classes)[own.labels]
        for place, (label, file) in enumerate(zip(labels, known, strict=True)):
            key = f"{split} {place}"
            tested = 0 if turns is None or split in manifests else int(turns[place])
            pictures.append(Picture(key, str(label), split, tested=tested))
            looks.append(look(Image.fromarray(np.asarray(own.images[place])).convert("RGB")))
            files[key], at[key] = file, place
    rows = []
    for pair in near_copies(pictures, looks):
        ends = [(own.split, at[own.file], files[own.file]) for own in pair]
        rows.append((pair[0].label, *ends[0], *ends[1]))
    columns = ["class", "split", "place", "file", "other_split", "other_place", "other_file"]
    write_table(output, pd.DataFrame(rows, columns=columns))
    log.info("%d pairs look the same", len(rows))
