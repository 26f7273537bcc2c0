"""How large a study's image sets are, and so what a job on them takes; before any is read.

Needs the standard library only, because every parse of the workflow asks for it.
"""

import math
from collections.abc import Mapping
from typing import Any

from realink.plan import sources

# The least of what was measured, on slow machines: pictures of twelve megapixels decoded a second,
# and bytes read from a shared disk, hashed and written.
PICTURES_A_SECOND, BYTES_A_SECOND = 10, 50_000_000


def image_bytes(images: Mapping[str, Any]) -> int:
    """Bytes of one image, by the config's `images`."""
    return images["height"] * images["width"] * images["channels"]


def count(config: Mapping[str, Any], kind: str) -> int:
    """How many images a set has, at most: some pictures may be unreadable, or copies.

    Parameters
    ----------
    config : as `sources.complete` gives it
    kind : ``pool``, ``validation``, ``test``, ``unlabelled`` or ``rendered``; the translations of
        rendered ones are as many
    """
    if kind == "rendered":
        return config["rendered"]["count"]
    if kind == "unlabelled":
        return sources.unlabelled(config)
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
