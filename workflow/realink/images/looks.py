"""Faces that are rejected by their looks: fonts of symbols, and repeats of other faces."""

import numpy as np
import pandas as pd

from realink.images.glyphs import SIDE

# Distance of two faces' glyphs, relative to their norm, below which they are one face.
DUPLICATE = 0.10
# Share of the classes that must look most like the same class of another source. Of the ten
# digits the least legible accepted face (Inconsolata UltraCondensed) has 5, chance has 1. Few
# sources prove nothing.
READABLE, READERS = 0.5, 30


def misread_faces(sources: np.ndarray, looks: np.ndarray) -> np.ndarray:
    """Whether each face's glyphs look like other classes of the other sources, bool [faces].

    `sources` numbers each face's source from 0, ascending; `looks` is float32 [faces, classes,
    784] of unit norm. The middle face of a source speaks for it.
    """
    starts = np.searchsorted(sources, np.arange(sources[-1] + 2))
    models = looks[(starts[:-1] + starts[1:]) // 2].transpose(1, 2, 0)
    misread = np.zeros(len(looks), bool)
    if models.shape[2] >= READERS:
        for i, look in enumerate(looks):
            likeness = np.delete(look @ models, sources[i], axis=2).max(2)
            misread[i] = (likeness.argmax(0) == np.arange(len(look))).mean() < READABLE
    return misread


def reject_by_looks(rows: list[dict], probes: list[np.ndarray | None]) -> None:
    """Reject the faces that look like other classes or repeat an earlier accepted face.

    Parameters
    ----------
    rows : list of dict
        Of `fonts.catalogue`, packages and files in runs; their ``reason`` is set here.
    probes : list
        Glyphs of each row's face, uint8 [classes, 28, 28] with ink in each; None where it was
        rejected before.
    """
    seen = [i for i, glyphs in enumerate(probes) if glyphs is not None]
    if not seen:
        return
    looks = np.stack([probes[i].reshape(-1, SIDE * SIDE) for i in seen]).astype(np.float32)
    looks /= np.linalg.norm(looks, axis=2, keepdims=True)
    sources = pd.factorize(np.array([rows[i]["source"] for i in seen]))[0]
    misread = misread_faces(sources, looks)
    flat = looks.reshape(len(seen), -1)
    same = flat @ flat.T / looks.shape[1] > 1 - DUPLICATE**2 / 2
    accepted: list[int] = []
    for k, i in enumerate(seen):
        alike = same[k, accepted]
        if misread[k]:
            rows[i] |= {"reason": "characters look like other ones of the other fonts"}
        elif alike.any():
            rows[i] |= {"reason": f"repeats {rows[seen[accepted[alike.argmax()]]]['face']}"}
        else:
            accepted.append(k)
