"""One root seed, and an independent random stream for each role."""

import hashlib


def seed_for(root: int, *role: object) -> int:
    """Derive the seed of one random stream.

    Streams are told apart by what they are for, so that a new replicate, mix or count never
    shifts the numbers of another (DomainBed's habit).

    Parameters
    ----------
    root : the study's seed
    role : what the stream is for, coarse to fine, e.g. ``("classifier", "real", 55, 1)``

    Returns
    -------
    int in [0, 2**63), a function of its arguments alone, the same on every machine
    """
    text = "/".join(map(str, (root, *role)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
