"""What a mix is, from its name: which images a classifier trains on.

``real`` is the baseline, N real images alone; ``X`` is total - N synthetic images alone, and
``real-X`` both together, where X is ``font`` or a translator. Needs the standard library only,
because every parse of the workflow reads it.
"""

BASELINE = "real"


def synthetic_of(mix: str) -> str:
    """Source of a mix's synthetic images: none, font or a translator's name."""
    return "none" if mix == BASELINE else mix.removeprefix(f"{BASELINE}-")


def uses_real(mix: str) -> bool:
    """Whether the mix holds real images at all."""
    return mix == BASELINE or mix.startswith(f"{BASELINE}-")


def n_synthetic(mix: str, n_real: int, total: int) -> int:
    """How many synthetic images the mix holds at a count of `n_real`."""
    return 0 if mix == BASELINE else total - n_real
