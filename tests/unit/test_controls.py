"""Controls: each takes away what it says, and nothing else."""

import numpy as np
import pytest

from realink.images.imagesets import ImageSet
from realink.training import controls

CLASSES = ("0", "1", "2", "3")


@pytest.fixture(params=[1, 3], ids=["grey", "colour"])
def images(request) -> ImageSet:
    shape = (40, 6, 4, 3)[: 3 + (request.param == 3)]
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    return ImageSet(pixels, np.arange(40) % 4, CLASSES)


@pytest.fixture
def read(images) -> np.ndarray:
    """What a judge read: right for the first half, the next class for the others."""
    return np.where(np.arange(40) < 20, images.labels, (images.labels + 1) % 4).astype(np.uint8)


def test_shuffled_labels_are_the_same_ones_on_other_images(images):
    changed = controls.changed("shuffled", images, None, seed=1)
    assert np.array_equal(changed.images, images.images)
    assert np.array_equal(np.bincount(changed.labels), np.bincount(images.labels))
    assert (changed.labels == images.labels).mean() < 0.5
    other = controls.changed("shuffled", images, None, seed=2)
    assert not np.array_equal(changed.labels, other.labels)


def test_labels_read_anew_are_the_judges(images, read):
    changed = controls.changed("reread", images, read, seed=1)
    assert np.array_equal(changed.images, images.images)
    assert changed.labels.tolist() == read.tolist()


def test_confirmed_images_are_those_read_right_and_as_many_as_before(images, read):
    changed = controls.changed("confirmed", images, read, seed=1)
    assert len(changed) == len(images)
    right = {image.tobytes(): n % 4 for n, image in enumerate(images.images[:20])}
    taken = [image.tobytes() for image in changed.images]
    assert {taken.count(image) for image in right} == {2}
    assert [right[image] for image in taken] == changed.labels.tolist()


def test_where_nothing_is_confirmed_it_says_so(images):
    with pytest.raises(ValueError, match="confirms no label"):
        controls.changed("confirmed", images, (images.labels + 1) % 4, seed=1)


def test_noise_has_the_pixels_of_each_image_in_another_order(images):
    changed = controls.changed("noise", images, None, seed=1)
    assert np.array_equal(changed.labels, images.labels)

    def pixels(image):
        return sorted(map(bytes, image.reshape(24, -1)))  # colours stay together

    for before, after in zip(images.images, changed.images, strict=True):
        assert pixels(before) == pixels(after)
        assert not np.array_equal(before, after)


def test_a_task_without_labels(images):
    task = controls.flipped(images, seed=1)
    assert task.classes == ("as it is", "over", "sideways", "both")
    assert set(task.labels) == {0, 1, 2, 3}
    back = {0: (), 1: (0,), 2: (1,), 3: (0, 1)}
    for before, after, label in zip(images.images, task.images, task.labels, strict=True):
        assert np.array_equal(np.flip(after, back[label]), before)
    assert not np.array_equal(task.labels, images.labels)


def test_any_other_name_is_refused(images):
    with pytest.raises(ValueError, match="'sorted' is no control"):
        controls.changed("sorted", images, None, seed=1)
