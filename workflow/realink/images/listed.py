"""Pictures by name: which class, split and group each is of.

Needs the standard library only, because every parse of the workflow reads it.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from realink.images.names import LABELLED, TEST, TRAIN, VALIDATION


@dataclass(frozen=True)
class Picture:
    """A file below a folder of pictures.

    Attributes
    ----------
    file
        Its path relative to the folder.
    label
        Name of its class; empty of unlabelled pictures.
    split
        train, validation or test; labelled, where that differs between replicates; of rendered
        pictures, rendered; of unlabelled ones, unlabelled.
    group
        Name of its group; empty where there are none.
    left_out
        Why it is not used, else empty.
    tested, validates
        Of a labelled one, the replicate that tests it, and those that make choices by it.
    """

    file: str
    label: str = ""
    split: str = ""
    group: str = ""
    left_out: str = ""
    tested: int = 0
    validates: frozenset[int] = frozenset()

    def split_in(self, replicate: int) -> str:
        """The split that it is in, in one replicate."""
        if self.split != LABELLED:
            return self.split
        if self.tested == replicate:
            return TEST
        return VALIDATION if replicate in self.validates else TRAIN


@dataclass(frozen=True)
class Listing:
    """All files below a folder of pictures, by name, and the names of its classes, sorted."""

    directory: Path
    classes: tuple[str, ...]
    pictures: tuple[Picture, ...]

    @property
    def used(self) -> list[Picture]:
        """The pictures that are not left out."""
        return [picture for picture in self.pictures if not picture.left_out]

    def split(self, name: str) -> list[Picture]:
        """The pictures of one split."""
        return [picture for picture in self.used if picture.split == name]

    @property
    def replicates(self) -> int:
        """How many test sets its pictures are in, one each; 0 where there is one for all."""
        return max((picture.tested for picture in self.pictures), default=0)

    def of(self, replicate: int) -> "Listing":
        """The same with the splits that the pictures are in, in one replicate."""
        pictures = (replace(p, split=p.split_in(replicate)) for p in self.pictures)
        return replace(self, pictures=tuple(pictures))

    @property
    def held_out_groups(self) -> frozenset[str]:
        """Names of the groups that choices are made on, or errors measured."""
        held_out = (*self.split(VALIDATION), *self.split(TEST))
        return frozenset(picture.group for picture in held_out if picture.group)
