"""Pairs of pictures that look the same as the page lists them."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from realink.images.names import LABELLED, TEST
from realink.page.html import enlarged
from realink.store.files import read_images, read_table

LISTED = 12  # pairs, at most


class Side(NamedTuple):
    """One picture of a pair.

    image : a URL that holds it; empty where none is to be shown
    split : as a reader knows it
    name : of its file, or its place among those of its split
    """

    image: str
    split: str
    name: str


class Alike(NamedTuple):
    """What looks the same.

    pairs : the first of them
    count : of all pairs
    tested : test pictures among them
    """

    pairs: list[tuple[Side, Side]]
    count: int
    tested: int


def read(table: Path, compared: Mapping[str, Path]) -> Alike:
    """Pairs of `find_alike`, those of test pictures first.

    Parameters
    ----------
    compared : the image sets that it compared, by their split; none where no picture is to be shown
    """
    text = dict.fromkeys(("class", "split", "file", "other_split", "other_file"), str)
    columns = (*text, "place", "other_place")
    rows = read_table(table, columns, dtype=text, keep_default_na=False)
    sets = {split: read_images(path, labelled=False) for split, path in compared.items()}

    def side(split: str, place: int, file: str) -> Side:
        image = enlarged(sets[split].images[place]) if sets else ""
        return Side(image, split, file or f"{split} image {place:,}")

    ends = [tuple(f"{end}{name}" for name in ("split", "place", "file")) for end in ("", "other_")]
    tested = {
        (row[split], row[place])
        for split, place, _ in ends
        for row in rows.to_dict("records")
        if row[split] in (TEST, LABELLED)
    }
    of_test = rows[[end[0] for end in ends]].isin([TEST, LABELLED]).any(axis=1)
    first = rows.loc[of_test.sort_values(ascending=False, kind="stable").index].head(LISTED)
    pairs = [
        tuple(side(*(row[name] for name in end)) for end in ends)
        for row in first.to_dict("records")
    ]
    return Alike(pairs, len(rows), len(tested))
