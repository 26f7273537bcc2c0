"""On a CUDA device: what repeats itself, and is the same on a CPU."""

import logging
from dataclasses import replace

import numpy as np
import pytest
import torch

from realink.commands.support import device_for
from realink.images.imagesets import Shape
from realink.images.mnist import load_embedded
from realink.learners.small import network as small
from realink.store import states
from realink.store.checkpoints import load, save
from realink.store.states import State
from realink.training import pseudo
from realink.translation import loop

from .test_small import POLICY, SETTINGS
from .test_translation import SETTINGS as CYCLEGAN
from .test_translation import THICK, THIN, WARP, cyclegan, patches, same_weights, strokes, warp

harvest, patchgan, randomised = map(loop.load, ("harvest", "patchgan", "randomised"))
pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


@pytest.fixture(autouse=True)
def as_in_a_job():
    threads = torch.get_num_threads()
    assert device_for("auto") == "cuda"
    yield
    torch.set_num_threads(threads)
    torch.backends.cudnn.deterministic = False


@pytest.fixture(scope="module")
def digits():
    pool, _, test = load_embedded()
    return pool, test


def on_cuda(pool, seed=1, **changes):
    settings = replace(SETTINGS, **changes)
    return small.train([pool], settings, augment=POLICY, seed=seed, device="cuda")[0]


def generators():
    return torch.get_rng_state(), torch.cuda.get_rng_state()


def test_a_classifier_learns_and_repeats_itself(digits):
    pool, test = digits
    before = generators()
    one, again, other = on_cuda(pool), on_cuda(pool), on_cuda(pool, seed=2)
    assert all(torch.equal(*pair) for pair in zip(before, generators(), strict=True))
    assert same_weights(one, again)
    assert not same_weights(one, other)
    read = small.predict(one, test.images, device="cuda").argmax(1)
    assert (read != test.labels).mean() < 0.1


def test_a_checkpoint_reads_the_same_on_a_cpu(digits, tmp_path):
    pool, test = digits
    network = on_cuda(pool, steps=30)
    there = small.predict(network, test.images, device="cuda")
    save(tmp_path / "model", network, "small", SETTINGS, pool.shape)
    here = load(tmp_path / "model", "small", small.Network, small.Settings)
    np.testing.assert_allclose(small.predict(here, test.images), there, atol=2e-3)


def test_a_teacher_labels_the_same_again(digits):
    pool, _ = digits
    network = on_cuda(pool, steps=30)
    before = generators()
    labels = [
        pseudo.label(network, pool.images, POLICY, seed=seed, device="cuda") for seed in (1, 1, 2)
    ]
    assert all(torch.equal(*pair) for pair in zip(before, generators(), strict=True))
    assert (labels[0] == labels[1]).all()
    assert 0 < (labels[0] != labels[2]).mean() < 0.2


def test_a_cyclegan_repeats_itself_and_goes_on_from_its_state(tmp_path, monkeypatch, caplog):
    # The warp does not: torch has no repeatable gradient of `grid_sample` on CUDA.
    monkeypatch.setattr(states, "EVERY", 0)
    caplog.set_level(logging.INFO)
    settings = replace(CYCLEGAN, steps=76, average=0.94)

    def trained(state=None, stop=0):
        def report(step, steps, row):
            if step == stop:
                raise InterruptedError

        return loop.train(
            cyclegan, THIN, THICK, settings, seed=0, device="cuda", report=report, state=state
        )

    straight, history = trained()
    assert history[-1]["step"] == 76
    assert same_weights(straight, trained()[0])
    with pytest.raises(InterruptedError):
        trained(State(tmp_path / "state", code="0"), stop=40)
    assert same_weights(straight, trained(State(tmp_path / "state", code="0"))[0])
    assert "resumed at step 38" in caplog.messages


def translated_twice(module, settings, many):
    model, _ = loop.train(module, THIN, THICK, settings, seed=0, device="cuda")
    images = [loop.translate(model, many, THICK, seed=0, device="cuda").images for _ in range(2)]
    assert np.array_equal(*images)
    return model, images[0]


def test_a_cpu_translates_with_a_cyclegan_as_the_device_does(tmp_path):
    settings, many = replace(CYCLEGAN, steps=30), strokes(2, 503)  # a chunk of 500 and one of three
    model, there = translated_twice(cyclegan, settings, many)
    save(tmp_path / "model", model, "cyclegan", settings, THIN.shape)
    here = load(tmp_path / "model", "cyclegan", cyclegan.model.Translator, cyclegan.Settings)
    apart = np.abs(loop.translate(here, many, THICK, seed=0).images.astype(int) - there)
    assert apart.max() <= 2
    assert np.quantile(apart, 0.99) <= 1


def test_a_warp_repeats_its_translations():
    # Not its training; and a CPU draws others to borrow from.
    _, there = translated_twice(warp, replace(WARP, steps=30), strokes(2, 503))
    assert (there.std(axis=(1, 2)) > 0).all()


@pytest.mark.parametrize(
    "module", [harvest, randomised, patchgan], ids=["harvest", "randomised", "patchgan"]
)
def test_photographs_are_translated_on_cuda(module):
    shape = Shape(32, 24, 3, 10)
    rendered, real = patches(shape, 40, masks=True), patches(shape, 30)
    settings = module.Settings(**({"steps": 4, "average": 0.0} if module is patchgan else {}))
    made = []
    for _ in range(2):
        model, _ = loop.train(module, rendered, real, settings, seed=0, device="cuda")
        made.append(loop.translate(model, rendered, real, seed=0, device="cuda").images)
    assert made[0].shape == rendered.images.shape
    assert np.array_equal(*made)
    assert not np.array_equal(made[0], rendered.images)
