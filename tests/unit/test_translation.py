"""The training loop of the translators, and the CycleGAN, on strokes of a few pixels' width."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from realink.errors import InputError
from realink.translation import load, train, translate
from realink.translators import cyclegan

SETTINGS = cyclegan.Settings(
    steps=12,
    batch_size=8,
    learning_rate=1e-3,
    average=0.0,
    channels=4,
    discriminator_channels=4,
    blocks=1,
    cycle_weight=10.0,
    identity_weight=1.0,
)


def strokes(width: int, number: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Return upright strokes at random places: uint8 [number, 28, 28], int64 [number]."""
    rng = np.random.default_rng(width)
    images = np.zeros((number, 28, 28), np.uint8)
    for image, left in zip(images, rng.integers(6, 16, number), strict=True):
        image[6:22, left : left + width] = 255
    return images, rng.integers(0, 10, number)


THIN, THICK = strokes(2), strokes(6)


def trained(seed: int = 0, **changes):
    return train(cyclegan, *THIN, *THICK, dataclasses.replace(SETTINGS, **changes), seed=seed)


def same_weights(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_same_seed_gives_the_same_translator_and_translations():
    (one, history), (other, again) = trained(), trained()
    assert same_weights(one, other)
    assert history == again
    assert np.array_equal(translate(one, *THIN, seed=0), translate(other, *THIN, seed=0))


def test_another_seed_gives_another_translator():
    assert not same_weights(trained()[0], trained(seed=1)[0])


def test_training_leaves_the_global_random_state_alone():
    before = torch.get_rng_state()
    trained(steps=1)
    assert torch.equal(before, torch.get_rng_state())


def test_translations_are_images_of_the_same_shape():
    model, _ = trained(steps=1)
    images, labels = strokes(2, 503)  # more than one chunk, and not a whole number of them
    result = translate(model, images, labels, seed=0)
    assert result.shape == images.shape
    assert result.dtype == np.uint8
    # Chunks must not matter: each image is translated for itself.
    assert np.array_equal(result[-3:], translate(model, images[-3:], labels[-3:], seed=0))


def test_training_closes_the_cycle_and_moves_the_ink_towards_the_real_strokes():
    model, history = trained(
        steps=200,
        learning_rate=2e-3,
        channels=8,
        discriminator_channels=8,
        identity_weight=0.0,
    )
    thin, thick = THIN[0].mean(), THICK[0].mean()
    ink = translate(model, *THIN, seed=0).mean()
    assert abs(ink - thick) < abs(thin - thick) / 1.5
    assert history[-1]["cycle"] < history[0]["cycle"] / 3


def test_cyclegan_is_blind_to_labels():
    (thin, labels), (thick, _) = THIN, THICK
    one, _ = train(cyclegan, thin, labels, thick, labels, SETTINGS, seed=0)
    other, _ = train(cyclegan, thin, 9 - labels, thick, labels[::-1].copy(), SETTINGS, seed=0)
    assert same_weights(one, other)
    assert np.array_equal(
        translate(one, thin, labels, seed=0), translate(one, thin, 9 - labels, seed=0)
    )


def test_identity_loss_is_left_out_at_weight_zero():
    assert "identity" in trained(steps=1)[1][0]
    assert "identity" not in trained(steps=1, identity_weight=0.0)[1][0]


def test_averaged_generators_differ_from_the_last_ones():
    last, mean = trained()[0], trained(average=0.5)[0]
    assert not same_weights(last.to_real, mean.to_real)
    assert same_weights(last.discriminator_real, mean.discriminator_real)


@pytest.mark.parametrize(("steps", "rows"), [(7, 7), (120, 60)])
def test_history_covers_all_steps_and_is_reported(steps, rows):
    reports = []
    settings = dataclasses.replace(SETTINGS, steps=steps, batch_size=2)
    _, history = train(
        cyclegan, *THIN, *THICK, settings, seed=0, report=lambda *seen: reports.append(seen)
    )
    assert len(history) == rows
    assert history[-1]["step"] == steps
    assert set(history[0]) == {
        "step",
        "adversarial",
        "cycle",
        "identity",
        "discriminator_real",
        "discriminator_font",
    }
    assert reports == [(row["step"], steps, row) for row in history]


def test_unknown_translator_is_named_with_those_that_exist():
    with pytest.raises(InputError, match=r"'cyclgan'.*cyclegan"):
        load("cyclgan")


def test_loss_that_is_not_finite_stops_the_training():
    class Broken(cyclegan.Translator):
        calls = 0

        def generator_losses(self, font, real, fakes):
            self.calls += 1
            losses = super().generator_losses(font, real, fakes)
            return losses | {"cycle": losses["cycle"] * (float("nan") if self.calls == 3 else 1)}

    with pytest.raises(FloatingPointError, match=r"nan at step 3, cycle"):
        train(SimpleNamespace(Translator=Broken), *THIN, *THICK, SETTINGS, seed=0)
