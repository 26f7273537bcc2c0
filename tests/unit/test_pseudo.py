"""Pseudo-labels: which are taken, what learns from them, and how right they were."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from realink.answer.comparisons import references
from realink.answer.recommended import simplicity
from realink.answer.sentences import action
from realink.commands.classifier import train_classifier
from realink.errors import InputError
from realink.images.imagesets import ImageSet, Shape
from realink.page import look, tables
from realink.plan import grid
from realink.plan.mixes import Mix
from realink.scores.hidden import rightness
from realink.store.files import read_images, read_json, read_tensors, write_images
from realink.training import augmentation, pseudo
from tests import made_up

CLASSES = ("cat", "dog")
SETTINGS = {
    "steps": 4, "batch_size": 8, "optimiser": "muon", "muon_learning_rate": 0.07,
    "learning_rate": 0.1, "warmup_fraction": 0.3, "momentum": 0.9, "weight_decay": 0.0005,
    "label_smoothing": 0.05, "width": 2, "dropout": 0.05, "standardise": False,
}  # fmt: skip

POLICY = {
    "rotation": 10, "scale": 0.1, "aspect": 0.1, "shear": 0.1, "shift": 1, "elastic": 0.5,
    "smoothness": 4,
}  # fmt: skip


# --- which are taken ------------------------------------------------------------------------------


def test_the_surest_of_what_is_read_in_each_class_are_taken():
    sure = np.array([0.9, 0.6, 0.8, 0.7, 0.55, 0.95, 0.51, 0.52])
    first = np.array([1, 1, 1, 1, 0, 0, 0, 0], bool)  # four are read as each class
    probabilities = np.stack([np.where(first, sure, 1 - sure), np.where(first, 1 - sure, sure)], 1)
    half = np.arange(8) < 4
    # Each class is taken at its own level: 0.8 is left out where all are surer, 0.55 is not.
    assert pseudo.surest(probabilities, half).tolist() == [0, -1, 0, -1, 1, 1, -1, -1]
    assert pseudo.surest(probabilities, np.ones(8, bool)).tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    # One at least.
    assert pseudo.surest(probabilities[:1], np.zeros(1, bool)).tolist() == [0]


def test_no_class_counts_for_more_than_an_equal_part():
    # Six of eight are read as the second: it has an equal part, of which half are two.
    sure = np.linspace(0.4, 0.96, 8)
    crowded, half = np.stack([1 - sure, sure], 1), np.tile([True, False], 4)
    assert pseudo.surest(crowded, np.ones(8, bool)).tolist() == [0, 0, -1, -1, 1, 1, 1, 1]
    assert pseudo.surest(crowded, half).tolist() == [0, -1, -1, -1, -1, -1, 1, 1]


def test_a_rare_class_is_taken_by_what_is_read_alike_in_it():
    def taken(n: int, alike: int) -> int:
        """Of 100 images `n` are read as the first class, `alike` of these alike in all views."""
        sure = np.linspace(0.6, 0.99, 100)
        first = np.arange(100) < n
        probabilities = np.stack([np.where(first, sure, 1 - sure), np.where(first, 1 - sure, sure)])
        read_alike = np.where(first, np.arange(100) < alike, np.arange(100) < 90)
        return (pseudo.surest(probabilities.T, read_alike) == 0).sum()

    # Of an equal part, 50: a seventh and less than three quarters are rare, 38 are not.
    assert taken(7, 1) == 1
    assert taken(37, 10) == 10
    assert taken(38, 10) == np.ceil(0.62 * 38)
    # Its own share is no larger than that of all.
    assert taken(30, 30) == np.ceil(0.9 * 30)


class ByLight(torch.nn.Module):
    """Reads an image as the second class where it is lighter than grey."""

    shape = Shape(8, 8, 1, 2)

    def forward(self, images):
        light = images.mean((1, 2, 3))
        return torch.stack([torch.full_like(light, 0.5), light], 1)


def test_all_views_are_read_and_those_count_that_are_read_alike_in_each():
    policy = augmentation.Settings(**POLICY | {"brightness": 0.2})
    sure, torn = np.zeros((600, 8, 8), np.uint8), np.full((400, 8, 8), 128, np.uint8)
    assert pseudo.read(ByLight(), sure, policy, seed=1)[1].all()
    # One at the very edge is read alike in four views by a chance of one in 16.
    images = np.concatenate([sure, torn])
    before = torch.random.get_rng_state()
    probabilities, alike = pseudo.read(ByLight(), images, policy, seed=1)
    assert alike[:600].all()
    assert abs(alike[600:].mean() - 1 / 2**pseudo.VIEWS) < 0.05
    again, other = (pseudo.read(ByLight(), images, policy, seed=seed) for seed in (1, 3))
    assert (again[1] == alike).all()
    assert (other[1] != alike).any()
    np.testing.assert_array_equal(again[0], probabilities)
    assert torch.equal(torch.random.get_rng_state(), before)
    # The mean of the views: as it is, the darkest is surest; with more light it is less so.
    plain = ByLight()(torch.zeros(1, 1, 8, 8)).softmax(1).numpy()
    assert probabilities.shape == (1000, 2)
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-6)
    assert (probabilities[:600, 0] <= plain[0, 0] + 1e-6).all()
    assert (probabilities[:600, 0] < plain[0, 0] - 1e-3).mean() > 0.8
    assert len(np.unique(probabilities[:600, 0])) > 500


def test_of_many_images_some_are_read(monkeypatch):
    policy = augmentation.Settings(**POLICY)
    images = np.repeat(np.array([0, 255], np.uint8), 60)[:, None, None].repeat(8, 1).repeat(8, 2)
    assert set(pseudo.label(ByLight(), images, policy, seed=1)) == {0, 1}
    monkeypatch.setattr(pseudo, "ASKED", 50)
    labels, other = (pseudo.label(ByLight(), images, policy, seed=seed) for seed in (1, 2))
    assert (labels == pseudo.UNASKED).sum() == 70
    assert (labels[:60] <= 0).all()
    assert set(labels[60:]) <= {1, pseudo.NONE, pseudo.UNASKED}
    assert (labels != other).any()
    assert (labels == pseudo.label(ByLight(), images, policy, seed=1)).all()
    # Of these alone, and of them in turn no more than that.
    few = np.array([3, 90, 4, 5, 70])
    of_few = pseudo.label(ByLight(), images, policy, seed=1, among=few)
    assert (np.flatnonzero(of_few != pseudo.UNASKED) == np.sort(few)).all()
    many = pseudo.label(ByLight(), images, policy, seed=1, among=np.arange(10, 110))
    assert (many[10:110] != pseudo.UNASKED).sum() == 50
    assert (many[[*range(10), *range(110, 120)]] == pseudo.UNASKED).all()


def test_labelled_images_count_as_much_as_pseudo_labelled_ones_or_ten_times_one_of_these():
    images = made_up.images(100, CLASSES)
    unlabelled = ImageSet(images.images, None, CLASSES)
    labels = np.full(100, 1, np.int32)
    labels[:4] = [0, pseudo.NONE, pseudo.UNASKED, 0]
    own = pseudo.taught(None, unlabelled, labels)
    assert own.labels.tolist() == [0, 0, *[1] * 96]
    np.testing.assert_array_equal(own.images, images.images[[0, *range(3, 100)]])
    for n, times in (1, 10), (9, 10), (20, 5), (60, 2), (98, 1), (300, 1):
        real = made_up.images(n, CLASSES, 1)
        both = pseudo.taught(real, unlabelled, labels)
        assert len(both) == 98 + n * times
        np.testing.assert_array_equal(both.labels, [*np.tile(real.labels, times), *own.labels])
        np.testing.assert_array_equal(both.images[-98:], own.images)


def test_right_ones_are_counted_without_those_whose_labels_were_known():
    hidden = made_up.images(6, CLASSES)  # labels 0 1 0 1 0 1
    table = rightness(np.array([0, 0, -1, 1, 0, 1]), hidden, hidden.take(np.array([4])))
    unread = np.array([0, 0, -2, 1, 0, 1])
    assert rightness(unread, hidden, hidden.take(np.array([4])))["there"].tolist() == [1, 3]
    assert table.to_dict("list") == {
        "label": list(CLASSES), "there": [2, 3], "taken": [2, 2], "right": [1, 2],
    }  # fmt: skip
    rows = table.assign(mix="m", n_real=1, replicate=1, round=2)
    whole = rows.assign(n_real=6, there=0, taken=0, right=0)  # nothing is left to label
    rows = pd.concat([rows, whole])
    assert tables.pseudo_labels(rows) == [
        ("m", 1, 2, *(f"{n}\N{NO-BREAK SPACE}%" for n in ("80.0", "75.0")),
         "cat: 50.0\N{NO-BREAK SPACE}%"),
    ]  # fmt: skip


# --- the mix --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "mix"),
    [
        ("real-pseudo-aug", Mix(None, True, True, pseudo=True)),
        ("harvest-pseudo-aug", Mix("harvest", False, True, pseudo=True)),
        ("real-harvest-pseudo-aug", Mix("harvest", True, True, pseudo=True)),
        ("real-rendered-pseudo-5epochs", Mix("rendered", True, budget="5epochs", pseudo=True)),
        (
            "rendered-pseudo-aug-550unlabelled",
            Mix("rendered", False, True, pseudo=True, unlabelled=550),
        ),
        ("real-pseudo-5epochs-1unlabelled", Mix(None, True, False, None, "5epochs", True, 1)),
        ("0unlabelled", Mix("0unlabelled", False)),
        ("pseudo", Mix("pseudo", False)),
    ],
)
def test_a_label_is_read_and_written(name, mix):
    assert Mix.parse(name) == mix
    assert mix.name == name


def test_it_is_compared_with_the_same_without_pseudo_labels_and_without_rendered_images():
    mix = Mix.parse("real-harvest-pseudo-aug")
    assert [one.name for one in references(mix)] == [
        "real-aug", "real-rendered-pseudo-aug", "real-randomised-pseudo-aug", "real-pseudo-aug",
        "real-harvest-aug", "real-harvest-pseudo",
    ]  # fmt: skip
    assert not mix.is_variant
    # It is no baseline, though it has no rendered images: it has a worth.
    alone = Mix.parse("real-pseudo-aug")
    assert not alone.is_baseline
    assert alone.source is None  # it takes no synthetic image
    assert grid.n_synthetic({"synthetic": {"total": 100}}, alone, 55) == 0
    assert [one.name for one in references(alone)] == ["real-aug", "real-pseudo"]


def test_with_few_images_it_is_compared_with_the_same_of_all_and_of_as_few():
    mix = Mix.parse("real-harvest-pseudo-aug-550unlabelled")
    assert [one.name for one in references(mix)] == [
        "real-aug", "real-rendered-pseudo-aug-550unlabelled",
        "real-randomised-pseudo-aug-550unlabelled", "real-pseudo-aug-550unlabelled",
        "real-harvest-aug", "real-harvest-pseudo-aug", "real-harvest-pseudo-550unlabelled",
    ]  # fmt: skip
    assert mix.is_variant  # tables have it, curves do not


def test_its_batches_are_half_real_and_more_beside_labelled_images():
    assert Mix.parse("harvest-pseudo").real_share(0, 1000, 0.5) == 0.5
    assert Mix.parse("real-harvest-pseudo").real_share(55, 1000, 0.5) == 0.75
    assert Mix.parse("real-harvest-pseudo").real_share(900, 1000, 0.8) == 0.9
    assert Mix.parse("real-pseudo").real_share(55, 1000, 0.5) == "concatenate"
    assert Mix.parse("harvest-pseudo").real_share(55, 1000, "concatenate") == "concatenate"


def test_it_takes_more_than_any_single_training():
    names = ["real-aug", "real-rendered-aug", "real-harvest-aug", "real-pseudo-aug",
             "real-rendered-pseudo-aug", "harvest-aug", "harvest-pseudo-aug"]  # fmt: skip
    assert sorted(names, key=lambda name: simplicity(Mix.parse(name))) == names
    assert action(Mix.parse("real-pseudo-aug")) == "augment them, then pseudo-label the unlabelled"


def test_it_looks_like_no_other():
    names = ["real", "real-pseudo", "real-harvest", "real-harvest-pseudo", "harvest"]
    assert len({look.of(name) for name in [*names, "harvest-pseudo"]}) == 6


# --- training -------------------------------------------------------------------------------------


@pytest.fixture
def train(tmp_path):
    """Train one mix of noise; give its tensors, record and the bytes of its network."""
    held_out = made_up.images(6, CLASSES, 5)
    for name, images in {
        "real": made_up.images(8, CLASSES, 1),
        "synthetic": made_up.images(20, CLASSES, 2),
        "unlabelled": ImageSet(made_up.images(12, CLASSES, 3).images, None, CLASSES),
        "validation": held_out,
        "test": held_out,
    }.items():
        write_images(tmp_path / name, images)

    def trained(mix: str, n: int, teacher: str | None = None, policy: dict = POLICY):
        parsed, folder = Mix.parse(mix), tmp_path / "trained" / mix
        parts = {"real": parsed.real, "synthetic": parsed.source, "unlabelled": parsed.pseudo}
        share = 0.5 if parsed.source and (parsed.real or parsed.pseudo) else "concatenate"
        train_classifier(
            study="s", learner="small", settings=json.dumps(SETTINGS), seed=1,
            recipe=json.dumps(made_up.recipe(mix, n, real_share=share)._asdict()),
            augmentation=json.dumps(policy if parsed.pseudo or parsed.augmented else None),
            device="cpu",
            validation=[tmp_path / "validation"], test=[tmp_path / "test"],
            checkpoint=folder / "model", scores=folder / "scores", metrics=folder / "metrics",
            teacher=None if teacher is None else tmp_path / "trained" / teacher / "model",
            **{name: [tmp_path / name] for name, holds in parts.items() if holds},
        )  # fmt: skip
        tensors, record = read_tensors(folder / "scores")[0], read_json(folder / "metrics")
        return tensors, record, (folder / "model").read_bytes()

    return trained


@pytest.mark.parametrize("mix", ["real-pseudo", "harvest-pseudo", "real-harvest-pseudo"])
def test_a_student_learns_anew_in_each_round(train, mix):
    teacher = Mix.parse(mix).supervised.name
    n = 8 if Mix.parse(mix).real else 0
    plain, record, taught = train(teacher, n)
    assert plain.keys() == {"validation", "test"}
    tensors, own, student = train(mix, n, teacher)
    rounds = {"pseudo_labels_1", "pseudo_labels_2"}
    assert tensors.keys() == {"validation", "test", "unlabelled", *rounds}
    assert tensors["unlabelled"].shape == (12, 2)
    assert {tensors[name].shape for name in rounds} == {(12,)}
    assert student != taught
    assert own.keys() == record.keys()
    assert train(mix, n, teacher)[2] == student  # and the same each time


def test_a_student_of_few_unlabelled_images_sees_the_same_few_in_each_round(train):
    train("real", 8)
    read = {}
    for few in 3, 6:
        tensors = train(f"real-pseudo-{few}unlabelled", 8, "real")[0]
        seen = [tensors[f"pseudo_labels_{number}"] != pseudo.UNASKED for number in (1, 2)]
        assert (seen[0] == seen[1]).all()
        assert seen[0].sum() == few
        read[few] = seen[0]
    assert not (read[3] & ~read[6]).any()  # the more hold the fewer
    with pytest.raises(InputError, match=r"real-pseudo-13unlabelled asks for .* the 12 there"):
        train("real-pseudo-13unlabelled", 8, "real")


def test_views_choose_labels_and_an_unaugmented_mix_trains_without_them(train, monkeypatch):
    train("real-aug", 8)
    train("real", 8)
    still = dict.fromkeys(POLICY, 0) | {"smoothness": 4}
    shares, surest = [], pseudo.surest
    monkeypatch.setattr(
        pseudo, "surest", lambda p, alike: shares.append(alike.mean()) or surest(p, alike)
    )
    # What never changes is always read alike.
    _, record, student = train("real-pseudo", 8, "real", still)
    assert shares == [1, 1]
    assert not record["augmented"]
    # The same labels, of views alone: these do not train.
    assert train("real-pseudo", 8, "real", still | {"smoothness": 5})[2] == student
    assert train("real-pseudo-aug", 8, "real-aug")[1]["augmented"]


def test_no_label_of_an_unlabelled_image_can_be_read(train, tmp_path):
    train("real", 8)
    read_images(tmp_path / "unlabelled", labelled=False)
    before = train("real-pseudo", 8, "real")[2]
    # A file with labels would be refused by nothing, so it must make no difference either.
    write_images(tmp_path / "unlabelled", made_up.images(12, CLASSES, 3))
    assert train("real-pseudo", 8, "real")[2] == before


def test_the_page_says_how_many_are_read():
    template = Path(tables.__file__).parent / "templates/report.html.jinja"
    assert f"({pseudo.ASKED:,} at most," in template.read_text()


def test_the_page_has_a_row_a_round():
    rows = pd.DataFrame(
        {"mix": "harvest-pseudo", "n_real": 0, "round": [1, 1, 2, 2], "label": ["a", "b"] * 2,
         "there": 10, "taken": [5, 5, 8, 8], "right": [5, 4, 8, 6]}
    )  # fmt: skip
    assert [row[:3] for row in tables.pseudo_labels(rows)] == [
        ("harvest-pseudo", 0, 1), ("harvest-pseudo", 0, 2),
    ]  # fmt: skip
