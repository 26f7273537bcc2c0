"""Mixes, error rates and label retention, on cases small enough to work out by hand."""

import numpy as np
import pytest

from realink.artifacts import Digits
from realink.errors import InputError
from realink.evaluation import error_rate, retention
from realink.mixes import compose


def digits(start, n):
    images = np.zeros((n, 28, 28), np.uint8)
    return Digits(images, np.arange(start, start + n, dtype=np.int64))


def test_error_rate():
    assert error_rate(np.array([1, 2, 3, 4]), np.array([1, 2, 0, 0])) == 0.5
    assert error_rate(np.array([]), np.array([])) is None


def test_retention_counts_what_the_judge_reads():
    labels = np.array([0, 0, 0, 0, 1, 1])
    read = np.array([0, 2, 0, 2, 1, 0])
    judged = retention(read, labels)
    assert judged["label_retention"] == 3 / 6
    assert judged["retention_by_digit"][:3] == [0.5, 0.5, None]
    assert judged["confusion"][0] == [2, 0, 2, 0, 0, 0, 0, 0, 0, 0]
    assert judged["confusion"][1] == [1, 1, 0, 0, 0, 0, 0, 0, 0, 0]


def test_a_mix_holds_all_real_and_a_random_part_of_the_synthetic_images():
    mixed = compose([digits(0, 5)], [digits(100, 50)], 20, seed=3).labels
    assert mixed[:5].tolist() == [0, 1, 2, 3, 4]
    assert len(set(mixed[5:])) == 20
    assert min(mixed[5:]) >= 100
    # Nested, so that a mix with fewer synthetic images differs by what is missing alone.
    np.testing.assert_array_equal(compose([], [digits(100, 50)], 10, seed=3).labels, mixed[5:15])
    assert compose([digits(0, 5)], [], 0, seed=3).labels.tolist() == [0, 1, 2, 3, 4]


def test_too_few_synthetic_images_are_an_error():
    with pytest.raises(InputError, match="needs 60 synthetic images, there are 50"):
        compose([], [digits(0, 50)], 60, seed=1)
