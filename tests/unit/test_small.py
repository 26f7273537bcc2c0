"""The classifier: it learns, repeats itself, and treats every image alike."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from realink.errors import InputError
from realink.images.imagesets import ImageSet, Shape, concatenate
from realink.images.mnist import load_embedded
from realink.learners.small import network as small
from realink.settings import settings_from
from realink.store.checkpoints import load, save
from realink.store.files import read_tensors, write_tensors
from realink.training import augmentation
from tests import drawn

SETTINGS = small.Settings(
    steps=150,
    batch_size=32,
    optimiser="muon",
    muon_learning_rate=0.05,
    learning_rate=0.1,
    warmup_fraction=0.3,
    momentum=0.9,
    weight_decay=5e-4,
    label_smoothing=0.1,
    width=4,
    dropout=0.2,
    standardise=False,
)
POLICY = augmentation.Settings(
    rotation=10, scale=0.1, aspect=0.1, shear=0.2, shift=1, elastic=0.8, smoothness=4
)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def digits() -> tuple[ImageSet, ImageSet]:
    pool, _, test = load_embedded()
    return pool, test


def test_it_learns_to_read_digits(digits):
    pool, test = digits
    network, history = small.train([pool], SETTINGS, seed=1)
    probabilities = small.predict(network, test.images)
    assert probabilities.shape == (1000, 10)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-5)
    assert (probabilities.argmax(1) != test.labels).mean() < 0.1
    assert history[-1]["step"] == 150
    assert history[-1]["loss"] < history[0]["loss"]


def test_a_plain_optimiser_learns_at_a_constant_rate(digits):
    pool, test = digits
    plain = replace(SETTINGS, optimiser="adam", learning_rate=1e-3, steps=100)
    network, history = small.train([pool], plain, seed=1)
    assert (small.predict(network, test.images).argmax(1) != test.labels).mean() < 0.25
    assert {row["learning_rate"] for row in history} == {1e-3}
    with pytest.raises(ValueError, match="optimiser must be muon or adam, not 'sgd'"):
        replace(SETTINGS, optimiser="sgd")


def test_it_goes_on_from_all_but_the_last_layer_of_another_task(digits):
    few = digits[0].take(slice(None, None, 40))
    short = replace(SETTINGS, steps=1, muon_learning_rate=1e-9, learning_rate=1e-9)
    task = ImageSet(few.images, few.labels % 4, ("a", "b", "c", "d"))
    start, _ = small.train([task], replace(SETTINGS, steps=20), seed=1)
    network, _ = small.train([few], short, start=start, seed=2)
    fresh, _ = small.train([few], short, seed=2)
    # One step at a rate of nothing leaves the weights where they began.
    ours, theirs, own = (net.layers[0].weight for net in (network, start, fresh))
    torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=0)
    assert not torch.allclose(ours, own, atol=1e-3)
    torch.testing.assert_close(network.layers[-1].weight, fresh.layers[-1].weight)


def test_seed_alone_decides(digits):
    few = digits[0].take(slice(None, None, 40))
    short = replace(SETTINGS, steps=20)

    def weights(seed):
        torch.manual_seed(int(torch.randint(1000, ())))  # the global state must not matter
        return small.train([few], short, augment=POLICY, seed=seed)[0].state_dict()

    first, again, other = weights(1), weights(1), weights(2)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("n", [5, 31, 100])
def test_every_image_is_used_equally_often(n):
    batches = list(small._batches([n], [32], n))
    assert {len(batch) for batch in batches} == {32}
    counts = np.bincount(torch.cat(batches).numpy(), minlength=n)
    assert counts.max() - counts.min() <= 1


def test_each_part_has_its_share_of_every_batch():
    takes = small._takes(32, 0.25)
    batches = torch.stack(list(small._batches([5, 90], takes, 30))).numpy()
    assert ((batches < 5).sum(1) == 8).all()
    assert set(batches.ravel()) == set(range(95))
    assert small._takes(32, 0.999) == [31, 1]
    assert small._takes(32, 0.001) == [1, 31]
    with pytest.raises(ValueError, match="cannot hold both"):
        small._takes(1, 0.5)


def test_a_share_of_images_decides_what_is_learned(digits):
    """Two parts that contradict each other: the one with the larger share wins."""
    pool, test = digits
    right = pool.take(slice(None, None, 4))
    wrong = replace(right, labels=(right.labels + 1) % 10)
    error = {}
    for share in (0.8, 0.2):
        network, _ = small.train([right, wrong], SETTINGS, real_share=share, seed=1)
        read = small.predict(network, test.images).argmax(1)
        error[share] = (read != test.labels).mean()
    assert error[0.8] < 0.2 < 0.8 < error[0.2]


def test_empty_parts_are_refused(digits):
    empty = digits[0].take(slice(0))
    with pytest.raises(ValueError, match="one is empty"):
        small.train([digits[0], empty], SETTINGS, seed=1)


def test_dropout_keeps_its_fraction_and_the_mean():
    dropout, ones = small._Dropout(0.25), torch.ones(200, 500)
    result = dropout.train()(ones)
    assert abs((result == 0).float().mean() - 0.25) < 0.01
    assert abs(result.mean() - 1) < 0.01
    assert dropout.eval()(ones) is ones


def test_two_parts_are_used_equally_often_without_shares(digits):
    one, two = (digits[0].take(slice(start, 60, 2)) for start in (0, 1))
    short = replace(SETTINGS, steps=20)
    both = concatenate([one, two])
    first, second = (
        small.train(parts, short, seed=1)[0].state_dict() for parts in ([one, two], [both])
    )
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_augmented_digits_are_still_read(digits):
    pool, test = digits
    plain, augmented = (
        small.train([pool.take(slice(None, None, 10))], SETTINGS, augment=policy, seed=1)[0]
        for policy in (None, POLICY)
    )

    read = small.predict(augmented, test.images).argmax(1)
    assert (read != test.labels).mean() < 0.1
    weights = [network.state_dict()["layers.0.weight"] for network in (plain, augmented)]
    assert not torch.allclose(*weights)


@pytest.fixture(scope="module")
def shapes() -> tuple[ImageSet, ImageSet]:
    """Photographed shapes, 24 x 20 in colour, to train and to test on."""

    def photographs(seeds):
        pictures = [drawn.photographed(shape, seed) for shape in drawn.SHAPES for seed in seeds]
        labels = np.repeat(np.arange(len(drawn.SHAPES)), len(seeds))
        return ImageSet(
            np.stack([np.asarray(picture) for picture in pictures]), labels, drawn.SHAPES
        )

    return photographs(range(150)), photographs(range(150, 250))


def test_it_learns_to_tell_photographs_apart(shapes, tmp_path):
    train, test = shapes
    assert train.shape == (24, 20, 3, 3)
    settings = replace(SETTINGS, steps=200, standardise=True, width=8)
    policy = replace(POLICY, brightness=0.1, contrast=0.2, colour=0.1, blur=0.5, noise=0.02)
    network, _ = small.train([train], settings, augment=policy, seed=1)
    probabilities = small.predict(network, test.images)
    assert probabilities.shape == (300, 3)
    assert (probabilities.argmax(1) != test.labels).mean() < 0.3
    save(tmp_path / "m", network, "classifier", settings, train.shape)
    again = load(tmp_path / "m", "classifier", small.Network, small.Settings)
    assert again.shape == train.shape
    np.testing.assert_allclose(small.predict(again, test.images), probabilities, atol=1e-5)


@pytest.mark.parametrize("standardise", [False, True])
@pytest.mark.parametrize(
    ("height", "width", "channels", "classes", "last"),
    [
        (28, 28, 1, 10, (7, 7)),
        (16, 16, 1, 2, (8, 8)),
        (24, 20, 3, 3, (6, 10)),
        (40, 40, 3, 300, (10, 10)),
        (41, 80, 1, 4, (6, 10)),
        (16, 128, 3, 5, (8, 8)),
        (128, 16, 1, 5, (8, 8)),
        (128, 128, 3, 26, (8, 8)),
    ],
)
def test_any_size_is_read_from_a_small_last_map(
    height, width, channels, classes, last, standardise
):
    settings = replace(SETTINGS, steps=1, batch_size=2, standardise=standardise)
    shape = (5, height, width, 3)[: 3 + (channels == 3)]
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    some = ImageSet(images, np.arange(5) % classes, tuple(map(str, range(classes))))
    network, _ = small.train([some], settings, augment=POLICY, seed=1)
    assert network.layers[-1].in_features == 16 * last[0] * last[1]
    assert small.predict(network, images).shape == (5, classes)
    assert small.predict(network, images[:0]).shape == (0, classes)  # a study without validation


def test_a_network_of_the_same_seed_has_had_these_weights():
    """Those of the code before it knew shapes: results of a seed are worth something."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        layers = small.Network(SETTINGS, Shape(28, 28, 1, 10)).layers
        torch.manual_seed(1)
        expected = [
            torch.nn.Conv2d(1, 4, 5, bias=False),
            torch.nn.Conv2d(4, 8, 3, bias=False),
            torch.nn.Conv2d(8, 16, 3, bias=False),
            torch.nn.Linear(784, 10),
        ]
    found = [layer for layer in layers if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear)]
    for ours, theirs in zip(found, expected, strict=True):
        assert torch.equal(ours.weight, theirs.weight)
    pools = [layer.stride for layer in layers if isinstance(layer, torch.nn.MaxPool2d)]
    assert pools == [(2, 2), (2, 2)]


def test_standardised_images_are_read_the_same_in_any_light(shapes):
    dark = (shapes[1].images // 2).astype(np.uint8)
    light = dark + 100
    with torch.random.fork_rng():
        torch.manual_seed(0)
        networks = [
            small.Network(replace(SETTINGS, standardise=on), shapes[1].shape).eval()
            for on in (False, True)
        ]
    plain, standardised = (
        abs(small.predict(network, dark) - small.predict(network, light)).max()
        for network in networks
    )
    assert standardised < 1e-3 < plain
    inputs = next(small.batches(shapes[1].shape, dark, "cpu"))
    seen = networks[1].layers[0](inputs)
    torch.testing.assert_close(seen.mean((1, 2, 3)), torch.zeros(len(seen)), atol=1e-4, rtol=0)
    torch.testing.assert_close(seen.var((1, 2, 3)), torch.ones(len(seen)), atol=0.01, rtol=0)
    blank = np.full((2, 24, 20, 3), 77, np.uint8)
    assert np.isfinite(small.predict(networks[1], blank)).all()


def test_colours_keep_their_channel():
    images = np.zeros((1, 24, 20, 3), np.uint8)
    images[0, 5, 7] = 51, 102, 255
    (batch,) = small.batches(Shape(24, 20, 3, 2), images, "cpu")
    assert batch.shape == (1, 3, 24, 20)
    assert batch.is_contiguous(memory_format=torch.channels_last)  # no copy before the network
    torch.testing.assert_close(batch[0, :, 5, 7], torch.tensor([0.2, 0.4, 1.0]))
    assert batch.sum() == pytest.approx(1.6)


@pytest.mark.parametrize("images", [np.zeros((2, 24, 20, 3)), np.zeros((2, 20, 24, 3), np.uint8)])
def test_images_of_another_kind_are_refused(images):
    network = small.Network(SETTINGS, Shape(24, 20, 3, 2)).eval()
    with pytest.raises(ValueError, match=r"need uint8 images of .*height=24, width=20"):
        small.predict(network, images)


def test_a_checkpoint_reads_the_same_digits(digits, tmp_path):
    few = digits[0].take(slice(None, None, 40))
    network, _ = small.train([few], replace(SETTINGS, steps=20), seed=1)
    save(tmp_path / "m.safetensors", network, "classifier", SETTINGS, few.shape)
    again = load(tmp_path / "m.safetensors", "classifier", small.Network, small.Settings)
    np.testing.assert_allclose(
        small.predict(again, few.images), small.predict(network, few.images), atol=1e-5
    )
    with pytest.raises(InputError, match="checkpoint of 'classifier', not of 'cyclegan'"):
        load(tmp_path / "m.safetensors", "cyclegan", small.Network, small.Settings)


def test_a_whole_file_that_is_no_checkpoint_of_the_network_is_refused(digits, tmp_path):
    def read(name, state, record):
        write_tensors(tmp_path / name, state, record)
        with pytest.raises(InputError, match=rf"{name}: not a checkpoint of today's") as refused:
            load(tmp_path / name, "classifier", small.Network, small.Settings)
        return str(refused.value)

    network = small.Network(SETTINGS, digits[0].shape)
    save(tmp_path / "m", network, "classifier", SETTINGS, digits[0].shape)
    state, record = read_tensors(tmp_path / "m")
    for n, wrong in enumerate(({"shape": 7}, {"settings": None}, {"settings": {"steps": "x"}})):
        read(f"w{n}", state, record | wrong)
    read("none", state, {"network": "classifier"})
    state.popitem()
    message = read("less", state, record)
    assert "Missing key" in message
    assert "\n" not in message


def test_settings_name_what_is_missing_or_unknown():
    with pytest.raises(InputError, match="'widht' is unknown; did you mean 'width'"):
        settings_from(small.Settings, {"steps": 3, "widht": 1})
    rotation = {"rotation": 10, "aspect": 0, "shear": 0, "elastic": 0}
    with pytest.raises(InputError, match=r"missing scale, shift, smoothness$"):
        settings_from(augmentation.Settings, rotation)
    # Those of a learner have defaults.
    assert settings_from(small.Settings, {"steps": 3}) == small.Settings(steps=3)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"steps": 1.5}, "steps: 1.5 is not a whole number"),
        ({"batch_size": 0}, "batch_size: 0 is not at least 1"),
        ({"momentum": 1}, "momentum: 1 is not above 0 and below 1"),
        ({"label_smoothing": -0.1}, "label_smoothing: -0.1 is not at least 0 and below 1"),
        ({"standardise": 1}, "standardise: 1 is not true or false"),
        ({"optimiser": "sgd"}, "optimiser must be muon or adam, not 'sgd'"),
        ({"side": 15}, "side: 15 is neither 0 nor at least 16"),
        ({"side": 225}, "side: 225 is not at least 0 and at most 224"),
    ],
)
def test_settings_out_of_bounds_are_named(asked, said):
    with pytest.raises(InputError, match=said):
        settings_from(small.Settings, asked)
