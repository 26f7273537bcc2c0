"""The translators' training loop, the CycleGAN and the warp, on strokes of a few pixels' width."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from realink.errors import InputError
from realink.translation import Pool, load, train, translate
from realink.translators import cyclegan, warp

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


WARP = warp.Settings(
    steps=12,
    batch_size=8,
    learning_rate=2e-3,
    average=0.0,
    channels=4,
    reach=0.25,
    smoothness_weight=1.0,
    borrowed=0.5,
    from_real=0.5,
    tries=2,
)
BOTH = pytest.mark.parametrize(
    ("module", "settings"), [(cyclegan, SETTINGS), (warp, WARP)], ids=["cyclegan", "warp"]
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


@BOTH
def test_same_seed_gives_the_same_translator_and_translations(module, settings):
    one, history = train(module, *THIN, *THICK, settings, seed=0)
    other, again = train(module, *THIN, *THICK, settings, seed=0)
    assert same_weights(one, other)
    assert history == again
    results = [translate(model, *THIN, *THICK, seed=0) for model in (one, other)]
    assert np.array_equal(*results)


@BOTH
def test_another_seed_gives_another_translator(module, settings):
    one, other = (train(module, *THIN, *THICK, settings, seed=seed)[0] for seed in (0, 1))
    assert not same_weights(one, other)


@BOTH
def test_the_global_random_state_is_left_alone(module, settings):
    before = torch.get_rng_state()
    model, _ = train(module, *THIN, *THICK, dataclasses.replace(settings, steps=1), seed=0)
    translate(model, *THIN, *THICK, seed=0)
    assert torch.equal(before, torch.get_rng_state())


@BOTH
def test_translations_are_images_of_the_same_shape(module, settings):
    model, _ = train(module, *THIN, *THICK, dataclasses.replace(settings, steps=1), seed=0)
    images, labels = strokes(2, 503)  # more than one chunk, and not a whole number of them
    result = translate(model, images, labels, *THICK, seed=0)
    assert result.shape == images.shape
    assert result.dtype == np.uint8
    assert (result.std(axis=(1, 2)) > 0).all()


def test_chunks_do_not_matter_to_a_translator_without_noise():
    model, _ = trained(steps=1)
    images, labels = strokes(2, 503)
    result = translate(model, images, labels, *THICK, seed=0)
    assert np.array_equal(result[-3:], translate(model, images[-3:], labels[-3:], *THICK, seed=0))


def test_training_closes_the_cycle_and_moves_the_ink_towards_the_real_strokes():
    model, history = trained(
        steps=200,
        learning_rate=2e-3,
        channels=8,
        discriminator_channels=8,
        identity_weight=0.0,
    )
    thin, thick = THIN[0].mean(), THICK[0].mean()
    ink = translate(model, *THIN, *THICK, seed=0).mean()
    assert abs(ink - thick) < abs(thin - thick) / 1.5
    assert history[-1]["cycle"] < history[0]["cycle"] / 3


def test_cyclegan_is_blind_to_labels():
    (thin, labels), (thick, _) = THIN, THICK
    one, _ = train(cyclegan, thin, labels, thick, labels, SETTINGS, seed=0)
    other, _ = train(cyclegan, thin, 9 - labels, thick, labels[::-1].copy(), SETTINGS, seed=0)
    assert same_weights(one, other)
    results = [translate(one, thin, given, *THICK, seed=0) for given in (labels, 9 - labels)]
    assert np.array_equal(*results)


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


def test_digits_are_drawn_of_the_label_asked_for():
    labels = np.array([3, 5, 3, 9, 5, 3])
    images = np.broadcast_to(np.arange(6, dtype=np.uint8)[:, None, None], (6, 28, 28))
    pool = Pool(images.copy(), labels, "cpu")
    asked = torch.tensor([3] * 300 + [9] * 20 + [0] * 300)
    drawn = pool.like(asked)
    assert torch.equal(drawn.labels[:320], asked[:320])
    which = ((drawn.images[:, 0, 0, 0] + 1) * 127.5).round().long()
    assert set(which[:300].tolist()) == {0, 2, 5}
    assert set(which[320:].tolist()) == set(range(6))  # there is no 0: any


def test_a_motion_moves_ink_by_its_length():
    image = torch.zeros(1, 1, 28, 28)
    image[:, :, 12:16, 10:14] = 1
    still = torch.zeros(1, 2, 7, 7)
    torch.testing.assert_close(warp._move(image, still), image, atol=1e-5, rtol=0)
    right = still.clone()
    right[:, 0] = 2 * 3 / 28  # three pixels, where a side is 2; it looks for its ink there
    torch.testing.assert_close(warp._move(image, right), image.roll(-3, dims=3), atol=1e-3, rtol=0)
    there = warp._move(image, torch.randn(1, 2, 7, 7).mul(0.05))
    assert not torch.allclose(there, image, atol=0.1)


def test_there_and_back_is_where_it_was():
    torch.manual_seed(0)
    place = (torch.arange(28) - 13.5) ** 2
    images = torch.exp(-(place[:, None] + place) / 30).expand(8, 1, 28, 28)
    motion = torch.randn(8, 2, 7, 7) * 0.05
    moved = warp._move(images, motion)
    back = warp._move(moved, -motion)
    assert (back - images).abs().mean() < (moved - images).abs().mean() / 3


@pytest.mark.parametrize(("width", "other"), [(2, 6), (6, 2), (3, 3)])
def test_strokes_take_the_width_of_others(width, other):
    thin, goal = (
        torch.from_numpy(strokes(pixels, 5)[0])[:, None].float() / 255 for pixels in (width, other)
    )
    now, wanted = thin.sum((1, 2, 3)), goal.sum((1, 2, 3))
    result = warp._stroke_width_of(thin, goal).sum((1, 2, 3))
    # One pixel a side is the most.
    assert ((result - wanted).abs() <= (now - wanted).abs() * 0.55 + 1e-3).all()


def test_a_batch_without_a_pair_still_trains_the_reader():
    images, labels = THIN[0][:4], np.zeros(4, np.int64)
    model, history = train(warp, images, labels, images, labels + 1, WARP, seed=0)
    assert history[-1]["likeness"] == history[-1]["roughness"] == 0
    assert history[-1]["reading"] < history[0]["reading"]
    assert (model.registration.speed.weight == 0).all()


def test_only_digits_of_one_label_are_paired():
    font, real = torch.tensor([1, 2, 3, 2]), torch.tensor([2, 7, 3, 2, 2])
    rows, columns = warp._pairs(font, real)
    assert rows.tolist() == [1, 2, 3]
    assert torch.equal(font[rows], real[columns])


def leaning(degree: float, number: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Return strokes that lean by `degree` pixels a row, all of label 1."""
    rng = np.random.default_rng(0)
    images = np.zeros((number, 28, 28), np.uint8)
    for image, width in zip(images, rng.integers(2, 5, number), strict=True):
        for row in range(5, 23):
            left = 13 + round(degree * (row - 14))
            image[row, left : left + width] = 255
    return images, np.ones(number, np.int64)


def lean(images: np.ndarray) -> float:
    """Return the mean lean of strokes in pixels a row."""
    rows, columns = np.mgrid[:28, :28] - 13.5
    ink = images.astype(float)
    return (ink * rows * columns).sum() / (ink * rows**2).sum()


def test_warp_learns_how_real_strokes_lean():
    upright, slanted = leaning(0), leaning(-0.5)
    settings = dataclasses.replace(WARP, steps=150, channels=8, batch_size=16)
    model, history = train(warp, *upright, *slanted, settings, seed=0)
    assert history[-1]["likeness"] < history[0]["likeness"] / 3
    translated = translate(model, *upright, *slanted, seed=0)
    # Anywhere between the rendered and the real digit, and half of them on a borrowed way.
    assert lean(slanted[0]) * 0.9 < lean(translated) < lean(slanted[0]) * 0.2
    # One rendered digit has many translations, none of which is a real one.
    again = translate(model, *upright, *slanted, seed=1)
    assert (np.abs(translated.astype(int) - again).mean((1, 2)) > 1).mean() > 0.9


def test_a_label_without_real_digits_takes_nothing_from_others():
    """Its digits move only as pairs of other labels do; with nothing borrowed, not at all."""
    upright = leaning(0, 40)[0]
    slanted, few = leaning(-0.5, 40)[0], np.array([1] * 20 + [7] * 20)
    settings = dataclasses.replace(WARP, tries=1, borrowed=0.0, steps=100, channels=8)
    model, _ = train(warp, upright, few, slanted, few, settings, seed=0)
    result = translate(model, upright, few, slanted, np.ones(40, np.int64), seed=0)
    assert lean(result[:20]) < -0.1
    assert abs(lean(result[20:])) < 0.2


@pytest.mark.parametrize(("fraction", "way"), [(0.0, "rendered"), (1.0, "real")])
def test_a_translation_comes_from_the_side_that_is_asked_for(fraction, way):
    """Without a motion yet, either side is what it was, but for its ink."""
    settings = dataclasses.replace(WARP, tries=1, steps=1, learning_rate=1e-9, from_real=fraction)
    upright, slanted = leaning(0, 40), leaning(-0.5, 40)
    model, _ = train(warp, *upright, *slanted, settings, seed=0)
    expected = {"rendered": 0.0, "real": lean(slanted[0])}[way]
    assert abs(lean(translate(model, *upright, *slanted, seed=0)) - expected) < 0.05


def test_the_try_that_the_reader_believes_most_is_kept():
    model, _ = train(warp, *THIN, *THICK, WARP, seed=0)
    images, labels = THIN[0], np.full(40, 4)
    tries, beliefs = [], iter([torch.tensor([0.95] * 20 + [0.6] * 20), torch.tensor([0.3] * 20)])

    class Reader(torch.nn.Module):
        def forward(self, ink):
            tries.append((ink[:, 0] * 255).round().byte().numpy())
            others = (1 - (belief := next(beliefs))[:, None]) / 9
            return torch.where(torch.arange(10) == 4, belief[:, None], others).log()

    model.reader = Reader()
    result = translate(model, images, labels, *THICK, seed=0)
    # The sure half is not tried again; the other half is, and its second try is worse.
    assert [len(seen) for seen in tries] == [40, 20]
    assert np.abs(result.astype(int) - tries[0]).max() <= 1
    assert not np.array_equal(tries[1], tries[0][20:])
