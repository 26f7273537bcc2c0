"""The classifier: it learns, repeats itself, and treats every image alike."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from realink import classifier
from realink.checkpoints import load, save, settings_from
from realink.digits import Digits
from realink.errors import InputError
from realink.real import load_embedded

SETTINGS = classifier.Settings(
    steps=150,
    batch_size=32,
    learning_rate=0.1,
    warmup_fraction=0.3,
    momentum=0.9,
    weight_decay=5e-4,
    label_smoothing=0.1,
    width=4,
    dropout=0.2,
    channel_dropout=0.0,
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
    network, history = classifier.train(*pool, SETTINGS, seed=1)
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
        return classifier.train(*few, short, seed=seed)[0].state_dict()

    first, again, other = weights(1), weights(1), weights(2)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("n", [5, 31, 100])
def test_every_image_is_used_equally_often(n):
    batches = list(classifier._batches(n, replace(SETTINGS, steps=n)))
    assert {len(batch) for batch in batches} == {32}
    counts = np.bincount(torch.cat(batches).numpy(), minlength=n)
    assert counts.max() - counts.min() <= 1


def test_a_checkpoint_reads_the_same_digits(digits, tmp_path):
    few = digits[0].take(slice(None, None, 40))
    network, _ = classifier.train(*few, replace(SETTINGS, steps=20), seed=1)
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
