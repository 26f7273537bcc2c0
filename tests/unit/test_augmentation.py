"""Augmentation: each image by itself, within limits that mean what the settings say."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from realink.training.augmentation import Settings, augment

STILL = Settings(rotation=0, scale=0, aspect=0, shear=0, shift=0, elastic=0, smoothness=4)


@pytest.fixture(autouse=True)
def seeded():
    torch.set_num_threads(1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def noise(n=8, height=24, width=20, channels=3):
    return torch.rand(n, channels, height, width)


def dots(height, width, *, up=0, right=0):
    """Spots of 2 x 2 pixels, around the centre but for a shift."""
    images = torch.zeros(2000, 1, height, width)
    row, column = height // 2 - 1 - up, width // 2 - 1 + right
    images[:, :, row : row + 2, column : column + 2] = 1
    return images


def places(images):
    """Where the light of an image has its centre, in pixels down and right of the image's."""
    total = images.sum((1, 2, 3))
    assert (total > 2).all()
    sides = [torch.arange(side) + 0.5 - side / 2 for side in images.shape[2:]]
    sums = images.sum((1, 3)), images.sum((1, 2))
    return torch.stack([sum_ @ side / total for sum_, side in zip(sums, sides, strict=True)], 1)


@pytest.mark.parametrize("channels", [1, 3])
def test_zeros_change_nothing(channels):
    images = noise(channels=channels)
    torch.testing.assert_close(augment(images, STILL), images, atol=1e-5, rtol=0)


def test_what_is_off_draws_nothing():
    """Else a seed's results would change with every setting that is ever added."""

    def state_after(**changes):
        torch.manual_seed(1)
        augment(noise(channels=channels), replace(STILL, **changes))
        return torch.get_rng_state()

    for channels in (1, 3):
        off = state_after()
        names = ["brightness", "contrast", "colour", "gradient", "blur", "noise", "invert"]
        for name in names:
            same = torch.equal(state_after(**{name: 0.3}), off)
            assert same == (name == "colour" and channels == 1), name


@pytest.mark.parametrize(("height", "width"), [(28, 28), (16, 48), (50, 20)])
def test_every_image_moves_by_itself_within_its_limits(height, width):
    def moved(**changes):
        return places(augment(dots(height, width), replace(STILL, **changes)))

    shifted = moved(shift=2.0)
    assert shifted.abs().max() <= 2.01
    assert shifted.abs().amax(0).min() > 1.9  # along both axes
    torch.testing.assert_close(shifted.mean(0), torch.zeros(2), atol=0.1, rtol=0)
    assert moved(rotation=90, scale=0.3).abs().max() < 0.2  # about the centre


@pytest.mark.parametrize(("height", "width"), [(28, 28), (32, 48), (128, 64)])
def test_bends_are_in_pixels_along_both_axes(height, width):
    """A ramp of a grey value a pixel shows by how many pixels it was bent."""
    down, across = torch.arange(float(height))[:, None], torch.arange(float(width))
    for ramp in (down, across):
        ramp = ramp.expand(300, 1, height, width)
        bent = augment(ramp, replace(STILL, elastic=0.8)) - ramp
        # More at the edges, where the border is repeated, than in the middle.
        inside = bent[:, :, 4:-4, 4:-4]
        assert 0.55 < inside.square().mean().sqrt() < 0.82
        neighbours = (inside[..., 1:] - inside[..., :-1]).square().mean().sqrt()
        # Of noise filtered by a Gaussian: 0.8 over the square root of 2 and its sigma of 4.
        assert neighbours == pytest.approx(0.14, abs=0.04)


@pytest.mark.parametrize(
    ("setting", "limit", "place"),
    [
        # Of a dot 7 pixels right of the centre, and 7 above: how far it gets at most.
        ("rotation", 30, 2 * 7 * 2**0.5 * np.sin(np.radians(15))),
        ("scale", 0.2, 7 * 2**0.5 * (np.exp(0.2) - 1)),
        ("aspect", 0.2, 7 * ((np.exp(0.2) - 1) ** 2 + (1 - np.exp(-0.2)) ** 2) ** 0.5),
        ("shear", 0.3, 7 * 0.3),
    ],
)
@pytest.mark.parametrize(("height", "width"), [(28, 28), (28, 60)])
def test_each_setting_moves_a_dot_up_to_its_limit(setting, limit, place, height, width):
    images = dots(height, width, up=7, right=7)
    ways = places(augment(images, replace(STILL, **{setting: limit}))) - places(images)
    length = ways.norm(dim=1)
    assert 0.85 * place < length.max() < 1.05 * place
    assert length.min() < 0.1 * place


def test_rotation_does_not_shear_long_pictures():
    """Two dots at right angles, as far from the centre, stay so."""
    right, up = dots(24, 60, right=8), dots(24, 60, up=8)
    turn = replace(STILL, rotation=40)
    turned = []
    for images in (right, up):
        torch.manual_seed(3)
        turned.append(places(augment(images, turn)))
    for places_of in turned:
        torch.testing.assert_close(
            places_of.norm(dim=1), torch.full((2000,), 8.0), atol=0.2, rtol=0
        )
    assert (turned[0] * turned[1]).sum(1).abs().max() < 3.5  # of 64 where they are parallel


def test_the_border_goes_on_outside():
    grey = torch.full((50, 3, 24, 20), 0.6)
    policy = replace(STILL, rotation=45, scale=0.5, shear=0.5, shift=8, elastic=2)
    torch.testing.assert_close(augment(grey, policy), grey)


def test_brightness_is_added_to_all_pixels_alike():
    images = torch.full((2000, 3, 6, 5), 0.5)
    images[:, 1] = 0.4
    changed = augment(images, replace(STILL, brightness=0.2)) - images
    assert changed.std((1, 2, 3)).max() < 1e-5
    each = changed.mean((1, 2, 3))
    assert 0.19 < each.abs().max() <= 0.2001
    assert abs(each.mean()) < 0.02


def test_contrast_is_a_factor_about_the_mean():
    images = 0.5 + 0.1 * (noise(2000, 6, 5) - 0.5)
    images[:, 1] += 0.1
    changed = augment(images, replace(STILL, contrast=0.5))
    torch.testing.assert_close(changed.mean((1, 2, 3)), images.mean((1, 2, 3)), atol=1e-4, rtol=0)
    factor = (changed.std((1, 2, 3)) / images.std((1, 2, 3))).log()
    assert 0.48 < factor.max() < 0.501
    assert -0.501 < factor.min() < -0.48


def test_colour_is_a_factor_of_each_channel():
    images = torch.full((2000, 3, 6, 5), 0.5)
    factor = (augment(images, replace(STILL, colour=0.3)) / images).log()
    assert factor.std((2, 3)).max() < 1e-5
    each = factor.mean((2, 3))
    assert 0.28 < each.abs().max() < 0.3001
    assert np.corrcoef(each.T.numpy())[np.triu_indices(3, 1)] == pytest.approx(0, abs=0.1)
    grey = images[:, :1]
    assert torch.equal(augment(grey, replace(STILL, colour=0.3)), augment(grey, STILL))


@pytest.mark.parametrize(("height", "width"), [(24, 20), (16, 60)])
def test_the_gradient_rises_from_one_side_to_the_other(height, width):
    images = torch.full((2000, 1, height, width), 0.5)
    changed = (augment(images, replace(STILL, gradient=0.4)) - images)[:, 0]
    torch.testing.assert_close(changed.mean((1, 2)), torch.zeros(2000), atol=1e-4, rtol=0)
    down = (changed[:, -1] - changed[:, 0]).mean(1) * height / (height - 1)
    across = (changed[:, :, -1] - changed[:, :, 0]).mean(1) * width / (width - 1)
    rise = (down.square() + across.square()).sqrt()
    assert 0.38 < rise.max() < 0.401
    assert abs(down.mean()) < 0.02 > abs(across.mean())
    assert down.std() == pytest.approx(float(across.std()), rel=0.1)


def test_blur_is_a_gaussian_of_each_images_own_width():
    limit = 2.0
    blurred = augment(dots(24, 40), replace(STILL, blur=limit))
    torch.testing.assert_close(blurred.sum((1, 2, 3)), torch.full((2000,), 4.0), atol=1e-2, rtol=0)
    for axis, side in ((1, 24), (2, 40)):
        place = torch.arange(side) + 0.5 - side / 2
        profile = blurred[:, 0].sum(3 - axis)
        variance = profile @ place.square() / profile.sum(1) - 0.25  # the dot's own
        sigma = variance.clamp(min=0).sqrt()
        assert 1.9 < sigma.max() < 2.05
        assert sigma.mean() == pytest.approx(limit / 2, abs=0.1)  # even in 0..limit
    row = torch.full((4, 3, 24, 20), 0.7)
    torch.testing.assert_close(augment(row, replace(STILL, blur=3)), row)  # no dark rim


def test_noise_is_of_each_images_own_strength():
    images = torch.full((500, 3, 24, 20), 0.5)
    sigma = (augment(images, replace(STILL, noise=0.1)) - images).std((1, 2, 3))
    assert 0.095 < sigma.max() < 0.105
    assert sigma.mean() == pytest.approx(0.05, abs=0.004)


def test_inversion_takes_its_share_and_nothing_else():
    images = noise(2000, 6, 5)
    changed = augment(images, replace(STILL, invert=0.2))
    same = (changed - images).abs().amax((1, 2, 3)) < 1e-4
    negative = (changed - (1 - images)).abs().amax((1, 2, 3)) < 1e-4
    assert (same | negative).all()
    assert negative.float().mean() == pytest.approx(0.2, abs=0.03)


def test_changes_of_light_add_up():
    grey = torch.full((2000, 3, 6, 5), 0.4)
    # Contrast leaves what has none.
    factor = (augment(grey, replace(STILL, contrast=0.5, colour=0.3)) / grey).log()
    assert 0.28 < factor.abs().max() < 0.3001
    inverted = augment(grey, replace(STILL, contrast=0.5, invert=0.5))
    same, negative = (abs(inverted - level) < 1e-4 for level in (0.4, 0.6))
    assert (same | negative).all()
    assert same.float().mean() == pytest.approx(0.5, abs=0.05)


def test_light_ends_at_black_and_white():
    policy = replace(STILL, brightness=0.5, contrast=1, colour=0.5, gradient=0.5, noise=0.3)
    changed = augment(noise(100), policy)
    assert changed.min() == 0
    assert changed.max() == 1


def test_images_with_colours_last_are_changed_alike():
    policy = replace(STILL, rotation=10, blur=1, noise=0.1, brightness=0.2, colour=0.2)
    first = noise()
    last = first.to(memory_format=torch.channels_last)
    results = []
    for images in (first, last):
        torch.manual_seed(1)
        results.append(augment(images, policy))
    torch.testing.assert_close(*results)
