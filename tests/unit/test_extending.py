"""The learner of docs/extending.md works as it stands there."""

import importlib
import sys

import numpy as np
import pytest
import torch

from realink import learners
from realink.declared import LEARNERS
from realink.errors import InputError
from realink.images.imagesets import ImageSet
from realink.learners.job import Job
from realink.learners.whole import Classifier
from realink.plan import grid
from realink.settings import settings_from
from realink.store.checkpoints import save
from realink.store.reader import Reader
from realink.training import augmentation
from tests.learner_template import NAME, files

POLICY = augmentation.Settings(
    rotation=5, scale=0.1, aspect=0, shear=0, shift=1, elastic=0, smoothness=4
)


@pytest.fixture
def pixels(tmp_path, monkeypatch):
    """The two files, where learners are; they are forgotten afterwards."""
    (tmp_path / NAME).mkdir()
    for name, text in files().items():
        (tmp_path / NAME / name).write_text(text)
    monkeypatch.setattr(learners, "__path__", [*learners.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    torch.set_num_threads(1)
    yield LEARNERS.load(NAME)
    for module in [one for one in sys.modules if one.startswith(f"{learners.__name__}.{NAME}")]:
        del sys.modules[module]


def images(n: int, seed: int, light: int = 0) -> ImageSet:
    """Bright in their left or their right half."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 100, (n, 16, 18, 3), np.uint8) + np.uint8(light)
    labels = np.arange(n) % 2
    for image, label in zip(pixels, labels, strict=True):
        image[:, 9 * label : 9 * label + 9] += 100
    return ImageSet(pixels, labels, ("left", "right"))


def job(module, mix: str, **settings) -> Job:
    complete = LEARNERS.complete(NAME, settings)
    config = {
        "learner_settings": {NAME: complete},
        "synthetic": "all",
        "rendered": {"count": 30},
        "real_share": {"default": 0.5},
        "epochs": None,
    }
    recipe = grid.recipe(config, NAME, mix, 10, 1)
    return Job(
        recipe=recipe,
        settings=settings_from(module.Settings, complete),
        validation=images(20, 3),
        real=images(10, 1) if recipe.real else None,
        synthetic=images(30, 2, light=50) if recipe.synthetic != "none" else None,
        unlabelled=None,
        policy=POLICY,
        judged=None,
        teacher=None,
        seed=1,
        device="cpu",
    )


@pytest.mark.parametrize(
    ("mix", "share"), [("real", 1.0), ("rendered", 0.0), ("real-rendered-aug", 0.5)]
)
def test_it_learns_from_each_kind_of_mix(pixels, mix, share):
    test = images(40, 4)
    first, again = (pixels.model.fit(job(pixels, mix, steps=100)) for _ in range(2))
    assert first.real_share == share
    scores = pixels.model.predict(first.network, test)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores.sum(1), 1, atol=1e-5)
    assert (scores.argmax(1) == test.labels).mean() > 0.9
    np.testing.assert_array_equal(scores, pixels.model.predict(again.network, test))
    assert pixels.model.predict(first.network, test.take(slice(0))).shape == (0, 2)


def test_what_it_learned_can_be_handed_on(pixels, tmp_path):
    asked, test = job(pixels, "real", steps=20), images(40, 4)
    network = pixels.model.fit(asked).network
    save(tmp_path / "model.safetensors", network, NAME, asked.settings, network.shape)
    found = Classifier(tmp_path / "model.safetensors")
    scores = pixels.model.predict(network, test)
    np.testing.assert_array_equal(found.scores(test.images), scores)
    known = found.features(images(40, 3).images)
    content = found.to_onnx({"classes": test.classes, "images": {}}, temperature=1.0, known=known)
    read = Reader(content).predict(test.images)
    np.testing.assert_allclose(read, scores, atol=1e-5)


def test_it_refuses_what_it_does_not_do(pixels):
    with pytest.raises(
        InputError, match="`mixes`: the learner pixels does not do real-rendered-noise"
    ):
        pixels.model.fit(job(pixels, "real-rendered-noise"))
    with pytest.raises(InputError, match="`learner_settings: pixels:`: steps: 0 is not at least 1"):
        LEARNERS.complete(NAME, {"steps": 0})
