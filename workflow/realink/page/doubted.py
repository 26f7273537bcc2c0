"""Doubted labels as the page lists them, with their pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from realink.images.names import LABELLED, TRAIN, VALIDATION
from realink.page.html import enlarged
from realink.scores.doubt import LISTED
from realink.store.files import read_images, read_table


class Doubted(NamedTuple):
    """A labelled picture that classifiers read otherwise.

    image : a URL that holds the picture; empty where none is to be shown
    label, own : its label, and the probability that this has
    predicted, other : what was read, and the probability of that
    name : of its file, or its place among those of its split
    """

    image: str
    label: str
    own: str
    predicted: str
    other: str
    name: str


def read(table: Path, labelled: Sequence[Path]) -> list[Doubted]:
    """The labels of `doubt_labels` that are doubted most, 20 at most.

    Parameters
    ----------
    labelled : image sets of pool and validation, or of all; none where no picture is to be shown
    """
    text = dict.fromkeys(("split", "file", "class", "predicted"), str)
    rows = read_table(table, ("place", *text, "own", "other"), dtype=text, keep_default_na=False)
    names = (LABELLED,) if len(labelled) == 1 else (TRAIN, VALIDATION)
    sets = dict(zip(names, map(read_images, labelled), strict=False))
    found = []
    for row in rows.head(LISTED).to_dict("records"):
        image = ""
        if sets:
            image = enlarged(sets[row["split"]].images[row["place"]])
        name = row["file"] or f"{row['split']} image {row['place']:,}"
        shares = (_percent(row["own"]), _percent(row["other"]))
        found.append(Doubted(image, row["class"], shares[0], row["predicted"], shares[1], name))
    return found


def _percent(share: float) -> str:
    text = "below 0.1" if share < 0.001 else f"{100 * share:.1f}"
    return f"{text}\N{NO-BREAK SPACE}%"
