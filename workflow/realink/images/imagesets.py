"""Sets of labelled images in memory, and how a part of one is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from realink.errors import InputError


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
        uint8 [n, height, width], grey, or uint8 [n, height, width, 3], sRGB.
    labels
        int64 [n], places in `classes`; None of unlabelled images, so that nothing can read any.
    classes
        Names of the labels, in order.
    masks
        Optional, of rendered images: uint8 [n, height, width], 255 where the object is, 0 where
        the background shows; the glyph's coverage, or a picture's alpha channel.
    groups
        Optional: int64 [n], places in `group_names`; images that belong together (one camera, one
        object, one writer).
    group_names
        Names of the groups, in order.

    Raises
    ------
    ValueError
        The arrays do not fit together.
    """

    images: np.ndarray
    labels: np.ndarray | None
    classes: tuple[str, ...]
    masks: np.ndarray | None = None
    groups: np.ndarray | None = None
    group_names: tuple[str, ...] = ()

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
        return replace(
            self,
            images=self.images[index],
            labels=None if self.labels is None else self.labels[index],
            masks=None if self.masks is None else self.masks[index],
            groups=None if self.groups is None else self.groups[index],
        )

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
        np.concatenate([part.images for part in parts]),
        None if any(own is None for own in labels) else np.concatenate(labels),
        first.classes,
    )
