"""Doubted labels: folds, the ranking, and which file a picture is."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from realink.images.imagesets import ImageSet
from realink.images.splits import hashed
from realink.page import doubted as pages
from realink.scores.doubt import FOLDS, LISTED, doubted, folds, unjudged
from realink.store.files import write_images
from realink.store.manifests import names


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("grouped", [False, True])
def test_each_image_is_held_out_once_with_its_whole_group_and_classes_evenly(seed, grouped):
    random = np.random.default_rng(seed)
    n = 300
    labels = random.integers(0, 4, n)
    groups = random.integers(0, 60, n) if grouped else None
    parts = list(folds(labels, groups, seed))
    held = np.concatenate([own for _, own in parts])
    assert sorted(held) == list(range(n))
    for rest, own in parts:
        assert sorted([*rest, *own]) == list(range(n))
        if grouped:
            assert not set(groups[rest]) & set(groups[own])
        else:
            counts = np.bincount(labels[own], minlength=4)
            assert (abs(counts - np.bincount(labels, minlength=4) / FOLDS) <= 1).all()
    again = [own.tolist() for _, own in folds(labels, groups, seed)]
    assert again == [own.tolist() for _, own in parts]
    assert again != [own.tolist() for _, own in folds(labels, groups, seed + 100)]


def test_fewer_images_than_folds_are_held_out_one_by_one():
    parts = list(folds(np.array([0, 1, 0]), None, 1))
    assert sorted(own.tolist() for _, own in parts) == [[0], [1], [2]]
    # Nothing could be trained without the only group.
    assert list(folds(np.array([0, 1]), np.array([7, 7]), 1)) == []
    assert list(folds(np.array([], np.int64), None, 1)) == []


def test_an_image_whose_class_no_other_has_is_not_judged():
    labels = np.array([0, 0, 1, 2, 2])
    assert unjudged(labels, np.array([0, 3]), np.array([1, 2, 4])).tolist() == [2]
    scores = np.full((5, 3), 1 / 3)
    scores[2] = np.nan
    scores[4] = [0.9, 0, 0.1]
    assert doubted(scores, labels)["place"].tolist() == [4, 3]


def test_swapped_labels_are_doubted_most():
    random = np.random.default_rng(1)
    truth = random.integers(0, 10, 2000)
    scores = softmax(random.normal(0, 1, (2000, 10)) + 8 * np.eye(10)[truth], axis=1)
    labels = truth.copy()
    swapped = random.permutation(2000)[:20]
    labels[swapped] = (labels[swapped] + 3) % 10
    table = doubted(scores, labels)
    assert len(table) <= 40
    assert set(table["place"][:20]) == set(swapped)
    assert (table["predicted"].to_numpy() != labels[table["place"]]).all()
    assert table["own"].is_monotonic_increasing
    assert (table["own"] <= table["other"]).all()


def test_no_more_are_listed_than_a_fiftieth_or_twenty():
    wrong = np.tile([[0.4, 0.6]], (3000, 1))
    assert len(doubted(wrong, np.zeros(3000, int))) == 60
    assert len(doubted(wrong[:100], np.zeros(100, int))) == LISTED
    assert len(doubted(wrong, np.ones(3000, int))) == 0


def images(labels, classes=("cat", "dog")):
    return ImageSet(np.zeros((len(labels), 16, 20), np.uint8), np.array(labels), classes)


def manifest(path, rows):
    columns = ["file", "class", "split", "left_out"]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    return path


def test_a_picture_has_the_name_of_its_file(tmp_path):
    files = [f"{label}/{n}.png" for label in ("cat", "dog") for n in range(5)]
    rows = [(file, file[:3], "train" if n % 5 else "test", "") for n, file in enumerate(files)]
    rows.append(("dog/broken.png", "dog", "train", "damaged"))
    table = manifest(tmp_path / "images.csv", rows)
    used = sorted((row[0] for row in rows if row[2:] == ("train", "")), key=hashed)
    own = images([("cat", "dog").index(file[:3]) for file in used])
    assert names(table, "train", own) == used
    # Rather no name than another's.
    assert names(table, "train", images(1 - own.labels)) == [""] * 8
    assert names(None, "train", own) == [""] * 8


@pytest.mark.parametrize("pictured", [True, False])
def test_the_page_lists_them_with_pictures_only_if_it_may(tmp_path, pictured):
    paths = [tmp_path / f"{name}.safetensors" for name in ("pool", "validation")]
    for path, n in zip(paths, (3, 2), strict=True):
        write_images(path, images([0] * n))
    rows = [
        ("train", 2, "", "cat", "dog", 0.00004, 0.99, "small"),
        ("validation", 1, "cat/NA.png", "cat", "dog", 0.25, 0.75, "small"),
    ]
    columns = ["split", "place", "file", "class", "predicted", "own", "other", "learner"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "doubted.csv", index=False)
    first, second = pages.read(tmp_path / "doubted.csv", paths if pictured else [])
    assert (first.name, second.name) == ("train image 2", "cat/NA.png")
    assert (first.own, second.own) == ("below 0.1\N{NO-BREAK SPACE}%", "25.0\N{NO-BREAK SPACE}%")
    assert all(one.image.startswith("data:image/webp") == pictured for one in (first, second))
