"""Translators without training, on squares of 3 classes in colour, 24 x 20."""

import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image

from realink.images.folders import load_rendered
from realink.images.imagesets import ImageSet, Shape
from realink.store import checkpoints
from realink.training import augmentation
from realink.translation import composing
from realink.translation.batches import Pool
from realink.translation.loop import Batch, load, noted, train, translate

harvest, randomised = load("harvest"), load("randomised")

CLASSES = ("square", "tall bar", "wide bar")
SIZES = {0: (8, 8), 1: (14, 5), 2: (5, 12)}
HARVEST = harvest.Settings(exchange=0.5, contrast=0.15, jitter=0.1, blur=0.5)
RANDOMISED = randomised.Settings(contrast=0.2, texture=0.1, gradient=0.3, blur=0.5, noise=0.03)
BOTH = pytest.mark.parametrize(
    ("module", "settings"),
    [(harvest, HARVEST), (randomised, RANDOMISED)],
    ids=["harvest", "randomised"],
)


def covers(number: int, height: int = 24, width: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Return bars near the middle, 255 on 0, uint8 [n, height, width], and their labels."""
    rng = np.random.default_rng(number)
    masks, labels = np.zeros((number, height, width), np.uint8), np.arange(number) % 3
    for mask, label in zip(masks, labels, strict=True):
        high, wide = SIZES[label]
        top = (height - high) // 2 + rng.integers(-2, 3)
        left = (width - wide) // 2 + rng.integers(-2, 3)
        mask[top : top + high, left : left + wide] = 255
    return masks, labels


def drawn(number: int = 30, channels: int = 3, **size: int) -> ImageSet:
    """Return black bars on white, with masks: what a font would give."""
    masks, labels = covers(number, **size)
    images = 255 - masks if channels == 1 else np.repeat(255 - masks[..., None], 3, 3)
    return ImageSet(images, labels, CLASSES, masks)


def photographed(number: int = 12, channels: int = 3, **size: int) -> ImageSet:
    """Return reddish bars on a bluish, noisy ground, darker to the left."""
    masks, labels = covers(number, **size)
    rng = np.random.default_rng(0)
    on = masks[..., None] > 0
    images = np.where(on, (220, 60, 50), (40, 60, 150)).astype(float)
    images *= np.linspace(0.7, 1.1, masks.shape[2])[:, None]
    images = (images + rng.normal(0, 4, images.shape)).clip(0, 255).astype(np.uint8)
    return ImageSet(images if channels == 3 else images[..., 0].copy(), labels, CLASSES)


def translated(module, settings, rendered: ImageSet, real: ImageSet, seed: int = 0) -> np.ndarray:
    model, history = train(module, rendered, real, settings, seed=0)
    assert history == []
    return translate(model, rendered, real, seed=seed).images


def visible(images: np.ndarray) -> bool:
    """Whether every picture has a contrast of some grey levels."""
    flat = images.reshape(len(images), -1).astype(float)
    return bool((flat.max(1) - flat.min(1) > 20).all())


def in_range(images: np.ndarray) -> torch.Tensor:
    """Return pictures as float32 [b, channels, height, width] in 0..1."""
    pixels = torch.from_numpy(images).float() / 255
    return pixels[:, None] if pixels.ndim == 3 else pixels.movedim(-1, 1)


@BOTH
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(24, 20), (16, 16), (17, 61), (128, 40)])
def test_any_shape_gives_varied_pictures_of_that_shape(module, settings, channels, size):
    height, width = size
    rendered = drawn(30, channels, height=height, width=width)
    real = photographed(5, channels, height=height, width=width)
    result = translated(module, settings, rendered, real)
    assert result.shape == rendered.images.shape
    assert result.dtype == np.uint8
    assert visible(result)
    # Objects that fill the picture cannot be moved in it.
    assert len(np.unique(result.reshape(30, -1), axis=0)) > 20


@BOTH
def test_the_seed_alone_decides(module, settings):
    rendered, real = drawn(), photographed()
    before = torch.get_rng_state()
    one, again, other = (translated(module, settings, rendered, real, seed) for seed in (0, 0, 1))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    assert torch.equal(before, torch.get_rng_state())


@BOTH
def test_a_checkpoint_without_parameters_is_read_again(module, settings, tmp_path):
    rendered, real = drawn(), photographed()
    name = module.__name__.rpartition(".")[2]
    assert load(name) is module
    model, _ = train(module, rendered, real, settings, seed=0)
    checkpoints.save(tmp_path / "m", model, name, settings, rendered.shape)
    again = checkpoints.load(tmp_path / "m", name, module.model.Translator, module.Settings)
    results = [translate(one, rendered, real, seed=0).images for one in (model, again)]
    assert np.array_equal(*results)


@BOTH
def test_real_labels_are_not_read(module, settings):
    rendered, real = drawn(), photographed()
    others = dataclasses.replace(real, labels=2 - real.labels)
    assert np.array_equal(
        translated(module, settings, rendered, real),
        translated(module, settings, rendered, others),
    )


def test_randomised_looks_at_no_real_image():
    rendered, real = drawn(), photographed()
    negative = dataclasses.replace(real, images=255 - real.images)
    results = [translated(randomised, RANDOMISED, rendered, one) for one in (real, negative)]
    assert np.array_equal(*results)


def right_shapes(images: np.ndarray, labels: np.ndarray) -> float:
    """Share of bars that still stand or lie, seen as what is unlike the rim."""
    result = in_range(images)
    ground = result[:, :, :3].mean((2, 3), keepdim=True)
    unlike = (result - ground).abs().amax(1, keepdim=True)
    unlike = (unlike > unlike.amax((2, 3), keepdim=True) * 0.6).float()
    top, bottom, left, right = composing.extents(unlike).T
    high, wide = (bottom - top).numpy(), (right - left).numpy()
    stands = (labels == 1) == (high > wide * 1.5)
    return stands[labels > 0].mean()


@BOTH
def test_shapes_keep_their_class(module, settings):
    rendered = drawn(60)
    assert right_shapes(translated(module, settings, rendered, photographed()), rendered.labels) > (
        0.85
    )


def test_objects_and_backgrounds_of_photographs_are_told_apart():
    real = photographed(30)
    masks = covers(30)[0] / 255
    images = in_range(real.images)
    found = harvest.model.apart.find(images.mean(1, keepdim=True))[:, 0].numpy()
    overlap = (found * masks).sum((1, 2)) / np.maximum(found, masks).sum((1, 2))
    assert np.median(overlap) > 0.9
    looks = harvest.model.apart.take_apart(images)
    # Reddish on bluish, and the ground behind it as it is beside it.
    red, _, blue = looks.offset.median(0).values.flatten().tolist()
    assert red > 0.4 > 0 > -0.1 > blue
    emptied = (looks.field + looks.grain)[:, 0].numpy()
    assert emptied[masks > 0].max() < 0.4
    assert looks.field[:, 2, :, 2].mean() < looks.field[:, 2, :, -3].mean() - 0.1


def test_harvest_says_in_how_many_photographs_an_object_can_be_told():
    def share(images: np.ndarray) -> float:
        real = ImageSet(images, np.zeros(len(images), np.int64), CLASSES)
        model, _ = train(harvest, drawn(3), real, HARVEST, seed=0)
        (name, found), *more = noted(model, real).items()
        assert (name, more) == ("object_found", [])
        return found

    good = photographed(30).images
    assert share(good) > 0.9
    for kind in "grey", "black", "white", "noise":
        assert share(POOR[kind]) == 0
    assert 0.4 < share(np.concatenate([good, np.full_like(good, 90)])) < 0.6
    model, _ = train(randomised, drawn(3), photographed(), RANDOMISED, seed=0)
    assert noted(model, photographed()) == {}


def test_harvest_takes_colours_and_places_from_photographs():
    settings = dataclasses.replace(HARVEST, exchange=0.0, jitter=0.0, blur=0.0)
    result = in_range(translated(harvest, settings, drawn(60), photographed(60)))
    corners = result[:, :, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corners[:, 2] > corners[:, 0]).float().mean() > 0.99  # bluish
    reddish = result[:, 0] > result[:, 2] + 0.2
    assert (reddish.sum((1, 2)) >= 10).all()
    assert reddish[:, 8:16, 6:14].float().mean() > 3 * reddish[:, [0, 1, -2, -1]].float().mean()


def discs(tmp_path, level: int, background: int) -> ImageSet:
    """Smooth discs of one level, transparent around, read as a folder's pictures are."""
    for label in CLASSES[:2]:
        (tmp_path / label).mkdir()
        for n in range(6):
            y, x = np.mgrid[:96, :80]
            far = np.hypot(y - 40 - 3 * n, x - 40) - 20 - n - 6 * (label == CLASSES[0])
            alpha = (255 * np.clip(0.5 - far / 6, 0, 1)).astype(np.uint8)
            # What is not to be seen is white.
            levels = np.where(alpha > 0, level, 255).astype(np.uint8)
            picture = Image.fromarray(np.dstack([levels, levels, levels, alpha]))
            picture.save(tmp_path / label / f"{n}.png")
    how = {"height": 24, "width": 20, "channels": 3, "fit": "stretch", "background": background}
    return load_rendered(tmp_path, CLASSES[:2], **how, total=100, seed=1)[0]


@pytest.mark.parametrize("background", [0, 255])
def test_cut_outs_have_no_rim(tmp_path, background):
    """Level 20 over level 20 is level 20, however much of a pixel is covered."""
    rendered = discs(tmp_path, 20, background)
    half = (rendered.masks > 80) & (rendered.masks < 180)
    assert half.sum((1, 2)).min() > 5

    def worst(images: ImageSet) -> float:
        objects = composing.cut_out(Pool(images, "cpu")[torch.arange(len(images))])
        assert not objects.plain.any()
        laid = 255 * objects.colours + 20 * (1 - objects.covers)
        return float((laid - 20).abs().max())

    assert worst(rendered) < 1.5
    assert worst(dataclasses.replace(rendered, colours=None)) > 4


CONSTANT = np.full((4, 24, 20, 3), 128, np.uint8)
POOR = {
    "grey": CONSTANT,
    "black": CONSTANT * 0,
    "white": CONSTANT * 0 + 255,
    "one": photographed(1).images,
    "alike": np.repeat(photographed(1).images, 4, 0),
    "faint": CONSTANT + np.random.default_rng(0).integers(0, 2, CONSTANT.shape, np.uint8),
    "noise": np.random.default_rng(0).integers(0, 256, CONSTANT.shape, np.uint8),
    "half": np.concatenate([CONSTANT[:, :, :10], CONSTANT[:, :, :10] // 8], 2),
}


@BOTH
@pytest.mark.parametrize("kind", POOR)
@pytest.mark.parametrize("channels", [1, 3])
def test_poor_photographs_still_give_usable_pictures(module, settings, kind, channels):
    images = POOR[kind] if channels == 3 else POOR[kind][..., 0].copy()
    real = ImageSet(images, np.zeros(len(images), np.int64), CLASSES)
    result = translated(module, settings, drawn(30, channels), real)
    assert visible(result)


@pytest.mark.parametrize("kind", ["grey", "black", "white", "faint", "one", "alike"])
def test_shapes_can_be_read_on_photographs_that_show_none(kind):
    rendered, images = drawn(60), POOR[kind]
    real = ImageSet(images, np.zeros(len(images), np.int64), CLASSES)
    result = translated(harvest, HARVEST, rendered, real)
    assert right_shapes(result, rendered.labels) > 0.95


@BOTH
def test_one_photograph_a_class_gives_varied_pictures(module, settings):
    real, rendered = photographed(3), drawn(60)
    assert sorted(real.labels) == [0, 1, 2]
    result = translated(module, settings, rendered, real)
    assert right_shapes(result, rendered.labels) > 0.85
    assert len(np.unique(result.reshape(60, -1), axis=0)) == 60


def test_a_class_that_no_photograph_shows_looks_like_the_others():
    """Only squares were photographed, and bars are as reddish on as bluish a ground."""
    real, rendered = photographed(30), drawn(90)
    squares = real.take(np.flatnonzero(real.labels == 0))
    result = in_range(translated(harvest, HARVEST, rendered, squares))
    assert right_shapes((result.movedim(1, -1) * 255).byte().numpy(), rendered.labels) > 0.85
    reddish = ((result[:, 0] > result[:, 2] + 0.2).sum((1, 2)) >= 10).numpy()
    bluish = (result[:, 2, :2] > result[:, 0, :2]).float().mean((1, 2)).numpy()
    for label in range(3):
        assert reddish[rendered.labels == label].mean() > 0.95
        assert bluish[rendered.labels == label].mean() > 0.95


@BOTH
def test_blank_rendered_pictures_and_a_single_one_do_no_harm(module, settings):
    one = drawn(1)
    blank = dataclasses.replace(one, images=one.images * 0 + 255, masks=one.masks * 0)
    whole = dataclasses.replace(one, masks=one.masks * 0 + 255)
    for rendered in one, blank, whole, dataclasses.replace(one, masks=None):
        assert translated(module, settings, rendered, photographed(1)).std() > 0


@pytest.mark.parametrize("background", [0, 255])
def test_without_masks_the_light_of_pictures_without_colours_is_their_shape(background):
    masks, labels = covers(6)
    images = np.repeat((masks if background == 0 else 255 - masks)[..., None], 3, 3)
    light = in_range(images) * 2 - 1
    objects = composing.cut_out(Batch(light, torch.from_numpy(labels)))
    assert objects.plain.all()
    torch.testing.assert_close(objects.covers[:, 0], torch.from_numpy(masks) / 255)
    light[:, 0, :4] = 1.0 if background == 0 else -1.0  # coloured: all of it is the object
    objects = composing.cut_out(Batch(light, torch.from_numpy(labels)))
    assert not objects.plain.any()
    assert (objects.covers == 1).all()


def test_extents_are_where_the_object_is_moved_to():
    masks = torch.from_numpy(covers(9)[0])[:, None] / 255
    start = composing.extents(masks)
    for mask, (top, bottom, left, right) in zip(masks[:, 0], start.int().tolist(), strict=True):
        assert mask[top:bottom, left:right].all()
        assert mask.sum() == (bottom - top) * (right - left)
    goal = torch.tensor([[4.0, 20.0, 5.0, 15.0]]).repeat(9, 1)
    objects = composing.Objects(masks, masks.repeat(1, 3, 1, 1), torch.ones(9, 1, 1, 1) > 0)
    there = composing.moved(objects, start, goal)
    assert (composing.extents(there.covers) - goal).abs().max() <= 1
    assert (there.covers[:, :, 6:18, 7:13] > 0.99).all()
    empty = composing.extents(torch.zeros(1, 1, 24, 20))
    assert empty.tolist() == [[4, 20, 4, 16]]


@pytest.mark.parametrize("behind", [0.0, 0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("colour", [0.0, 0.45, 0.5, 0.55, 1.0, 1.2])
@pytest.mark.parametrize("least", [0.01, 0.2, 0.5])
def test_colours_can_be_told_from_those_behind(behind, colour, least):
    ground = torch.full((1, 3, 1, 1), behind)
    result = composing.told_apart(torch.full((1, 3, 1, 1), colour), ground, least)
    assert ((result - ground).abs() >= least - 1e-6).all()
    assert ((result >= 0) & (result <= 1)).all()
    if least <= abs(min(colour, 1) - behind):
        assert (result == min(colour, 1)).all()


def test_a_blur_of_each_picture_keeps_its_light():
    images = torch.rand(3, 2, 24, 20)
    sigma = torch.tensor([0.0, 1.0, 50.0]).view(3, 1, 1, 1)
    result = augmentation.blurred(images, sigma)
    torch.testing.assert_close(result[0], images[0])
    torch.testing.assert_close(augmentation.blurred(images[1:2], 1.0), result[1:2])
    assert result[2].std((1, 2)).max() < 0.01
    assert (augmentation.blurred(images * 0 + 0.3, 2.0) - 0.3).abs().max() < 1e-6


@pytest.mark.parametrize(
    ("settings", "name", "value"),
    [
        (HARVEST, "exchange", 1.1),
        (HARVEST, "contrast", 0.0),
        (HARVEST, "contrast", 0.6),
        (HARVEST, "jitter", -0.1),
        (HARVEST, "blur", -1.0),
        (HARVEST, "blur", float("nan")),
        (RANDOMISED, "contrast", 0.0),
        (RANDOMISED, "texture", 1.5),
        (RANDOMISED, "gradient", -0.1),
        (RANDOMISED, "noise", 2.0),
        (RANDOMISED, "blur", -1.0),
    ],
)
def test_settings_out_of_bounds_are_named(settings, name, value):
    with pytest.raises(ValueError, match=name):
        dataclasses.replace(settings, **{name: value})


def test_the_knobs_do_what_they_say():
    """Exchanged colours, larger jitter, blur: each changes the pictures, and in its direction."""
    rendered, real = drawn(), photographed()
    plain = dataclasses.replace(HARVEST, exchange=0.0, jitter=0.0, blur=0.0)
    base = translated(harvest, plain, rendered, real)
    for name in "exchange", "jitter", "blur":
        changed = dataclasses.replace(plain, **{name: 0.5})
        assert not np.array_equal(base, translated(harvest, changed, rendered, real))
    smooth = dataclasses.replace(RANDOMISED, texture=0.0, gradient=0.0, blur=0.0, noise=0.0)
    quiet = translated(randomised, smooth, rendered, real)
    assert max(len(np.unique(image.reshape(-1, 3), axis=0)) for image in quiet) == 2
    for name in "texture", "gradient", "noise":
        louder = dataclasses.replace(smooth, **{name: 0.5})
        assert translated(randomised, louder, rendered, real)[:, :4].std(2).mean() > 3
    assert Shape(24, 20, 3, 3) == rendered.shape
