"""Temperatures, and how far probabilities are from the truth."""

import numpy as np
import pytest

from realink.scores import calibration


def drawn(n: int, classes: int, seed: int, sharp: float = 1.0):
    """Probabilities that are true, and labels drawn by them; then made `sharp` times as sure."""
    random = np.random.default_rng(seed)
    true = random.dirichlet(np.full(classes, 0.3), n)
    labels = np.array([random.choice(classes, p=own) for own in true])
    return calibration.tempered(true, 1 / sharp), labels


@pytest.mark.parametrize("sharp", [0.5, 1.0, 2.5])
def test_the_temperature_undoes_what_made_probabilities_too_sure(sharp):
    found, labels = drawn(4000, 5, 1, sharp)
    temperature = calibration.fitted(found, labels, 4000)
    assert temperature == pytest.approx(sharp, rel=0.08)
    after = calibration.tempered(found, temperature)
    right = found.argmax(1) == labels
    error = calibration.expected_error(after.max(1), right)
    assert error < calibration.least_error(after.max(1), 0) + 0.01
    if sharp != 1:
        assert error < calibration.expected_error(found.max(1), right) / 2


@pytest.mark.parametrize("temperature", [0.05, 0.7, 1.0, 3.0, 20.0])
def test_a_temperature_keeps_classes_in_order_and_probabilities_sum_to_one(temperature):
    found = np.random.default_rng(3).dirichlet(np.full(7, 0.2), 500)
    after = calibration.tempered(found, temperature)
    np.testing.assert_array_equal(after.argmax(1), found.argmax(1))
    np.testing.assert_allclose(after.sum(1), 1)
    assert np.isfinite(after).all()
    assert (after >= 0).all()
    # Higher ones are never surer.
    assert (calibration.tempered(found, 2 * temperature).max(1) <= after.max(1) + 1e-12).all()


def test_few_images_without_an_error_do_not_make_it_certain():
    """Likelihood alone would take the lowest temperature that is tried."""
    found = np.tile([[0.9, 0.1]], (30, 1)) + np.linspace(-0.05, 0.05, 30)[:, None] * [1, -1]
    labels = np.zeros(30, int)
    alone = calibration.fitted(found, labels, 30)
    assert 0.3 < alone < 1
    # Worth three of them only, they say less.
    assert alone < calibration.fitted(found, labels, 3) < 1
    assert calibration.fitted(found[:0], labels[:0], 0) == 1


def test_float16_near_one_is_restored_from_the_rest():
    true = np.array([[0.9998, 0.00015, 0.00005], [0.2, 0.5, 0.3], [1, 0, 0]])
    found = calibration.restored(true.astype(np.float16))
    np.testing.assert_allclose(found, true, rtol=1e-3, atol=1e-7)
    np.testing.assert_allclose(found.sum(1), 1)
    # What was rounded so that nothing is left for the highest one.
    assert (calibration.restored(np.float16([[0.5, 0.501], [0.3335, 0.3335]])) > 0).all()
    assert calibration.restored(np.empty((0, 3), np.float16)).shape == (0, 3)


def test_bins_hold_as_many_images_each_and_the_error_is_their_distance():
    confidence = np.array([0.9, 0.6, 0.8, 0.7])
    right = np.array([True, False, True, False])
    table = calibration.bins(confidence, right, 2)
    assert table["images"].tolist() == [2, 2]
    np.testing.assert_allclose(table["confidence"], [0.65, 0.85])
    assert table["right"].tolist() == [0, 1]
    # Fewer images than bins: each its own.
    assert calibration.expected_error(confidence, right) == pytest.approx(
        (0.1 + 0.6 + 0.2 + 0.7) / 4
    )
    assert 0 < calibration.least_error(confidence, 1) < 1
