"""The classifier that is given away: trained on all labelled images, by what was chosen before."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from realink.commands.final import train_final
from realink.declared import LEARNERS
from realink.images.imagesets import ImageSet
from realink.learners import final
from realink.learners.frozen import model as frozen
from realink.learners.whole import Classifier
from realink.plan import grid
from realink.store.checkpoints import save
from realink.store.files import read_json, write_images, write_json
from realink.translation import loop
from tests import made_up

CLASSES = ("dark", "light", "odd")


def pictures(n, seed, side=32):
    """Pictures of three kinds that a linear head on features tells apart."""
    random = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    pixels = random.integers(0, 90, (n, side, side, 3), dtype=np.uint8)
    pixels[labels == 1] += 120
    pixels[labels == 2, :, side // 2 :] += 120
    return ImageSet(pixels, labels, CLASSES)


def network(penalty, mirrored):
    made = frozen.Network(LEARNERS.load("frozen").Settings(), pictures(3, 0).shape)
    made.head(torch.zeros(1, 1552))
    made.penalty.fill_(penalty)
    made.mirrored.fill_(mirrored)
    return made


def test_the_median_of_what_validation_chose():
    for penalties, mirrors, median, most in (
        ((0.1, 0.01, 0.03), (True, True, False), 0.03, 1.0),
        ((0.1, 0.01), (True, False), 0.1, 0.0),
        ((0.3,), (True,), 0.3, 1.0),
    ):
        given = [network(*one) for one in zip(penalties, mirrors, strict=True)]
        found = frozen.chosen(given)
        assert found == {"penalty": pytest.approx(median), "mirrored": most}


def test_without_validation_what_was_chosen_is_used():
    real, penalties = pictures(30, 1), []
    settings = LEARNERS.load("frozen").Settings(views=2)
    cell = made_up.recipe("real-aug", 30, learner="frozen", replicate=0)
    options = {"policy": None, "seed": 1, "device": "cpu", "report": lambda *_: None}
    for penalty in frozen.PENALTIES:

        class Model:
            """As if all of the study's classifiers had chosen so."""

            chosen = staticmethod(lambda _, own=penalty: {"penalty": own, "mirrored": 1.0})

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(frozen, "chosen", Model.chosen)
            made, share, chosen = final.fit([cell], settings, real, None, None, like=[], **options)
        penalties.append(float(made.penalty))
        assert bool(made.mirrored)
        assert (share, chosen["penalty"]) == (1, penalty)
    assert penalties == pytest.approx(frozen.PENALTIES)
    held_out = pictures(12, 2)
    whole = frozen.whole(made).eval()
    with torch.inference_mode():
        light = torch.from_numpy(held_out.images).permute(0, 3, 1, 2).float() / 255
        assert (whole(light).argmax(1).numpy() == held_out.labels).mean() > 0.9


def config():
    return made_up.settings(
        counts=[10, 20],
        mixes=["real", "rendered", "real-rendered", "real-randomised-aug"],
        synthetic="all",
        learner_settings={"small": {"steps": 30, "batch_size": 8}, "frozen": {}},
    )


def test_recipes_hold_all_labelled_images_and_the_counts_own_synthetic_ones():
    found = grid.final(config(), 64)
    assert set(found) == {
        "small:real", "small:rendered", "small:real-rendered", "small:real-randomised-aug",
    }  # fmt: skip
    ((cell,),) = [found["small:real-rendered"]]
    assert (cell.n_real, cell.n_synthetic, cell.replicate, cell.steps) == (64, 100, 0, 30)
    # Passes over the images that it holds.
    passes = grid.final(config() | {"epochs": 2}, 64)["small:real"]
    assert passes[-1].steps == 16


def test_a_student_comes_after_its_teacher():
    asked = config() | {"mixes": ["real", "real-pseudo"]}
    asked["unlabelled"] = {"source": "pool", "directory": "", "count": None}
    found = grid.final(asked, 64)
    assert [cell.mix for cell in found["small:real-pseudo"]] == ["real", "real-pseudo"]
    assert [cell.mix for cell in found["small:real"]] == ["real"]


@pytest.fixture
def made(tmp_path):
    """What `train_final` made of a study that advises what saw all labelled images, and how."""
    config_ = config()
    module = LEARNERS.load("small")
    knobs = module.Settings(steps=30, batch_size=8, width=2)
    write_json(tmp_path / "answer.json", {"recommended": [{"mix": "real-randomised-aug"}]})
    rendered = pictures(40, 3)
    masks = np.where(rendered.images[..., 0] > 100, 255, 0).astype(np.uint8)
    write_images(
        tmp_path / "rendered.safetensors", replace(rendered, masks=masks, colours=rendered.images)
    )
    sets = {name: tmp_path / f"{name}.safetensors" for name in ("pool", "validation")}
    write_images(sets["pool"], pictures(20, 1))
    write_images(sets["validation"], pictures(10, 2))
    pattern = str(tmp_path / "{learner}-{mix}-{n}-{replicate}.safetensors")
    for replicate in (1, 2):
        net = module.model.Network(knobs, rendered.shape)
        names = {"learner": "small", "mix": "real-randomised-aug", "n": 20}
        path = Path(pattern.format(**names, replicate=replicate))
        save(path, net, "small", knobs, rendered.shape)
    recipes = {
        name: [cell._asdict() for cell in own] for name, own in grid.final(config_, 30).items()
    }
    own = {"steps": 30, "batch_size": 8, "width": 2}
    arguments = {
        "study": "s",
        "answer": tmp_path / "answer.json",
        "recipes": json.dumps(recipes),
        "every_learner": ["small"],
        "every_translator": ["randomised"],
        "learner_settings": json.dumps(dict.fromkeys(recipes, own)),
        "translator_settings": json.dumps({"randomised": {}}),
        "augmentation": json.dumps(made_up.AUGMENTATION),
        "classifier": pattern,
        "replicates": 2,
        "n": 20,
        "real": list(sets.values()),
        "seed": 1,
        "rendered": tmp_path / "rendered.safetensors",
        "device": "cpu",
    }
    return arguments, tmp_path


def test_the_advised_mix_is_trained_on_all_sets(made, monkeypatch):
    arguments, root = made
    seen = []
    train = loop.train

    def watched(module, rendered, real, *rest, **options):
        seen.append(len(real))
        return train(module, rendered, real, *rest, **options)

    monkeypatch.setattr(loop, "train", watched)
    for name in ("one", "two"):
        train_final(**arguments, model=root / f"{name}.st", record=root / f"{name}.json")
    assert seen == [30, 30]
    assert (root / "one.st").read_bytes() == (root / "two.st").read_bytes()
    record = read_json(root / "one.json")
    asked = {"mix": "real-randomised-aug", "n_real": 30, "n_synthetic": 40, "chosen": {}}
    assert asked.items() <= record.items()
    assert Classifier(root / "one.st").scores(pictures(5, 9).images).shape == (5, 3)
