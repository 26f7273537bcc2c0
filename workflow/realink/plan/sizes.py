"""How large a study's image sets are, and so what a job on them takes; before any is read.

Needs the standard library only, because every parse of the workflow asks for it.
"""

import math
from collections.abc import Mapping
from typing import Any

from realink import learners
from realink.plan import grid, sources

# The least of what was measured, on slow machines: pictures of twelve megapixels decoded a second,
# bytes read from a shared disk, hashed and written, and pixels that a pretrained network sees.
PICTURES_A_SECOND, BYTES_A_SECOND, PIXELS_A_SECOND = 10, 50_000_000, 300_000
COPIES = 3  # of all images that a training holds: as read, as one array, and in batches


def image_bytes(images: Mapping[str, Any]) -> int:
    """Bytes of one image, by the config's `images`."""
    return images["height"] * images["width"] * images["channels"]


def count(config: Mapping[str, Any], kind: str) -> int:
    """How many images a set has, at most: some pictures may be unreadable, or copies.

    Parameters
    ----------
    config : as `sources.complete` gives it
    kind : ``pool``, ``validation``, ``test``, ``labelled`` (all of these), ``unlabelled`` or
        ``rendered``; the translations of rendered ones are as many. Of a pool of which each
        replicate has its own, as many as each has
    """
    if kind == "rendered":
        return config["rendered"]["count"]
    if kind == "unlabelled":
        return sources.unlabelled(config)
    if kind == "labelled":
        return sources.labelled(config)
    return sources.counts(config)["train" if kind == "pool" else kind]


def set_bytes(config: Mapping[str, Any], kind: str, n: int | None = None) -> int:
    """Bytes of the images of a set, of N of them if that is given.

    Its masks and colours, which only translators read, and these by slices, are not among them.
    """
    images = count(config, kind) if n is None else n
    return images * image_bytes(config["images"])


def memory_mb(least: int, *held: float) -> int:
    """Megabytes of a job: what it takes without any images, and those that it holds, in bytes.

    Images that a job goes through by slices are not held.
    """
    return least + math.ceil(sum(held) / 1e6)


def minutes(least: int, *, pictures: int = 0, moved: float = 0) -> int:
    """Minutes of a job, at most: some for anything, pictures to decode, bytes to read or write."""
    return least + math.ceil((pictures / PICTURES_A_SECOND + moved / BYTES_A_SECOND) / 60)


def encoded(config: Mapping[str, Any], images: str) -> int:
    """How many images of a set a pretrained network sees, at most.

    Parameters
    ----------
    images : the set's path below the study, without its suffix: ``real/pool``
    """
    kind = images.split("/")[1] if images.startswith("real/") else images.split("/")[0]
    return count(config, {"translated": "rendered", "all": "labelled"}.get(kind, kind))


def held(config: Mapping[str, Any], cell: grid.Recipe) -> float:
    """Bytes of all that the training of one classifier holds, at most."""
    settings = config["learner_settings"][cell.learner]
    rendered = count(config, "rendered") if cell.synthetic != "none" else 0
    tested = count(config, "validation") + count(config, "test")
    tested += count(config, "unlabelled")
    if learners.encoded(cell.learner):
        # A map at the cut has half as many bytes as the image.
        views = learners.n_views(cell.learner, settings) if cell.augmented else 1
        images = views * count(config, "pool") + min(rendered, settings["synthetic"]) + 2 * tested
        return COPIES * images * image_bytes(config["images"]) / 2
    longest = max(config["images"]["height"], config["images"]["width"])
    smaller = min(1, settings["side"] / longest) if settings["side"] else 1
    images = cell.n_real + rendered + tested
    return COPIES * images * image_bytes(config["images"]) * smaller**2
