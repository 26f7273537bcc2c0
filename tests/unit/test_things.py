"""Rendered things, with colours of their own, composed by translators without training."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch

from realink.images.imagesets import ImageSet
from realink.translation import composing, exposure
from realink.translation.batches import Pool
from realink.translation.loop import load, train, translate

harvest, randomised = load("harvest"), load("randomised")
CLASSES = ("disc", "square")
HEIGHT, WIDTH = 32, 28
STILL = harvest.Settings(jitter=0.0, fading=0.0)
QUIET = randomised.Settings(texture=0, noise=0, stains=0, confetti=0, shadow=0, fading=0, cast=0)
BOTH = pytest.mark.parametrize("module", [harvest, randomised], ids=["harvest", "randomised"])


def cut_outs(number: int = 20, radius: float = 9, red: int = 200) -> ImageSet:
    """Two-coloured discs and squares, left of the middle, cut out with soft rims."""
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    from_middle = y - HEIGHT / 2, x - WIDTH / 2 + 2
    far = np.hypot(*from_middle), np.maximum(*np.abs(from_middle))
    labels = np.arange(number) % 2
    masks = np.stack([255 * np.clip(radius - far[label], 0, 1) for label in labels])
    colours = np.full((number, HEIGHT, WIDTH, 3), (red, 30, 40), np.uint8)
    colours[:, : HEIGHT // 2] = (red // 2, 15, 20)  # a part of it is darker
    colours[masks == 0] = 255  # of what cannot be seen
    share = masks[..., None] / 255
    laid = (colours * share + 255 * (1 - share)).astype(np.uint8)
    return ImageSet(laid, labels, CLASSES, masks.astype(np.uint8), colours=colours)


def photographs(
    number: int = 8, level: float = 120, spread: float = 40, grain: float = 0, colour: float = 0.5
) -> ImageSet:
    """Smooth pictures, greenish, of some light."""
    rng, y = np.random.default_rng(0), np.linspace(-1.7, 1.7, HEIGHT)
    turns = rng.permuted(np.tile(np.sign(y) * np.abs(y), (number, 1)), axis=0)
    grey = level + spread * np.sort(turns, 1)[:, :, None, None] + np.zeros((1, 1, WIDTH, 1))
    images = grey * (1 + colour * np.array([-0.6, 1, -0.4]))
    images = images + rng.normal(0, grain, images.shape)
    labels = np.arange(number) % 2
    return ImageSet(images.clip(0, 255).round().astype(np.uint8), labels, CLASSES)


def made(module, settings, rendered: ImageSet, real: ImageSet, seed: int = 0) -> torch.Tensor:
    """Translate; float32 [n, 3, height, width] in 0..1."""
    model, _ = train(module, rendered, real, settings, seed=0)
    result = translate(model, rendered, real, seed=seed).images
    assert result.shape == rendered.images.shape
    assert result.dtype == np.uint8
    return in_range(result)


def in_range(images: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.asarray(images)).movedim(-1, 1) / 255


def object_of(images: torch.Tensor, rendered: ImageSet) -> torch.Tensor:
    """Mean colours where objects were rendered, [n, 3]."""
    covers = torch.from_numpy(rendered.masks)[:, None] / 255
    return composing.under(images, covers)[:, :, 0, 0]


@pytest.mark.parametrize("level", [40, 90, 150])
def test_objects_get_the_light_of_real_pictures_and_keep_their_hue(level):
    rendered = cut_outs()
    colours = object_of(made(harvest, STILL, rendered, photographs(level=level)), rendered)
    assert abs(colours.mean(1) * 255 - level).max() < 12
    assert (colours[:, 0] > 1.3 * colours[:, 1:].amax(1)).all()


def test_contrast_follows_that_of_real_pictures():
    rendered = cut_outs()
    flat, steep = (
        made(harvest, STILL, rendered, photographs(level=110, spread=spread)) for spread in (6, 50)
    )
    inner = [image[:, :, 10:22, 8:18].mean(1).flatten(1).std(1) for image in (flat, steep)]
    assert (inner[1] > 2 * inner[0]).all()


def dimmed(images: ImageSet) -> ImageSet:
    """The same, from dark to light."""
    factor = np.linspace(0.3, 1.2, len(images))[:, None, None, None]
    arrays = {name: getattr(images, name) for name in ("images", "colours")}
    return dataclasses.replace(
        images,
        **{
            name: (levels * factor).clip(0, 255).astype(np.uint8)
            for name, levels in arrays.items()
            if levels is not None
        },
    )


def is_lit(rendered: ImageSet, real: ImageSet) -> bool:
    return bool(train(harvest, rendered, real, STILL, seed=0)[0].lit)


def test_objects_whose_light_varies_as_that_of_real_pictures_keep_it():
    rendered, real = dimmed(cut_outs()), dimmed(photographs(level=70, spread=10))
    assert is_lit(rendered, real)
    own = object_of(in_range(rendered.colours), rendered).mean(1)
    kept, alike = (
        object_of(made(harvest, STILL, rendered, pictures), rendered).mean(1)
        for pictures in (real, photographs(level=200, spread=10))
    )
    assert torch.corrcoef(torch.stack([own, kept]))[0, 1] > 0.85
    assert kept.std() > own.std() / 2 > 10 * alike.std()
    # Drawings, which are all alike, say nothing of light, and pictures of another light all.
    assert not is_lit(cut_outs(), real)
    assert not is_lit(rendered, photographs(level=200, spread=10))


def test_shadows_of_a_picture_fall_on_objects_with_light_of_their_own():
    rendered = cut_outs()
    objects = composing.cut_out(Pool(rendered, "cpu")[torch.arange(len(rendered))])
    ramp = np.linspace(40, 220, WIDTH).astype(np.uint8)
    sided = np.broadcast_to(ramp[None, None, :, None], rendered.images.shape).copy()
    taken = in_range(sided)
    composed = harvest.model.things.compose(objects, taken, None, STILL)
    lower = composed[:, 0, HEIGHT // 2 + 2]
    left, right = lower[:, WIDTH // 2 - 6], lower[:, WIDTH // 2 + 2]
    assert (left < 0.9 * right).all()


def test_behind_objects_with_light_of_their_own_no_other_object_is_left():
    rendered = cut_outs(radius=2)
    objects = composing.cut_out(Pool(rendered, "cpu")[torch.arange(len(rendered))])
    taken = torch.tensor([0.2, 0.3, 0.6]).view(1, 3, 1, 1).repeat(len(rendered), 1, HEIGHT, WIDTH)
    taken[:, :, 10:22, 9:21] = torch.tensor([0.9, 0.8, 0.1]).view(1, 3, 1, 1)
    composed = harvest.model.things.compose(objects, taken, None, STILL)
    beside = composed[:, :, 11:21, 18:20]
    assert (beside[:, 2] > beside[:, 0] + 0.2).all()


def test_fading_takes_colour_and_no_light():
    cover = torch.ones(500, 1, 2, 2)
    colours = cover * torch.tensor([0.8, 0.2, 0.5]).view(1, 3, 1, 1)
    objects = composing.Objects(cover, colours, torch.zeros(500, 1, 1, 1) > 1)
    result = exposure.faded(objects, 0.4).colours
    torch.testing.assert_close(result.mean(1), colours.mean(1))
    left = (result[:, 0] - result[:, 1])[:, 0, 0] / 0.6
    assert 0.6 <= left.min() < 0.65 < 0.95 < left.max() <= 1.001


def test_objects_stay_where_the_renderer_put_them():
    rendered = cut_outs()
    result = made(harvest, STILL, rendered, photographs())
    red = ((result[:, :1] - result[:, 1:2]) > 0.1).float()
    wanted = composing.extents(torch.from_numpy(rendered.masks)[:, None] / 255)
    assert (composing.extents(red) - wanted).abs().max() <= 2


def test_pictures_are_as_sharp_and_as_noisy_as_real_ones():
    rng, rendered = np.random.default_rng(0), cut_outs(40)
    edges = photographs(level=120, spread=0)
    steps = np.where(np.arange(WIDTH) < WIDTH // 2, 60, 180)[None, None, :, None]
    sharp = dataclasses.replace(
        edges, images=np.broadcast_to(steps, edges.images.shape).astype(np.uint8)
    )
    soft = np.stack([steps[0]] * len(edges)).repeat(HEIGHT, 1).repeat(3, 3) / 255
    soft = exposure.blurred(torch.from_numpy(soft).movedim(-1, 1).float(), 4.0).movedim(1, -1)
    soft = dataclasses.replace(edges, images=(255 * soft).byte().numpy())
    of_sharp, of_soft = (
        exposure.sharpness(made(harvest, STILL, rendered, real)) for real in (sharp, soft)
    )
    assert (of_sharp > 1.5 * of_soft).all()
    assert of_soft.max() < 1.5 * exposure.sharpness(in_range(soft.images)).max()
    noisy = edges.images + rng.normal(0, 12, edges.images.shape).round()
    noisy = dataclasses.replace(edges, images=noisy.clip(0, 255).astype(np.uint8))
    level = exposure.noise(in_range(noisy.images)).mean()
    assert 5 / 255 < level < 9 / 255  # 12 in each of three channels are 7 in grey
    result = exposure.noise(made(harvest, STILL, rendered, noisy)).mean()
    assert result == pytest.approx(float(level), rel=0.25)


def test_half_covered_pixels_have_half_of_both():
    """No rim: an object of one colour on a ground of that colour cannot be seen."""
    cover = torch.tensor([0.0, 0.25, 0.5, 1.0]).view(1, 1, 1, 4).expand(1, 1, 4, 4)
    objects = composing.Objects(cover, cover * 0.3, torch.zeros(1, 1, 1, 1, dtype=torch.bool))
    for wanted in 0.05, 0.5, 0.9:
        light = exposure.Light(*(torch.full((1, 1, 1, 1), v) for v in (wanted, 0.1)))
        result = exposure.exposed(objects, light) + wanted * (1 - cover)
        torch.testing.assert_close(result, torch.full_like(result, wanted))
    still = torch.ones(1), torch.ones(1), torch.zeros(1, 2)
    same = composing.placed(objects, *still)
    torch.testing.assert_close(same.covers, cover)
    torch.testing.assert_close(same.colours, cover * 0.3)


@pytest.mark.parametrize("shift", [0.0, 0.25])
@pytest.mark.parametrize("size", [0.5, 1.0, 1.5])
def test_objects_are_placed_about_the_middle(size, shift):
    cover = torch.zeros(1, 1, 40, 40)
    cover[:, :, 14:26, 14:26] = 1
    objects = composing.Objects(cover, cover * 0.5, torch.zeros(1, 1, 1, 1) > 1)
    moved = composing.placed(
        objects, torch.tensor([size]), torch.ones(1), torch.tensor([[shift, 0.0]])
    )
    top, bottom, left, right = composing.extents(moved.covers)[0].tolist()
    assert bottom - top == pytest.approx(12 * size, abs=1.5)
    assert (top + bottom) / 2 == pytest.approx(20, abs=1)
    assert (left + right) / 2 == pytest.approx(20 + 40 * shift, abs=1)


@BOTH
def test_pictures_vary_and_the_seed_decides(module):
    rendered, real = cut_outs(), photographs()
    one, again, other = (made(module, module.Settings(), rendered, real, s) for s in (0, 0, 1))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert len(one.flatten(1).unique(dim=0)) == len(rendered)


@BOTH
def test_a_set_of_glyphs_and_things_treats_each_as_what_it_is(module):
    things, real = cut_outs(10), photographs()
    glyphs = dataclasses.replace(
        things, images=np.repeat(255 - things.masks[..., None], 3, 3), colours=None
    )
    glyphs = dataclasses.replace(glyphs, colours=glyphs.images)
    both = ImageSet(
        *(np.concatenate([getattr(s, n) for s in (things, glyphs)]) for n in ("images", "labels")),
        CLASSES,
        np.concatenate([things.masks, glyphs.masks]),
        colours=np.concatenate([things.colours, glyphs.colours]),
    )
    result = made(module, module.Settings(), both, real)
    colours = object_of(result[:10], things)
    assert (colours[:, 0] > colours[:, 1:].amax(1)).float().mean() > 0.85
    assert torch.isfinite(result).all()


@BOTH
def test_glyphs_alone_do_not_depend_on_the_settings_of_things(module):
    things, real = cut_outs(10), photographs()
    drawn = np.repeat(255 - things.masks[..., None], 3, 3)
    glyphs = dataclasses.replace(things, images=drawn, colours=None)
    settings = module.Settings()
    other = settings if module is harvest else dataclasses.replace(settings, confetti=0, shadow=1)
    assert torch.equal(made(module, settings, glyphs, real), made(module, other, glyphs, real))


FLAT = np.full((4, HEIGHT, WIDTH, 3), 90, np.uint8)


@BOTH
@pytest.mark.parametrize("real", ["one background", "black", "white", "one picture"])
@pytest.mark.parametrize("cut", ["as they are", "full", "opaque", "empty", "one a class", "pixel"])
def test_poor_input_still_gives_pictures(module, real, cut):
    images = {
        "one background": FLAT,
        "black": FLAT * 0,
        "white": FLAT * 0 + 255,
        "one picture": photographs(1).images,
    }[real]
    pictures = ImageSet(images, np.zeros(len(images), np.int64), CLASSES)
    rendered = cut_outs(2 if cut == "one a class" else 8)
    if cut in ("full", "empty", "pixel"):
        masks = np.full_like(rendered.masks, 255 if cut == "full" else 0)
        masks[:, 3, 3] = 255 if cut == "pixel" else masks[:, 3, 3]
        rendered = dataclasses.replace(rendered, masks=masks)
    if cut == "opaque":
        rendered = dataclasses.replace(rendered, masks=None, colours=None)
    result = made(module, module.Settings(), rendered, pictures)
    assert torch.isfinite(result).all()
    if cut in ("as they are", "full", "opaque", "one a class") and real == "one picture":
        assert (result.flatten(1).std(1) > 0.01).all()


def test_pictures_without_an_alpha_channel_fill_their_frame():
    rendered = dataclasses.replace(cut_outs(30), masks=None, colours=None)
    blue = photographs()
    images = np.zeros_like(blue.images)
    images[..., 2] = blue.images[..., 1]
    result = made(
        harvest, harvest.Settings(jitter=0.2), rendered, dataclasses.replace(blue, images=images)
    )
    rim = composing.edges(result)
    assert rim.shape[1] % 3 == 0
    # White around the objects, as rendered, in all channels: none of the bluish ground.
    channels = rim.view(len(rim), 3, -1).mean(2)
    assert (channels.amax(1) - channels.amin(1)).max() < 0.12


def test_objects_in_random_light_keep_their_hue():
    rendered = cut_outs(60)
    colours = object_of(made(randomised, QUIET, rendered, photographs()), rendered)
    assert (colours[:, 0] >= colours[:, 1:].amax(1)).float().mean() > 0.9
    assert (colours[:, 0] > 1.3 * colours[:, 1:].amax(1)).float().mean() > 0.6


def test_random_light_is_dim_to_bright_whatever_real_pictures_are():
    rendered = cut_outs(200)
    result = made(randomised, QUIET, rendered, photographs())
    other = made(randomised, QUIET, rendered, photographs(level=200))
    assert torch.equal(result, other)
    light = object_of(result, rendered).mean(1)
    assert 0.35 < light.mean() < 0.55
    assert light.min() < 0.15
    assert light.max() > 0.7


@pytest.mark.parametrize(
    "name", ["texture", "noise", "stains", "confetti", "shadow", "fading", "cast"]
)
def test_each_knob_of_the_randomisation_changes_pictures(name):
    rendered, real = cut_outs(), photographs()
    louder = dataclasses.replace(QUIET, **{name: 0.8})
    one, other = (made(randomised, settings, rendered, real) for settings in (QUIET, louder))
    assert not torch.equal(one, other)
    with pytest.raises(ValueError, match=name):
        dataclasses.replace(QUIET, **{name: -0.1})


def test_confetti_covers_little():
    for share, part in itertools.product((0.0, 1.0), (torch.full((60, 3, 32, 32), 0.5),)):
        laid = randomised.model.things._confetti(part, share)
        changed = (laid != part).any(1).float().mean((1, 2))
        assert (changed > 0).float().mean() == share
        assert changed.max() < 0.25
