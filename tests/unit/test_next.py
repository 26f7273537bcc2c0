"""Which pictures to label next: the choice, and the keys to label them by."""

import numpy as np
import pytest
import torch
from scipy.special import softmax

from realink.errors import InputError
from realink.images.imagesets import ImageSet, Shape
from realink.learners.small import Settings
from realink.learners.small.network import Network, predict
from realink.learners.whole import Classifier
from realink.page import labelling
from realink.scores.acquisition import FEW, choose, typical, various
from realink.store.checkpoints import save


def made_up(n=400, seed=0, classes=4, dimensions=12):
    random = np.random.default_rng(seed)
    scores = softmax(random.normal(0, 3, (n, classes)), axis=1)
    return scores, random.normal(0, 1, (n, dimensions))


@pytest.mark.parametrize("count", [1, 7, 400, 1000])
@pytest.mark.parametrize("seed", range(3))
def test_so_many_are_drawn_none_twice_and_the_same_for_a_seed(count, seed):
    scores, features = made_up(seed=seed)
    drawn = various(scores, features, count, seed)
    assert len(drawn) == len(set(drawn.tolist())) == min(count, 400)
    assert 0 <= drawn.min() <= drawn.max() < 400
    assert drawn.tolist() == various(scores, features, count, seed).tolist()
    if 1 < count < 400:
        assert drawn.tolist() != various(scores, features, count, seed + 10).tolist()


def test_what_the_classifier_is_sure_of_comes_last():
    scores, features = made_up()
    scores[:200] = np.eye(4)[np.arange(200) % 4]
    # One stands for all of them, whose gradients are alike.
    assert sum(various(scores, features, 100, 1) < 200) <= 1
    assert set(various(scores, features, 400, 1)) == set(range(400))


def test_of_copies_one_is_drawn_before_any_other_copy():
    scores, features = made_up(n=40)
    places = np.repeat(np.arange(40), 10)
    drawn = various(scores[places], features[places], 40, 3)
    assert sorted(places[drawn]) == list(range(40))


def test_images_all_alike_are_drawn_all_the_same():
    drawn = various(np.full((30, 3), 1 / 3), np.zeros((30, 5)), 10, 1)
    assert len(set(drawn.tolist())) == 10


def test_seen_gives_a_classifiers_scores_and_what_its_last_layer_reads(tmp_path):
    torch.manual_seed(0)
    settings, shape = Settings(width=4), Shape(20, 16, 1, 3)
    network = Network(settings, shape).eval()
    save(tmp_path / "model.safetensors", network, "small", settings, shape)
    pixels = np.random.default_rng(0).integers(0, 256, (9, 20, 16), dtype=np.uint8)
    images = ImageSet(pixels, None, ("a", "b", "c"))
    scores, features = Classifier(tmp_path / "model.safetensors").seen(images.images)
    np.testing.assert_allclose(scores, predict(network, pixels), atol=1e-6)
    with torch.inference_mode():
        again = network.layers[-1](torch.from_numpy(features)).softmax(1).numpy()
    np.testing.assert_allclose(again, scores, atol=1e-6)


def test_a_checkpoint_of_nothing_is_refused(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"nothing")
    images = ImageSet(np.zeros((1, 20, 16), np.uint8), None, ("a", "b"))
    with pytest.raises(InputError, match=r"model\.safetensors"):
        Classifier(tmp_path / "model.safetensors").seen(images.images)


@pytest.mark.parametrize(
    ("classes", "keys"),
    [
        (("daisy", "rose", "tulip"), "123"),
        (tuple("0123456789"), "0123456789"),
        (("B", "a", "7"), "Ba7"),
        (tuple(f"c{n}" for n in range(11)), "123456789ab"),
        (("1", "10"), "12"),
        (("é", "a"), "12"),
    ],
)
def test_keys_are_numbers_then_letters_or_the_classes_own(classes, keys):
    assert "".join(labelling.keys(classes)) == keys


def test_of_more_classes_than_keys_the_last_have_none():
    found = labelling.keys([f"c{n}" for n in range(70)])
    assert len(found) == 70
    assert len(set(found[:61])) == 61
    assert found[61:] == [""] * 9


def clustered(n=300, clusters=6, seed=0):
    """Features in clusters of equal size, and each image's cluster."""
    random = np.random.default_rng(seed)
    of = np.arange(n) % clusters
    return random.normal(0, 8, (clusters, 20))[of] + random.normal(0, 1, (n, 20)), of


@pytest.mark.parametrize("seed", range(3))
def test_typical_images_are_of_parts_without_a_label(seed):
    features, of = clustered(seed=seed)
    known = features[of < 3][:6]
    drawn = typical(features[of >= 3], known, 6, seed)
    assert set(of[of >= 3][drawn]) == {3, 4, 5}
    assert drawn.tolist() == typical(features[of >= 3], known, 6, seed).tolist()


@pytest.mark.parametrize(("count", "labelled"), [(1, 0), (20, 30), (300, 0), (900, 40)])
def test_typical_images_are_so_many_and_none_twice(count, labelled):
    features, _ = clustered()
    drawn = typical(features, features[:labelled] + 0.1, count, 1)
    assert len(drawn) == len(set(drawn.tolist())) == min(count, 300)


def test_images_all_alike_are_typical_all_the_same():
    assert len(set(typical(np.zeros((30, 5)), np.zeros((0, 5)), 10, 1).tolist())) == 10


def test_an_outlier_is_not_typical():
    features, _ = clustered(clusters=3)
    features[7] += 40
    assert 7 not in typical(features, features[:0], 12, 1)


def test_typical_ones_come_first_and_various_ones_with_ten_labels_a_class():
    scores, features = made_up()
    few, many = features[: FEW * 4 - 1], features[: FEW * 4]
    assert choose(scores, features, few, 9, 1).tolist() == typical(features, few, 9, 1).tolist()
    assert choose(scores, features, many, 9, 1).tolist() == various(scores, features, 9, 1).tolist()
