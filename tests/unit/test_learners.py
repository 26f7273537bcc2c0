"""Learners: what they learn, repeat, choose and say; and that their whole is what they are."""

import logging

import numpy as np
import pytest
import safetensors.torch
import timm
import torch

from realink.commands.encode import encode
from realink.declared import LEARNERS
from realink.images.features import Features
from realink.images.imagesets import ImageSet, Shape
from realink.learners import linear
from realink.learners.frozen.model import PENALTIES, PENALTY, fitted
from realink.learners.job import Job
from realink.learners.whole import Classifier, batches
from realink.seeds import seed_for
from realink.store.checkpoints import save
from realink.store.features import read_features
from realink.store.files import write_images
from realink.store.reader import Reader
from realink.store.sets import read_sets
from tests import made_up

SHAPE = Shape(32, 32, 3, 3)
CLASSES = ("left", "middle", "right")
NOTHING = dict.fromkeys(["real", "synthetic", "unlabelled", "policy", "judged", "teacher"])


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


def clusters(n: int, seed: int, *, views: int = 1, apart: float = 1.0, d: int = 40) -> Features:
    """Features of three classes, `apart` from each other; further views are as the first."""
    random = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    centres = apart * np.random.default_rng(0).normal(size=(3, d))
    values = centres[labels] + random.normal(size=(views, n, d))
    return Features(values.astype(np.float16), labels, CLASSES, SHAPE)


def job(learner: str, mix: str = "real", *, settings=None, seed=1, report=None, **given) -> Job:
    """A job of a learner; `given`: its sets, and what of its recipe differs."""
    sets = {name: given.pop(name) for name in list(given) if name in {*NOTHING, "validation"}}
    n = len(sets["real"]) if sets.get("real") is not None else 0
    return Job(
        recipe=made_up.recipe(mix, n, learner=learner, **given),
        settings=LEARNERS.declared(learner).Settings(**settings or {}),
        seed=seed,
        device="cpu",
        report=report,
        **NOTHING | sets,
    )


def errors(learner: str, network, images) -> float:
    scores = LEARNERS.load(learner).model.predict(network, images)
    return float((scores.argmax(1) != images.labels).mean())


def content(network) -> list[bytes]:
    return [value.numpy().tobytes() for value in network.state_dict().values()]


def fit(asked: Job):
    return LEARNERS.load(asked.recipe.learner).model.fit(asked)


# --- frozen ---------------------------------------------------------------------------------------


def test_frozen_learns_from_few_features_and_repeats_itself():
    few, test = clusters(12, 1), clusters(600, 2)
    asked = {"real": few, "validation": clusters(60, 3)}
    once, again, other = (fit(job("frozen", **asked, seed=seed)) for seed in (1, 1, 2))
    assert errors("frozen", once.network, test) < 0.05
    assert content(once.network) == content(again.network)
    # Nothing in it is random, so that a seed changes nothing.
    assert content(once.network) == content(other.network)
    scores = LEARNERS.load("frozen").model.predict(once.network, test)
    assert (scores.shape, scores.dtype) == ((600, 3), np.float32)
    np.testing.assert_allclose(scores.sum(1), 1, atol=1e-5)
    assert once.real_share == 1
    assert not once.network.training


def test_the_penalty_is_what_validation_images_choose():
    few = clusters(30, 1, apart=0.3)
    noisy = Features(few.values, np.random.default_rng(0).permutation(few.labels), CLASSES, SHAPE)
    chosen = {}
    # Labels that the features say nothing of want the strongest penalty, clear ones a weak one.
    for name, train, validation in (
        ("noise", noisy, clusters(300, 2, apart=0.3)),
        ("clear", clusters(300, 1, apart=4), clusters(300, 2, apart=4)),
    ):
        found = fitted([train], validation, None)
        losses = []
        for penalty in PENALTIES:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("realink.learners.frozen.model.PENALTIES", (penalty,))
                losses.append(fitted([train], validation, None).loss)
        assert found.loss == pytest.approx(min(losses), abs=0.02)
        chosen[name] = found.penalty
    assert chosen["noise"] == max(PENALTIES)
    assert chosen["clear"] < PENALTY


def test_without_validation_images_the_penalty_is_the_one_in_the_middle():
    nobody = clusters(0, 1, views=2)
    found = fitted([clusters(30, 1, views=4)], nobody, None)
    assert found.penalty == PENALTY
    assert not found.mirrored
    made = fit(job("frozen", "real-aug", real=clusters(30, 1, views=4), validation=nobody))
    assert errors("frozen", made.network, clusters(300, 2, views=2)) < 0.1


def test_path_is_logistic_regression():
    """Held to scipy's own descent on the same loss, written another way."""
    from scipy.optimize import minimize

    few, penalty = clusters(60, 1, d=3), 0.1
    rows = few.values[0].astype(np.float64)
    weights = np.full(60, 1 / 60)
    ((_, found),) = linear.path(torch.tensor(rows).float(), few.labels, weights, 3, [penalty])

    def loss(flat):
        own = flat.reshape(4, 3)
        scores = rows @ own[:-1] + own[-1]
        logs = scores - np.log(np.exp(scores).sum(1, keepdims=True))
        return -logs[np.arange(60), few.labels].mean() + penalty / 2 * np.square(own[:-1]).sum()

    expected = minimize(loss, np.zeros(12)).x.reshape(4, 3)
    np.testing.assert_allclose(found[:-1], expected[:-1], atol=0.01)
    assert loss(found.double().numpy().ravel()) == pytest.approx(loss(expected.ravel()), rel=1e-4)


def arrows(n: int, seed: int, *, harmful: bool) -> Features:
    """Features of arrows: where mirroring does harm, a mirrored left one is as a right one."""
    as_it_is = clusters(n, seed, apart=1.5)
    labels = 2 - as_it_is.labels if harmful else as_it_is.labels
    centres = 1.5 * np.random.default_rng(0).normal(size=(3, 40))
    mirrored = centres[labels] + np.random.default_rng(seed + 100).normal(size=(n, 40))
    values = np.stack([as_it_is.values[0], mirrored.astype(np.float16)])
    return Features(values, as_it_is.labels, CLASSES, SHAPE)


@pytest.mark.parametrize("harmful", [False, True])
def test_mirror_images_serve_only_where_validation_images_want_them(harmful):
    train, held_out, test = (arrows(n, n, harmful=harmful) for n in (12, 90, 600))
    found = fit(job("frozen", "real-aug", real=train, validation=held_out))
    assert bool(found.network.mirrored) is not harmful
    assert errors("frozen", found.network, test) < 0.05
    scores = LEARNERS.load("frozen").model.predict(found.network, test)
    as_it_is = found.network(torch.from_numpy(test.values[0])).softmax(1)
    assert np.allclose(scores, as_it_is.detach(), atol=1e-5) is harmful


def test_a_mix_without_augmentation_knows_no_mirror_images():
    made = fit(job("frozen", real=clusters(30, 1), validation=clusters(30, 2)))
    assert not made.network.mirrored


def test_synthetic_images_have_the_weight_that_real_ones_leave(monkeypatch):
    seen = []

    def path(features, labels, weights, *rest):
        seen.append((len(features), weights))
        return original(features, labels, weights, *rest)

    original = linear.path
    monkeypatch.setattr(linear, "path", path)
    given = {"real": clusters(6, 1, views=3), "synthetic": clusters(50, 2)}
    given |= {"validation": clusters(9, 3, views=2), "n_synthetic": 20}
    made = fit(job("frozen", "real-rendered-aug", **given, real_share=0.7))
    (n, weights), (with_mirrored, also) = seen
    # Two views without the mirrored one, three with it; of 50 synthetic images, the 20 asked for.
    assert (n, with_mirrored) == (2 * 6 + 20, 3 * 6 + 20)
    assert weights[:12].sum() == pytest.approx(0.7)
    assert weights[12:].sum() == pytest.approx(0.3)
    assert also[:18].sum() == pytest.approx(0.7)
    assert len(np.unique(weights[:12])) == len(np.unique(weights[12:])) == 1
    assert made.real_share == 0.7
    # All equally often: each image weighs the same, in however many views.
    seen.clear()
    made = fit(job("frozen", "real-rendered-aug", **given))
    assert seen[0][1][:12].sum() == pytest.approx(6 / 26)
    assert made.real_share == pytest.approx(6 / 26)


def test_synthetic_images_alone_are_learned_from():
    given = {"synthetic": clusters(60, 1), "validation": clusters(30, 2), "n_synthetic": 40}
    made = fit(job("frozen", "rendered", **given))
    assert errors("frozen", made.network, clusters(300, 3)) < 0.1
    assert made.real_share == 0


@pytest.mark.parametrize("learner", ["frozen"])
def test_a_missing_class_and_few_validation_images_are_noted_and_work(learner, caplog):
    caplog.set_level(logging.WARNING)
    some = clusters(30, 1)
    two = some.take(np.flatnonzero(some.labels != 1))
    made = fit(job(learner, real=two, validation=clusters(2, 2)))
    assert "note: 2 validation images for 3 classes" in caplog.text
    assert "note: no image of 1 classes, middle among them, is trained on" in caplog.text
    test = clusters(300, 3)
    assert errors(learner, made.network, test.take(np.flatnonzero(test.labels != 1))) < 0.1
    caplog.clear()
    fit(job(learner, real=some, validation=clusters(3, 2)))
    assert caplog.text == ""


# --- features on disk, and what is made of them


def pictures(n: int, seed: int, channels: int = 3) -> ImageSet:
    """Noisy pictures whose classes are where they are light: left, nowhere or right."""
    random = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    pixels = random.integers(0, 90, (n, 32, 32, 3), np.uint8)
    pixels[labels == 0, :, :12] += 120
    pixels[labels == 2, :, 20:] += 120
    return ImageSet(pixels if channels == 3 else pixels[..., 0], labels, CLASSES)


SETTINGS = {"small": {"steps": 30, "batch_size": 16, "width": 4}, "finetuned": {"steps": 12}}


def seen(learner: str, images: ImageSet, root, views=range(1), of="real/pool") -> Features:
    """What `encode` makes of images, in some views."""
    write_images(root / "images.safetensors", images)
    paths = [root / f"view{view}.safetensors" for view in views]
    for view, path in zip(views, paths, strict=True):
        encode(
            learner=learner, settings="{}", images=root / "images.safetensors", images_of=of,
            view=view, seed=1, output=path, device="cpu",
        )  # fmt: skip
    return read_features(paths)


def test_the_features_drawn_are_those_of_the_images_drawn(tmp_path):
    pool = pictures(20, 1)
    whole = seen("frozen", pool, tmp_path, range(2))
    cell = made_up.recipe("real-aug", 7, learner="frozen")._replace(replicate=2)
    paths = {"real": [tmp_path / f"view{view}.safetensors" for view in range(2)]}
    features = read_sets("frozen", 0, paths, cell, seed=5)["real"]
    images = pool.draw(7, seed_for(5, "draw", 2))  # as draw_real does
    assert (features.labels == images.labels).all()
    places = [int(np.flatnonzero((pool.images == i).all((1, 2, 3)))[0]) for i in images.images]
    np.testing.assert_array_equal(features.values, whole.values[:, places])
    assert len(set(places)) == 7


def test_views_are_the_images_mirrored_and_augmented(tmp_path):
    images = pictures(6, 1)
    views = seen("frozen", images, tmp_path, range(4)).values.astype(np.float32)
    mirrored = ImageSet(images.images[:, :, ::-1].copy(), images.labels, CLASSES)
    other = seen("frozen", mirrored, tmp_path).values.astype(np.float32)
    np.testing.assert_allclose(views[1], other[0], atol=0.02)
    assert all(np.abs(views[a] - views[b]).mean() > 0.01 for a in range(4) for b in range(a))
    again = seen("frozen", images, tmp_path, range(4)).values
    assert again.astype(np.float32).tobytes() == views.tobytes()


def test_of_synthetic_images_some_are_seen_and_of_none_none(tmp_path):
    images = pictures(9, 1)
    write_images(tmp_path / "images", images)
    given = {"learner": "frozen", "settings": '{"synthetic": 4}', "images": tmp_path / "images"}
    given |= {"view": 0, "seed": 1, "output": tmp_path / "out", "device": "cpu"}
    encode(**given, images_of="rendered/images")
    assert len(read_features([tmp_path / "out"])) == 4
    encode(**given, images_of="real/pool")
    assert len(read_features([tmp_path / "out"])) == 9
    write_images(tmp_path / "images", images.take(slice(0)))
    encode(**given, images_of="real/validation")
    nobody = read_features([tmp_path / "out"])
    assert (len(nobody), nobody.values.shape[2]) == (0, 1552)


# --- finetuned ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def maps(tmp_path_factory):
    """What finetuned reads of pictures to train on, in three views, and of held out ones in two."""
    root = tmp_path_factory.mktemp("maps")
    return seen("finetuned", pictures(24, 1), root, range(3)), seen(
        "finetuned", pictures(18, 2), root, range(2), "real/validation"
    )


def test_finetuned_learns_and_repeats_itself(maps):
    train, held_out = maps
    told = []

    def report(step, steps, entry):
        told.append(entry["loss"])

    knobs = {"steps": 20, "batch_size": 8, "learning_rate": 0.002}
    # Without validation images nothing but the end of the training is kept.
    few = {"real": train, "validation": held_out.take(slice(0)), "settings": knobs}
    once = fit(job("finetuned", "real-aug", report=report, **few))
    assert len(told) == 20
    assert np.mean(told[-5:]) < np.mean(told[:5])
    assert errors("finetuned", once.network, held_out) < 0.2
    again, other = (fit(job("finetuned", "real-aug", seed=seed, **few)) for seed in (1, 2))
    assert content(once.network) == content(again.network)
    assert content(once.network) != content(other.network)
    scores = LEARNERS.load("finetuned").model.predict(once.network, held_out)
    assert (scores.shape, scores.dtype) == ((18, 3), np.float32)
    np.testing.assert_allclose(scores.sum(1), 1, atol=1e-5)
    assert not once.network.training


def test_finetuned_falls_back_to_its_start_where_training_did_harm(maps):
    train, held_out = maps
    wild = {"steps": 6, "batch_size": 8, "learning_rate": 3.0, "head_learning_rate": 3.0}
    made = fit(job("finetuned", real=train, validation=held_out, settings=wild))
    model = LEARNERS.load("finetuned").model
    with torch.random.fork_rng():
        start = model.Network(made.network.settings, held_out.shape)
        asked = job("finetuned", real=train, validation=held_out, settings=wild)
        model._start(start, [train], asked)
    for key, value in made.network.state_dict().items():
        assert key == "part" or torch.equal(value, start.state_dict()[key])
    assert made.network.part == 0
    assert errors("finetuned", made.network, held_out) < 0.2
    # The start is the head of frozen on the same features.
    width = start.width
    narrow = [Features(s.values[..., :width], s.labels, CLASSES, s.shape) for s in maps]
    frozen = fit(job("frozen", real=narrow[0], validation=narrow[1]))
    np.testing.assert_allclose(
        model.predict(start, held_out),
        LEARNERS.load("frozen").model.predict(frozen.network, narrow[1]),
        atol=5e-3,
    )


def test_finetuned_trains_on_no_mirrored_view_that_does_harm(maps):
    train, _ = maps
    model = LEARNERS.load("finetuned").model
    torch.manual_seed(0)
    for mirrored in (False, True):
        stream, drawn = model._stream(train, 8, mirrored=mirrored), []
        for _ in range(12):
            values, labels = next(stream)
            for row, label in zip(values.numpy(), labels.tolist(), strict=True):
                view, place = np.argwhere((train.values == row).all(2))[0]
                assert train.labels[place] == label
                drawn.append((int(view), int(place)))
        assert {view for view, _ in drawn} == ({0, 1, 2} if mirrored else {0, 2})
        times = np.bincount([place for _, place in drawn])
        assert set(times) == {4}  # each image equally often


def test_finetuned_of_synthetic_and_real_and_without_validation(maps):
    train, held_out = maps
    few = {"steps": 3, "batch_size": 8}
    both = {"real": train, "synthetic": held_out, "n_synthetic": 10, "real_share": 0.25}
    nobody = held_out.take(slice(0))
    made = fit(job("finetuned", "real-rendered-aug", settings=few, validation=nobody, **both))
    assert made.real_share == 0.25
    scores = LEARNERS.load("finetuned").model.predict(made.network, nobody)
    assert scores.shape == (0, 3)


# --- wholes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("learner", ["small", "frozen", "finetuned"])
def test_the_whole_is_what_was_trained_and_onnx_too(learner, channels, tmp_path):
    train, held_out = pictures(30, 1, channels), pictures(15, 2, channels)
    sets = train, held_out
    if learner != "small":
        sets = seen(learner, train, tmp_path, range(3)), seen(learner, held_out, tmp_path, range(2))
    mix = "real" if learner == "small" else "real-aug"
    knobs = SETTINGS.get(learner)
    made = fit(job(learner, mix, real=sets[0], validation=sets[1], settings=knobs))
    model = LEARNERS.load(learner).model
    expected = model.predict(made.network, sets[1])
    settings = LEARNERS.declared(learner).Settings(**knobs or {})
    save(tmp_path / "model", made.network, learner, settings, made.network.shape)
    whole = Classifier(tmp_path / "model")
    assert (whole.learner, whole.shape) == (learner, Shape(32, 32, channels, 3))
    found = whole.scores(held_out.images)
    # Features are kept as float16.
    np.testing.assert_allclose(found, expected, atol=1e-5 if learner == "small" else 1e-2)
    if learner != "small":
        given = model.whole(made.network).eval()
        with torch.inference_mode():
            apart = torch.cat([given(batch) for batch in batches(held_out.images)]).numpy() - found
        assert np.abs(apart).max() < 1e-6
    if learner == "finetuned":
        return
    record = {"classes": list(CLASSES), "images": {"height": 32, "width": 32, "channels": channels}}
    content = whole.to_onnx(record, temperature=1.0, known=whole.features(train.images))
    reader = Reader(content)
    for n in (1, 15):
        read = reader.predict(held_out.images[:n])
        np.testing.assert_allclose(read, found[:n], atol=1e-4)
    assert reader.classes == CLASSES


def test_a_transformers_last_blocks_are_trained_too(tmp_path):
    torch.manual_seed(0)
    weights = tmp_path / "vit.safetensors"
    safetensors.torch.save_file(timm.create_model("vit_tiny_patch16_224").state_dict(), weights)
    knobs = {"backbone": "vit_tiny_patch16_224", "weights": str(weights)}
    model = LEARNERS.load("finetuned").model
    encoder = model.Encoder(model.Settings(**knobs), SHAPE).eval()
    images = pictures(12, 1)
    with torch.inference_mode():
        rows = torch.cat([encoder(batch) for batch in batches(images.images)]).half().numpy()
    train = Features(np.stack([rows] * 3), images.labels, CLASSES, SHAPE)
    knobs |= {"steps": 2, "batch_size": 6}
    given = {"real": train, "validation": train.take(slice(0)), "settings": knobs}
    made = fit(job("finetuned", "real-aug", **given))
    assert model.predict(made.network, train).shape == (12, 3)
