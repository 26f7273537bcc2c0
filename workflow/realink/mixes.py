"""What a mix is, from its name: which images a classifier trains on, and how.

``real`` is the baseline, N real images alone; ``X`` is total - N synthetic images alone, and
``real-X`` both together, where X is ``font`` or a translator. Each has a twin with the suffix
``-aug``, the same images augmented while training. Needs the standard library only, because every
parse of the workflow reads it.
"""

from collections.abc import Iterable

BASELINE = "real"
AUGMENTED = "-aug"


def images_of(mix: str) -> str:
    """Return the mix without augmentation that holds the same images."""
    return mix.removesuffix(AUGMENTED)


def augments(mix: str) -> bool:
    """Whether the classifier's training images are augmented."""
    return mix.endswith(AUGMENTED)


def synthetic_of(mix: str) -> str:
    """Source of a mix's synthetic images: none, font or a translator's name."""
    images = images_of(mix)
    return "none" if images == BASELINE else images.removeprefix(f"{BASELINE}-")


def uses_real(mix: str) -> bool:
    """Whether the mix holds real images at all."""
    return images_of(mix) == BASELINE or mix.startswith(f"{BASELINE}-")


def n_synthetic(mix: str, n_real: int, total: int) -> int:
    """How many synthetic images the mix holds at a count of `n_real`."""
    return 0 if images_of(mix) == BASELINE else total - n_real


def real_share(mix: str, n_real: int, total: int, share: float | str) -> float | str:
    """Fraction of real images in a training batch of the mix, or ``concatenate``.

    The latter means that all images are used equally often. `share` is what the config asks of
    mixes that hold both kinds: at least this fraction, or ``concatenate``.
    """
    both = uses_real(mix) and images_of(mix) != BASELINE
    return share if both and share != "concatenate" and share > n_real / total else "concatenate"


def ordered(mixes: Iterable[str]) -> list[str]:
    """The baseline first, then the mixes with real images, then those without."""
    return sorted(mixes, key=lambda mix: (images_of(mix) != BASELINE, not uses_real(mix), mix))
