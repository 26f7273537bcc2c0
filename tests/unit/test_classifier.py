"""The classifier: it learns, repeats itself, and treats every image alike."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from realink import augmentation, classifier
from realink.checkpoints import load, save, settings_from
from realink.digits import Digits
from realink.errors import InputError
from realink.real import load_embedded

SETTINGS = classifier.Settings(
    steps=150,
    batch_size=32,
    muon_learning_rate=0.05,
    learning_rate=0.1,
    warmup_fraction=0.3,
    momentum=0.9,
    weight_decay=5e-4,
    label_smoothing=0.1,
    width=4,
    dropout=0.2,
)
POLICY = augmentation.Settings(
    rotation=10, scale=0.1, aspect=0.1, shear=0.2, shift=1, elastic=0.8, smoothness=4
)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def digits() -> tuple[Digits, Digits]:
    pool, _, test = load_embedded()
    return pool, test


def test_it_learns_to_read_digits(digits):
    pool, test = digits
    network, history = classifier.train([pool], SETTINGS, seed=1)
    probabilities = classifier.predict(network, test.images)
    assert probabilities.shape == (1000, 10)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-5)
    assert (probabilities.argmax(1) != test.labels).mean() < 0.1
    assert history[-1]["step"] == 150
    assert history[-1]["loss"] < history[0]["loss"]


def test_seed_alone_decides(digits):
    few = digits[0].take(slice(None, None, 40))
    short = replace(SETTINGS, steps=20)

    def weights(seed):
        torch.manual_seed(int(torch.randint(1000, ())))  # the global state must not matter
        return classifier.train([few], short, augment=POLICY, seed=seed)[0].state_dict()

    first, again, other = weights(1), weights(1), weights(2)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("n", [5, 31, 100])
def test_every_image_is_used_equally_often(n):
    batches = list(classifier._batches([n], [32], n))
    assert {len(batch) for batch in batches} == {32}
    counts = np.bincount(torch.cat(batches).numpy(), minlength=n)
    assert counts.max() - counts.min() <= 1


def test_each_part_has_its_share_of_every_batch():
    takes = classifier._takes(32, 0.25)
    batches = torch.stack(list(classifier._batches([5, 90], takes, 30))).numpy()
    assert ((batches < 5).sum(1) == 8).all()
    assert set(batches.ravel()) == set(range(95))
    assert classifier._takes(32, 0.999) == [31, 1]
    assert classifier._takes(32, 0.001) == [1, 31]
    with pytest.raises(ValueError, match="cannot hold both"):
        classifier._takes(1, 0.5)


def test_a_share_of_images_decides_what_is_learned(digits):
    """Two parts that contradict each other: the one with the larger share wins."""
    pool, test = digits
    right = pool.take(slice(None, None, 4))
    wrong = Digits(right.images, (right.labels + 1) % 10)
    error = {}
    for share in (0.8, 0.2):
        network, _ = classifier.train([right, wrong], SETTINGS, real_share=share, seed=1)
        read = classifier.predict(network, test.images).argmax(1)
        error[share] = (read != test.labels).mean()
    assert error[0.8] < 0.2 < 0.8 < error[0.2]


def test_empty_parts_are_refused(digits):
    empty = digits[0].take(slice(0))
    with pytest.raises(ValueError, match="one is empty"):
        classifier.train([digits[0], empty], SETTINGS, seed=1)


def test_dropout_keeps_its_fraction_and_the_mean():
    dropout, ones = classifier._Dropout(0.25), torch.ones(200, 500)
    result = dropout.train()(ones)
    assert abs((result == 0).float().mean() - 0.25) < 0.01
    assert abs(result.mean() - 1) < 0.01
    assert dropout.eval()(ones) is ones


def test_two_parts_are_used_equally_often_without_shares(digits):
    one, two = (digits[0].take(slice(start, 60, 2)) for start in (0, 1))
    short = replace(SETTINGS, steps=20)
    both = Digits(*map(np.concatenate, zip(one, two, strict=True)))
    first, second = (
        classifier.train(parts, short, seed=1)[0].state_dict() for parts in ([one, two], [both])
    )
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_augmentation_of_zeros_changes_nothing(digits):
    images = torch.from_numpy(digits[0].images[:8])[:, None].float() / 255
    still = replace(POLICY, rotation=0, scale=0, aspect=0, shear=0, shift=0, elastic=0)
    torch.testing.assert_close(augmentation.augment(images, still), images, atol=1e-5, rtol=0)


def test_augmentation_moves_every_image_by_itself_within_its_limits():
    dots = torch.zeros(2000, 1, 28, 28)
    dots[:, :, 13:15, 13:15] = 1
    still = replace(POLICY, rotation=0, scale=0, aspect=0, shear=0, shift=0, elastic=0)

    def centres(**changes):
        moved = augmentation.augment(dots, replace(still, **changes))[:, 0]
        assert (moved.sum((1, 2)) > 2).all()
        place = torch.arange(28) - 13.5
        total = moved.sum((1, 2))
        return torch.stack([(moved.sum(axis) * place).sum(1) / total for axis in (1, 2)], 1)

    shifted = centres(shift=2.0)
    assert shifted.abs().max() <= 2.01
    assert shifted.abs().amax(0).min() > 1.9  # along both axes
    torch.testing.assert_close(shifted.mean(0), torch.zeros(2), atol=0.1, rtol=0)
    # A ramp of a grey value a pixel shows by how many pixels it was bent.
    ramp = torch.arange(28.0).expand(2000, 1, 28, 28)
    bent = augmentation.augment(ramp, replace(still, elastic=0.8)) - ramp
    # More at the edges, which would bring paper into the ramp, than in the middle.
    assert 0.55 < bent[:, :, 4:-4, 4:-4].square().mean().sqrt() < 0.8
    assert centres(rotation=90, scale=0.3).abs().max() < 0.2  # about the centre


@pytest.mark.parametrize(
    ("setting", "limit", "place"),
    [
        # Of a dot 7 pixels right of the centre, and 7 below: how far it gets at most.
        ("rotation", 30, 2 * 7 * 2**0.5 * np.sin(np.radians(15))),
        ("scale", 0.2, 7 * 2**0.5 * (np.exp(0.2) - 1)),
        ("aspect", 0.2, 7 * ((np.exp(0.2) - 1) ** 2 + (1 - np.exp(-0.2)) ** 2) ** 0.5),
        ("shear", 0.3, 7 * 0.3),
    ],
)
def test_each_setting_moves_a_dot_up_to_its_limit(setting, limit, place):
    still = replace(POLICY, rotation=0, scale=0, aspect=0, shear=0, shift=0, elastic=0)
    dots = torch.zeros(2000, 1, 28, 28)
    dots[:, :, 20:22, 20:22] = 1
    moved = augmentation.augment(dots, replace(still, **{setting: limit}))[:, 0]
    axis, total = torch.arange(28) - 20.5, moved.sum((1, 2))
    ways = torch.stack([(moved.sum(side) * axis).sum(1) / total for side in (1, 2)], 1)
    length = ways.norm(dim=1)
    assert 0.85 * place < length.max() < 1.05 * place
    assert length.min() < 0.1 * place


def test_augmented_digits_are_still_read(digits):
    pool, test = digits
    plain, augmented = (
        classifier.train([pool.take(slice(None, None, 10))], SETTINGS, augment=policy, seed=1)[0]
        for policy in (None, POLICY)
    )

    read = classifier.predict(augmented, test.images).argmax(1)
    assert (read != test.labels).mean() < 0.1
    weights = [network.state_dict()["layers.0.weight"] for network in (plain, augmented)]
    assert not torch.allclose(*weights)


def test_a_checkpoint_reads_the_same_digits(digits, tmp_path):
    few = digits[0].take(slice(None, None, 40))
    network, _ = classifier.train([few], replace(SETTINGS, steps=20), seed=1)
    save(tmp_path / "m.safetensors", network, "classifier", SETTINGS)
    again = load(tmp_path / "m.safetensors", "classifier", classifier.Network, classifier.Settings)
    np.testing.assert_allclose(
        classifier.predict(again, few.images), classifier.predict(network, few.images), atol=1e-5
    )
    with pytest.raises(InputError, match="checkpoint of 'classifier', not of 'cyclegan'"):
        load(tmp_path / "m.safetensors", "cyclegan", classifier.Network, classifier.Settings)


def test_settings_name_what_is_missing_or_unknown():
    with pytest.raises(InputError, match=r"missing \['batch_size'.*unknown \['colour'\]"):
        settings_from(classifier.Settings, {"steps": 3, "colour": 1})
