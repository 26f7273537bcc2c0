"""Image sets: drawn, put together, and refused where they do not fit."""

import numpy as np
import pytest

from realink.errors import InputError
from realink.images.imagesets import ImageSet, Shape, concatenate


def numbered(start, n, width=20):
    """Images whose labels say which they are."""
    classes = tuple(map(str, range(start + n)))
    return ImageSet(np.zeros((n, 24, width, 3), np.uint8), np.arange(start, start + n), classes)


def test_draws_with_the_same_seed_are_nested():
    pool = numbered(0, 50)
    more = pool.draw(20, seed=3).labels.tolist()
    assert len(set(more)) == 20
    assert pool.draw(10, seed=3).labels.tolist() == more[:10]
    assert pool.draw(10, seed=4).labels.tolist() != more[:10]
    with pytest.raises(InputError, match="51 images asked for, there are 50"):
        pool.draw(51, seed=3)


def test_sets_are_put_one_after_another():
    whole = numbered(0, 9)
    parts = whole.take(slice(2)), whole.take(slice(5, 9))
    together = concatenate(parts)
    assert together.labels.tolist() == [0, 1, 5, 6, 7, 8]
    assert together.shape == Shape(height=24, width=20, channels=3, classes=9)


def test_sets_of_other_sizes_or_classes_are_not_put_together():
    for other in numbered(0, 9, width=21), numbered(0, 8):
        with pytest.raises(InputError, match="do not go with"):
            concatenate([numbered(0, 9), other])


def test_a_set_among_further_classes_and_without_one():
    own = ImageSet(np.zeros((4, 24, 20), np.uint8), np.array([0, 1, 1, 2]), ("a", "c", "d"))
    among = own.among(("c", "b", "d", "a"))
    assert [among.classes[label] for label in among.labels] == ["a", "c", "c", "d"]
    less = own.without("c")
    assert (less.labels.tolist(), less.classes) == ([0, 2], own.classes)
    # Of which it has none, or nothing else; or nobody knows.
    hidden = ImageSet(own.images, None, own.classes)
    for whole, name in ((own, "b"), (among, "b"), (own.take([1, 2]), "c"), (hidden, "c")):
        assert whole.without(name) is whole


def test_colours_fit_the_images_and_need_masks():
    pixels, labels = np.zeros((3, 24, 20, 3), np.uint8), np.zeros(3, np.int64)
    masks = pixels[..., 0]
    ImageSet(pixels, labels, ("a",), masks, colours=pixels)
    with pytest.raises(ValueError, match="colours without masks"):
        ImageSet(pixels, labels, ("a",), colours=pixels)
    with pytest.raises(ValueError, match=r"colours are uint8 \[3, 24, 20\]"):
        ImageSet(pixels, labels, ("a",), masks, colours=masks)
