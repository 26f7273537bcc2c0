"""The translators' training loop, the CycleGAN and the warp, on strokes of a few pixels' width."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from realink.declared import check_shape
from realink.errors import InputError
from realink.images.imagesets import ImageSet, Shape
from realink.store.checkpoints import load as load_checkpoint
from realink.store.checkpoints import save
from realink.store.states import State
from realink.translation import loop
from realink.translation.loop import Pool, load, train

cyclegan, warp = load("cyclegan"), load("warp")
TEN = tuple("0123456789")

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


def strokes(width: int, number: int = 40) -> ImageSet:
    """Return upright strokes at random places, 28 x 28, with labels at random."""
    rng = np.random.default_rng(width)
    images = np.zeros((number, 28, 28), np.uint8)
    for image, left in zip(images, rng.integers(6, 16, number), strict=True):
        image[6:22, left : left + width] = 255
    return ImageSet(images, rng.integers(0, 10, number), TEN)


THIN, THICK = strokes(2), strokes(6)


def translate(*arguments, **options) -> np.ndarray:
    return loop.translate(*arguments, **options).images


def trained(seed: int = 0, **changes):
    return train(cyclegan, THIN, THICK, dataclasses.replace(SETTINGS, **changes), seed=seed)


def same_weights(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@BOTH
def test_same_seed_gives_the_same_translator_and_translations(module, settings):
    one, history = train(module, THIN, THICK, settings, seed=0)
    other, again = train(module, THIN, THICK, settings, seed=0)
    assert same_weights(one, other)
    assert history == again
    results = [translate(model, THIN, THICK, seed=0) for model in (one, other)]
    assert np.array_equal(*results)


@BOTH
def test_another_seed_gives_another_translator(module, settings):
    one, other = (train(module, THIN, THICK, settings, seed=seed)[0] for seed in (0, 1))
    assert not same_weights(one, other)


@BOTH
def test_the_global_random_state_is_left_alone(module, settings):
    before = torch.get_rng_state()
    model, _ = train(module, THIN, THICK, dataclasses.replace(settings, steps=1), seed=0)
    translate(model, THIN, THICK, seed=0)
    assert torch.equal(before, torch.get_rng_state())


@BOTH
def test_translations_are_images_of_the_same_shape(module, settings):
    model, _ = train(module, THIN, THICK, dataclasses.replace(settings, steps=1), seed=0)
    many = strokes(2, 503)  # more than one chunk, and not a whole number of them
    result = translate(model, many, THICK, seed=0)
    assert result.shape == many.images.shape
    assert result.dtype == np.uint8
    assert (result.std(axis=(1, 2)) > 0).all()


def test_chunks_do_not_matter_to_a_translator_without_noise():
    model, _ = trained(steps=1)
    many = strokes(2, 503)
    result = translate(model, many, THICK, seed=0)
    assert np.array_equal(result[-3:], translate(model, many.take(slice(-3, None)), THICK, seed=0))


def test_training_closes_the_cycle_and_moves_the_light_towards_the_real_strokes():
    model, history = trained(
        steps=200,
        learning_rate=2e-3,
        channels=8,
        discriminator_channels=8,
        identity_weight=0.0,
    )
    thin, thick = THIN.images.mean(), THICK.images.mean()
    light = translate(model, THIN, THICK, seed=0).mean()
    assert abs(light - thick) < abs(thin - thick) / 1.5
    assert history[-1]["cycle"] < history[0]["cycle"] / 3


def test_cyclegan_is_blind_to_labels():
    turned = dataclasses.replace(THIN, labels=9 - THIN.labels)
    others = dataclasses.replace(THICK, labels=THICK.labels[::-1].copy())
    one, _ = train(cyclegan, THIN, THICK, SETTINGS, seed=0)
    other, _ = train(cyclegan, turned, others, SETTINGS, seed=0)
    assert same_weights(one, other)
    results = [translate(one, thin, THICK, seed=0) for thin in (THIN, turned)]
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
        cyclegan, THIN, THICK, settings, seed=0, report=lambda *seen: reports.append(seen)
    )
    assert len(history) == rows
    assert history[-1]["step"] == steps
    assert set(history[0]) == {
        "step",
        "adversarial",
        "cycle",
        "identity",
        "discriminator_real",
        "discriminator_rendered",
    }
    assert reports == [(row["step"], steps, row) for row in history]


def test_unknown_translator_is_named_with_those_that_exist():
    with pytest.raises(InputError, match=r"'cyclgan'.*cyclegan"):
        load("cyclgan")


def test_loss_that_is_not_finite_stops_the_training():
    class Broken(cyclegan.model.Translator):
        calls = 0

        def generator_losses(self, font, real, fakes):
            self.calls += 1
            losses = super().generator_losses(font, real, fakes)
            return losses | {"cycle": losses["cycle"] * (float("nan") if self.calls == 3 else 1)}

    with pytest.raises(FloatingPointError, match=r"nan at step 3, cycle"):
        train(
            SimpleNamespace(
                __name__="broken", model=SimpleNamespace(Translator=Broken), SHAPES=cyclegan.SHAPES
            ),
            THIN,
            THICK,
            SETTINGS,
            seed=0,
        )


def test_images_are_drawn_of_the_label_asked_for():
    labels = np.array([3, 5, 3, 9, 5, 3])
    images = np.broadcast_to(np.arange(6, dtype=np.uint8)[:, None, None], (6, 28, 28))
    pool = Pool(ImageSet(images.copy(), labels, TEN), "cpu")
    asked = torch.tensor([3] * 300 + [9] * 20 + [0] * 300)
    drawn = pool.like(asked)
    assert torch.equal(drawn.labels[:320], asked[:320])
    which = ((drawn.images[:, 0, 0, 0] + 1) * 127.5).round().long()
    assert set(which[:300].tolist()) == {0, 2, 5}
    assert set(which[320:].tolist()) == set(range(6))  # there is no 0: any


def test_a_motion_moves_light_by_its_length():
    image = torch.zeros(1, 1, 28, 28)
    image[:, :, 12:16, 10:14] = 1
    still = torch.zeros(1, 2, 7, 7)
    torch.testing.assert_close(warp.model._move(image, still), image, atol=1e-5, rtol=0)
    right = still.clone()
    right[:, 0] = 2 * 3 / 28  # three pixels, where a side is 2; it looks for its light there
    torch.testing.assert_close(
        warp.model._move(image, right), image.roll(-3, dims=3), atol=1e-3, rtol=0
    )
    there = warp.model._move(image, torch.randn(1, 2, 7, 7).mul(0.05))
    assert not torch.allclose(there, image, atol=0.1)


def test_there_and_back_is_where_it_was():
    torch.manual_seed(0)
    place = (torch.arange(28) - 13.5) ** 2
    images = torch.exp(-(place[:, None] + place) / 30).expand(8, 1, 28, 28)
    motion = torch.randn(8, 2, 7, 7) * 0.05
    moved = warp.model._move(images, motion)
    back = warp.model._move(moved, -motion)
    assert (back - images).abs().mean() < (moved - images).abs().mean() / 3


@pytest.mark.parametrize(("width", "other"), [(2, 6), (6, 2), (3, 3)])
def test_strokes_take_the_width_of_others(width, other):
    thin, goal = (
        torch.from_numpy(strokes(pixels, 5).images)[:, None].float() / 255
        for pixels in (width, other)
    )
    now, wanted = thin.sum((1, 2, 3)), goal.sum((1, 2, 3))
    result = warp.model._stroke_width_of(thin, goal).sum((1, 2, 3))
    # One pixel a side is the most.
    assert ((result - wanted).abs() <= (now - wanted).abs() * 0.55 + 1e-3).all()


def test_a_batch_without_a_pair_still_trains_the_reader():
    zeros = ImageSet(THIN.images[:4], np.zeros(4, np.int64), TEN)
    ones = dataclasses.replace(zeros, labels=zeros.labels + 1)
    model, history = train(warp, zeros, ones, WARP, seed=0)
    assert history[-1]["likeness"] == history[-1]["roughness"] == 0
    assert history[-1]["reading"] < history[0]["reading"]
    assert (model.registration.speed.weight == 0).all()


def test_only_images_of_one_label_are_paired():
    rendered, real = torch.tensor([1, 2, 3, 2]), torch.tensor([2, 7, 3, 2, 2])
    rows, columns = warp.model._pairs(rendered, real)
    assert rows.tolist() == [1, 2, 3]
    assert torch.equal(rendered[rows], real[columns])


def leaning(degree: float, number: int = 200) -> ImageSet:
    """Return strokes that lean by `degree` pixels a row, all of label 1."""
    rng = np.random.default_rng(0)
    images = np.zeros((number, 28, 28), np.uint8)
    for image, width in zip(images, rng.integers(2, 5, number), strict=True):
        for row in range(5, 23):
            left = 13 + round(degree * (row - 14))
            image[row, left : left + width] = 255
    return ImageSet(images, np.ones(number, np.int64), TEN)


def lean(images: np.ndarray) -> float:
    """Return the mean lean of strokes in pixels a row."""
    rows, columns = np.mgrid[:28, :28] - 13.5
    light = images.astype(float)
    return (light * rows * columns).sum() / (light * rows**2).sum()


def test_warp_learns_how_real_strokes_lean():
    upright, slanted = leaning(0), leaning(-0.5)
    settings = dataclasses.replace(WARP, steps=150, channels=8, batch_size=16)
    model, history = train(warp, upright, slanted, settings, seed=0)
    assert history[-1]["likeness"] < history[0]["likeness"] / 3
    translated = translate(model, upright, slanted, seed=0)
    # Anywhere between the rendered and the real image, and half of them on a borrowed way.
    goal = lean(slanted.images)
    assert goal * 0.9 < lean(translated) < goal * 0.2
    # One rendered image has many translations, none of which is a real one.
    again = translate(model, upright, slanted, seed=1)
    assert (np.abs(translated.astype(int) - again).mean((1, 2)) > 1).mean() > 0.9


def test_a_label_without_real_images_takes_nothing_from_others():
    """Its images move only as pairs of other labels do; with nothing borrowed, not at all."""
    few = np.array([1] * 20 + [7] * 20)
    upright, slanted = (
        dataclasses.replace(leaning(degree, 40), labels=few) for degree in (0, -0.5)
    )
    settings = dataclasses.replace(WARP, tries=1, borrowed=0.0, steps=100, channels=8)
    model, _ = train(warp, upright, slanted, settings, seed=0)
    result = translate(model, upright, leaning(-0.5, 40), seed=0)
    assert lean(result[:20]) < -0.1
    assert abs(lean(result[20:])) < 0.2


@pytest.mark.parametrize(("fraction", "way"), [(0.0, "rendered"), (1.0, "real")])
def test_a_translation_comes_from_the_side_that_is_asked_for(fraction, way):
    """Without a motion yet, either side is what it was, but for its light."""
    settings = dataclasses.replace(WARP, tries=1, steps=1, learning_rate=1e-9, from_real=fraction)
    upright, slanted = leaning(0, 40), leaning(-0.5, 40)
    model, _ = train(warp, upright, slanted, settings, seed=0)
    expected = {"rendered": 0.0, "real": lean(slanted.images)}[way]
    made = loop.translate(model, upright, slanted, seed=0)
    assert abs(lean(made.images) - expected) < 0.05
    np.testing.assert_array_equal(made.from_real, np.full(40, way == "real"))


def test_each_translation_says_whether_it_is_a_bent_real_image():
    """Of either side, many; and of a label that no real image has, none."""
    few = np.array([1] * 20 + [7] * 20)
    upright, slanted = leaning(0, 40), leaning(-0.5, 40)
    slanted = dataclasses.replace(slanted, labels=few)
    upright = dataclasses.replace(upright, labels=np.array([1] * 20 + [2] * 20))
    settings = dataclasses.replace(WARP, steps=1, learning_rate=1e-9)
    model, _ = train(warp, upright, slanted, settings, seed=0)
    made = loop.translate(model, upright, slanted, seed=0)
    assert 3 < made.from_real[:20].sum() < 17
    assert not made.from_real[20:].any()
    # Hardly anything moves yet: bent real images lean as real ones do.
    assert lean(made.images[:20][made.from_real[:20]]) < -0.3
    assert abs(lean(made.images[:20][~made.from_real[:20]])) < 0.1


def test_the_try_that_the_reader_believes_most_is_kept():
    model, _ = train(warp, THIN, THICK, WARP, seed=0)
    fours = dataclasses.replace(THIN, labels=np.full(40, 4))
    tries, beliefs = [], iter([torch.tensor([0.95] * 20 + [0.6] * 20), torch.tensor([0.3] * 20)])

    class Reader(torch.nn.Module):
        def forward(self, light):
            tries.append((light[:, 0] * 255).round().byte().numpy())
            others = (1 - (belief := next(beliefs))[:, None]) / 9
            return torch.where(torch.arange(10) == 4, belief[:, None], others).log()

    model.reader = Reader()
    result = translate(model, fours, THICK, seed=0)
    # The sure half is not tried again; the other half is, and its second try is worse.
    assert [len(seen) for seen in tries] == [40, 20]
    assert np.abs(result.astype(int) - tries[0]).max() <= 1
    assert not np.array_equal(tries[1], tries[0][20:])


def patches(shape: Shape, number: int, *, masks: bool = False) -> ImageSet:
    """Return a bright square a picture, somewhere on noise."""
    rng = np.random.default_rng(number)
    size = (number, *shape[:2], *([3] if shape.channels == 3 else []))
    images = rng.integers(0, 100, size, np.uint8)
    covers = np.zeros(size[:3], np.uint8)
    for cover in covers:
        top, left = rng.integers(2, 7, 2)
        cover[top : top + 8, left : left + 6] = 255
    images[covers > 0] = 230
    labels = rng.integers(0, shape.classes, number)
    classes = tuple(f"class {place}" for place in range(shape.classes))
    return ImageSet(images, labels, classes, covers if masks else None)


SIZES = [(24, 20, 3), (23, 17, 3), (16, 16, 1), (17, 128, 1), (64, 64, 3), (65, 33, 1)]


@pytest.mark.parametrize("size", SIZES)
def test_cyclegan_does_any_size(size, tmp_path):
    shape = Shape(*size, classes=3)
    rendered, real = patches(shape, 9, masks=True), patches(shape, 5)
    settings = dataclasses.replace(SETTINGS, steps=2, batch_size=4)
    model, history = train(cyclegan, rendered, real, settings, seed=0)
    result = translate(model, rendered, real, seed=0)
    assert result.shape == rendered.images.shape
    assert np.isfinite(list(history[-1].values())).all()
    save(tmp_path / "m", model, "cyclegan", settings, shape)
    again = load_checkpoint(
        tmp_path / "m", "cyclegan", cyclegan.model.Translator, cyclegan.Settings
    )
    assert np.array_equal(result, translate(again, rendered, real, seed=0))


@pytest.mark.parametrize("size", [*SIZES, (28, 28, 1), (128, 128, 3), (128, 16, 1), (29, 113, 3)])
def test_cyclegan_gives_one_verdict_an_image_that_sees_all_of_it(size):
    shape = Shape(*size, classes=3)
    torch.manual_seed(0)
    discriminator = cyclegan.model.Translator.discriminator(4, shape)
    images = torch.rand(1, shape.channels, *shape[:2], requires_grad=True)
    verdict = discriminator(images)
    assert verdict.shape == (1, 1, 1, 1)
    verdict.sum().backward()
    seen = images.grad.abs().sum((0, 1)) > 0
    for corner in (seen[:4, :4], seen[:4, -4:], seen[-4:, :4], seen[-4:, -4:]):
        assert corner.any()


def test_cyclegan_of_small_grey_images_is_the_published_one():
    shape = Shape(28, 28, 1, classes=10)
    sizes = [
        tuple(p.shape) for p in cyclegan.model.Translator.discriminator(24, shape).parameters()
    ]
    convolutions = [size for size in sizes if len(size) == 4]
    assert convolutions == [(24, 1, 4, 4), (48, 24, 4, 4), (96, 48, 3, 3), (1, 96, 4, 4)]
    generator = cyclegan.model._Generator(16, 2, shape)
    assert sum(p.numel() for p in generator.parameters()) == 48_884


@pytest.mark.parametrize("size", [(16, 16), (24, 20), (17, 40), (64, 64)])
def test_warp_does_grey_images_of_any_size(size):
    shape = Shape(*size, 1, classes=3)
    rendered, real = patches(shape, 9, masks=True), patches(shape, 5)
    settings = dataclasses.replace(WARP, steps=2, batch_size=4)
    model, history = train(warp, rendered, real, settings, seed=0)
    result = translate(model, rendered, real, seed=0)
    assert result.shape == rendered.images.shape
    assert np.isfinite(list(history[-1].values())).all()


def test_a_motion_of_a_large_image_is_as_long_in_sides():
    image = torch.zeros(1, 1, 40, 60)
    image[:, :, 16:24, 20:30] = 1
    motion = torch.zeros(1, 2, 7, 7)
    motion[:, 0], motion[:, 1] = 2 * 6 / 60, 2 * 4 / 40
    moved = warp.model._move(image, motion)
    torch.testing.assert_close(moved, image.roll((-4, -6), dims=(2, 3)), atol=1e-3, rtol=0)


def test_a_shape_that_a_translator_cannot_do_is_refused_before_training():
    colour = Shape(24, 20, 3, classes=3)
    with pytest.raises(InputError, match=r"'warp' does grey images .*; take cyclegan or harvest"):
        train(warp, patches(colour, 9), patches(colour, 5), WARP, seed=0)
    with pytest.raises(InputError, match="sides of 16 to 128 pixels, not 15 x 40"):
        check_shape("it", cyclegan.SHAPES, height=15, width=40, channels=1)
    with pytest.raises(InputError, match="not 16 x 129"):
        check_shape("it", cyclegan.SHAPES, height=16, width=129, channels=1)


def test_domains_of_other_sizes_or_classes_do_not_go_together():
    rendered = patches(Shape(24, 20, 1, classes=3), 9)
    for other in Shape(20, 24, 1, classes=3), Shape(24, 20, 1, classes=2):
        with pytest.raises(InputError, match="do not go with"):
            train(cyclegan, rendered, patches(other, 5), SETTINGS, seed=0)


def test_a_batch_carries_the_masks_and_the_channels():
    images = patches(Shape(24, 20, 3, classes=3), 5, masks=True)
    batch = Pool(images, "cpu")[torch.tensor([3, 1])]
    assert batch.masks.shape == (2, 1, 24, 20)
    assert torch.equal(batch.masks[0, 0] * 255, torch.from_numpy(images.masks[3]).float())
    pixels = ((batch.images + 1) * 127.5).round().byte()
    assert np.array_equal(pixels[1].permute(1, 2, 0).numpy(), images.images[1])
    assert Pool(dataclasses.replace(images, masks=None), "cpu")[torch.tensor([0])].masks is None


def test_a_translator_without_parameters_is_not_trained(tmp_path):
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Settings:
        shift: int

    class Negative(torch.nn.Module):
        def __init__(self, settings, shape):
            super().__init__()
            self.settings = settings

        def translate(self, rendered, real):
            return -rendered.images

    model = SimpleNamespace(Translator=Negative)
    shapes = cyclegan.SHAPES
    module = SimpleNamespace(__name__="negative", Settings=Settings, SHAPES=shapes, model=model)
    rendered = patches(Shape(24, 20, 3, classes=3), 9)
    state = State(tmp_path / "state")
    model, history = train(
        module, rendered, rendered.take(slice(2)), Settings(shift=1), seed=0, state=state
    )
    assert history == []
    assert not state.path.exists()
    translated, from_real = loop.translate(model, rendered, rendered.take(slice(2)), seed=0)
    assert from_real is None  # it bends no real images
    assert np.array_equal(translated, 255 - rendered.images)
