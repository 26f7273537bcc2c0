"""Sets of labelled images, and how a part of one is drawn."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from realink.errors import InputError
from realink.store.rows import AT_ONCE, Rows, joined


class Shape(NamedTuple):
    """What networks, augmentation and translators are built from.

    height, width : pixels
    channels : 1, grey, or 3, sRGB
    classes : how many
    """

    height: int
    width: int
    channels: int
    classes: int


@dataclass(frozen=True, eq=False)
class ImageSet:
    """A set of images of one size, labelled or not.

    Attributes
    ----------
    images
        uint8 [n, height, width], grey, or uint8 [n, height, width, 3], sRGB; pictures with
        transparent pixels are laid on the study's background.
    labels
        int64 [n], places in `classes`; None of unlabelled images, so that nothing can read any.
    classes
        Names of the labels, in order.
    masks
        Optional: uint8 [n, height, width], 255 where the object is, 0 where the background shows;
        the glyph's coverage, or a picture's alpha channel.
    groups
        Optional: int64 [n], places in `group_names`; images that belong together (one camera, one
        object, one writer).
    group_names
        Names of the groups, in order.
    colours
        Optional, beside masks: uint8 of the images' shape, the objects' colours without any
        background, as a picture with an alpha channel has them; of any value where the mask is 0.

    Large arrays of images, masks and colours are `Rows`, read when they are asked for: index them,
    or go through a set by `slices`.

    Raises
    ------
    ValueError
        The arrays do not fit together.
    """

    images: np.ndarray | Rows
    labels: np.ndarray | None
    classes: tuple[str, ...]
    masks: np.ndarray | Rows | None = None
    groups: np.ndarray | None = None
    group_names: tuple[str, ...] = ()
    colours: np.ndarray | Rows | None = None

    def __post_init__(self) -> None:
        images, n = self.images, len(self.images)
        if (
            images.dtype != np.uint8
            or images.ndim not in (3, 4)
            or images.shape[3:] not in ((), (3,))
        ):
            raise ValueError(
                f"images must be uint8 [n, height, width] or [n, height, width, 3], not "
                f"{images.dtype} {list(images.shape)}"
            )
        labels = self.labels
        if labels is not None and (labels.dtype != np.int64 or labels.shape != (n,)):
            raise ValueError(
                f"labels of {n} images must be int64 [{n}], not {labels.dtype} {list(labels.shape)}"
            )
        for places, names, kind in (
            (labels, self.classes, "label"),
            (self.groups, self.group_names, "group"),
        ):
            if places is not None and n and not 0 <= places.min() <= places.max() < len(names):
                raise ValueError(f"a {kind} is none of the {len(names)} that have a name")
        if self.masks is not None and (
            self.masks.dtype != np.uint8 or self.masks.shape != images.shape[:3]
        ):
            raise ValueError(f"masks are {self.masks.dtype} {list(self.masks.shape)}")
        colours = self.colours
        if colours is not None and (colours.dtype != np.uint8 or colours.shape != images.shape):
            raise ValueError(f"colours are {colours.dtype} {list(colours.shape)}")
        if colours is not None and self.masks is None:
            raise ValueError("there are colours without masks")
        if self.groups is not None and self.groups.shape != (n,):
            raise ValueError(f"groups of {n} images are {list(self.groups.shape)}")

    def __len__(self) -> int:
        return len(self.images)

    @property
    def shape(self) -> Shape:
        """Size, channels and number of classes."""
        _, height, width, *channels = self.images.shape
        return Shape(height, width, *channels or (1,), len(self.classes))

    def take(self, index: np.ndarray | slice) -> "ImageSet":
        """The images at some places, in their order."""
        names = "images", "labels", "masks", "groups", "colours"
        arrays = {name: getattr(self, name) for name in names}
        return replace(self, **{name: _taken(array, index) for name, array in arrays.items()})

    def slices(self, at_once: int = AT_ONCE) -> Iterator["ImageSet"]:
        """All images in order, as sets in memory of about so many bytes."""
        pixels = (self.images, self.masks, self.colours)
        each = sum(math.prod(array.shape[1:]) for array in pixels if array is not None)
        step = max(1, at_once // max(1, each))
        for first in range(0, len(self), step):
            yield self.take(slice(first, first + step))

    def among(self, classes: tuple[str, ...]) -> "ImageSet":
        """The same, labelled, with labels that are places in classes of which it has some."""
        place = np.array([classes.index(name) for name in self.classes], np.int64)
        return replace(self, labels=place[self.labels], classes=classes)

    def without(self, name: str) -> "ImageSet":
        """Without the images of a class, which stays a class; itself if it has none, or no other.

        Unlabelled ones all stay.
        """
        if self.labels is None or name not in self.classes:
            return self
        kept = np.flatnonzero(self.labels != self.classes.index(name))
        return self.take(kept) if 0 < len(kept) < len(self) else self

    def draw(self, n: int, seed: int) -> "ImageSet":
        """Draw `n` images: a prefix of one random permutation, not balanced by class.

        Two draws with the same seed are nested: the smaller is the beginning of the larger.

        Raises
        ------
        InputError
            There are fewer than `n`.
        """
        if n > len(self):
            raise InputError(f"{n} images asked for, there are {len(self)}")
        return self.take(np.random.default_rng(seed).permutation(len(self))[:n])


def _taken(array: np.ndarray | Rows | None, index: np.ndarray | slice) -> np.ndarray | Rows | None:
    if array is None:
        return None
    return array.take(index) if isinstance(array, Rows) else array[index]


def concatenate(parts: Sequence[ImageSet]) -> ImageSet:
    """Put sets of the same classes and size one after another, without masks and groups.

    Without labels, too, if any of them has none.

    Raises
    ------
    InputError
        Their classes or their images' sizes differ.
    """
    first = parts[0]
    for part in parts[1:]:
        if (part.classes, part.shape) != (first.classes, first.shape):
            raise InputError(
                f"images of {first.shape} and classes {', '.join(first.classes)} do not go with "
                f"those of {part.shape} and classes {', '.join(part.classes)}"
            )
    labels = [part.labels for part in parts]
    return ImageSet(
        joined([part.images for part in parts]),
        None if any(own is None for own in labels) else np.concatenate(labels),
        first.classes,
    )
