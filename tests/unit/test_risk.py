"""Thresholds that keep the share of wrong answers below what was stated."""

import numpy as np
import pytest

from realink.scores import risk


def world(random, units: int, each: int, spread: float):
    """Images in units that differ in how hard they are: confidence, wrong, unit."""
    unit = np.repeat(np.arange(units), each)
    hard = np.repeat(random.normal(0, spread, units), each)
    confidence = 1 / (1 + np.exp(-random.normal(3.5, 1.5, len(unit)) + hard))
    wrong = random.random(len(unit)) > 1 / (
        1 + np.exp(-np.log(confidence / (1 - confidence)) + hard)
    )
    return confidence, wrong, unit


@pytest.mark.parametrize(
    ("units", "each", "spread", "asked"),
    [(1500, 1, 0.0, 0.02), (400, 1, 0.0, 0.05), (60, 20, 0.5, 0.05), (12, 30, 0.7, 0.05)],
)
def test_the_risk_is_held_nine_times_of_ten(units, each, spread, asked):
    random = np.random.default_rng(units)
    true = world(random, 20_000, 10, spread)
    broken, given = 0, 0
    for _ in range(200):
        confidence, wrong, unit = world(random, units, each, spread)
        effect = risk.design_effect(wrong.astype(float), unit)
        found = risk.threshold(confidence, wrong, effect, asked)
        if found is not None:
            taken = true[0] >= found.confidence
            given += 1
            broken += true[1][taken].mean() > asked
    assert given > 40
    assert broken <= 0.1 * 200


def test_a_higher_risk_never_answers_less():
    random = np.random.default_rng(4)
    for _ in range(20):
        confidence, wrong, _ = world(random, 1000, 1, 0)
        found = [risk.threshold(confidence, wrong, 1.0, asked) for asked in (0.01, 0.02, 0.05, 0.2)]
        least = [1.1 if one is None else one.confidence for one in found]
        assert least == sorted(least, reverse=True)
        answered = [0 if one is None else one.answered for one in found]
        assert answered == sorted(answered)


def test_too_few_images_promise_what_they_allow_or_nothing():
    confidence, right = np.linspace(0.5, 1, 100), np.zeros(100, bool)
    assert risk.threshold(confidence, right, 1.0, 0.01) is None
    found = risk.allowed(confidence, right, 1.0, 0.01)
    assert (found.risk, found.answered) == (0.05, 1.0)  # 0.977 ** 100 is a tenth
    assert risk.allowed(confidence, ~right, 1.0, 0.01) is None
    assert risk.allowed(confidence[:0], right[:0], 1.0, 0.01) is None
    assert risk.allowed(confidence, right, 20.0, 0.01) is None  # they are worth five


def test_the_bound_is_that_of_the_binomial():
    """None of 230 wrong: at 1 % that has a chance of a tenth."""
    assert risk.highest(0, 230) == pytest.approx(1 - 0.1 ** (1 / 230))
    assert risk.highest(3, 100) == pytest.approx(0.0658, abs=1e-3)
    assert risk.highest(5, 5) == 1


def test_images_that_err_together_are_worth_fewer():
    unit = np.repeat(np.arange(20), 10)
    alike = (unit < 4).astype(float)
    assert risk.design_effect(alike, unit) == 10
    random = np.random.default_rng(1)
    assert risk.design_effect((random.random(2000) < 0.1).astype(float), np.arange(2000)) == 1
    assert risk.design_effect(np.zeros(10), np.repeat([0, 1], 5)) == 5  # nothing is known of it
    assert risk.design_effect(random.random(7), np.zeros(7, int)) == 7


def test_coverage_begins_with_the_surest():
    confidence = np.linspace(0, 1, 200)
    wrong = confidence < 0.1
    table = risk.coverage([confidence, confidence], [wrong, ~wrong])
    assert table["answered"].iloc[[0, -1]].tolist() == [0.01, 1]
    assert table["risk"].iloc[-1] == pytest.approx(0.5)
    assert risk.coverage([confidence], [wrong])["risk"].iloc[88] == 0
