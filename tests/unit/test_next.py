"""Which pictures to label next: the choice, the keys, what labels may bring."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.special import softmax

from realink.answer.further import expected
from realink.errors import InputError
from realink.images.imagesets import ImageSet, Shape
from realink.learners.small import Settings
from realink.learners.small.network import Network, predict
from realink.page import labelling
from realink.scores.acquisition import various
from realink.scores.seen import seen
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
    scores, features = seen(tmp_path / "model.safetensors", images)
    np.testing.assert_allclose(scores, predict(network, pixels), atol=1e-6)
    with torch.inference_mode():
        again = network.layers[-1](torch.from_numpy(features)).softmax(1).numpy()
    np.testing.assert_allclose(again, scores, atol=1e-6)


def test_a_checkpoint_of_nothing_is_refused(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"nothing")
    images = ImageSet(np.zeros((1, 20, 16), np.uint8), None, ("a", "b"))
    with pytest.raises(InputError, match=r"model\.safetensors"):
        seen(tmp_path / "model.safetensors", images)


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


def summary(**errors):
    rows = [("real", n, error) for n, error in errors.items()]
    table = pd.DataFrame(rows, columns=["mix", "n_real", "test_error"])
    return table.assign(n_real=table["n_real"].str.removeprefix("n").astype(int))


def test_errors_go_on_to_fall_by_the_power_that_joins_the_last_two_counts():
    table = summary(n10=0.5, n100=0.2, n400=0.1)
    found = expected(table, "real", 400, 1200)
    assert found.least == pytest.approx(0.05)
    assert (found.error, found.before, found.before_error) == (0.1, 100, 0.2)
    assert expected(table, "real", 400, 1).least == pytest.approx(0.1, rel=2e-3)


def test_where_errors_did_not_fall_none_are_promised():
    assert expected(summary(n100=0.1, n400=0.2), "real", 400, 400).least == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("table", "n"),
    [(summary(n100=0.1), 100), (summary(n0=0.3, n100=0.1), 100), (summary(n10=0.1, n20=0.0), 20)],
)
def test_from_one_count_or_no_errors_nothing_is_said(table, n):
    assert expected(table, "real", n, 50) is None
    assert expected(table, "rendered", n, 50) is None
