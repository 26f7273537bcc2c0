"""What is promised by validation images, and what becomes of it on test images."""

import json

import numpy as np
import pandas as pd
import pytest

from realink.commands import trust
from realink.images.imagesets import ImageSet
from realink.scores import calibration
from realink.scores.trust import chosen, measured, units
from realink.store.files import read_json, write_images, write_json, write_tensors
from tests import made_up
from tests.unit.test_takeaway import images as noise
from tests.unit.test_takeaway import network


def held(n: int, seed: int, groups: int = 0):
    """Images without content, and scores of one classifier that is too sure."""
    random = np.random.default_rng(seed)
    true = random.dirichlet(np.full(4, 0.03), n)
    drawn = [random.choice(4, p=own) for own in true]
    labels = np.array(drawn, np.int64)
    places = np.arange(n) % groups if groups else None
    pixels, names = random.integers(0, 256, (n, 4, 4), np.uint8), tuple(map(str, range(groups)))
    images = ImageSet(pixels, labels, tuple("abcd"), None, places, names)
    return images, calibration.tempered(true, 0.5).astype(np.float16)


def test_one_temperature_and_threshold_hold_on_test_images():
    validation, first = held(3000, 1)
    tested, scores = held(5000, 2)
    found = measured([first], [scores], [validation], [tested], asked=0.05, seed=1)
    assert found.row["temperature"] == pytest.approx(2, rel=0.1)
    assert found.row["calibration_error"] < 0.01 < 0.02 < found.row["uncalibrated"]
    assert found.row["risk"] == 0.05
    assert 0.01 < found.row["wrong"] <= 0.05
    assert 0.5 < found.row["answered"] < 1
    assert set(found.reliability["scores"]) == {"before", "after"}
    assert found.reliability.groupby("scores")["images"].sum().eq(5000).all()
    risk = found.coverage["risk"]
    assert risk.iloc[0] < risk.iloc[-1] < 0.5


def at_risk(scores, sets):
    labels = np.concatenate([own.labels for own in sets])
    return chosen(scores, labels, *units(sets), 0.05)


def test_several_classifiers_and_groups_do_not_make_more_images():
    validation, scores = held(400, 3)
    once, often = at_risk([scores], [validation]), at_risk([scores] * 5, [validation] * 5)
    assert once[0] == pytest.approx(often[0], rel=1e-6)
    assert once[1] == pytest.approx(often[1])
    # All that is wrong is in few groups: that says less, and promises less.
    together = np.argsort(scores.argmax(1) != validation.labels, kind="stable")
    groups = np.empty(400, int)
    groups[together] = np.arange(400) // 40
    alike = ImageSet(
        validation.images, validation.labels, validation.classes, None, groups, tuple("abcdefghij")
    )
    (_, single), (_, grouped) = once, at_risk([scores], [alike])
    assert single.risk == 0.05
    assert grouped is None or grouped.risk > single.risk


def test_replicates_that_validate_other_images_have_more_of_them():
    one, two = held(300, 3), held(300, 4)
    sets, scores = zip(one, two, strict=True)
    assert units([one[0], one[0]])[1] == 300
    places, images = units(sets)
    assert images == 600
    assert len(set(places)) == 600
    tested, others = held(500, 5)
    alone = measured([scores[0]], [others], [one[0]], [tested], asked=0.05, seed=1)
    both = measured(list(scores), [others] * 2, list(sets), [tested] * 2, asked=0.05, seed=1)
    assert (alone.row["validation_images"], both.row["validation_images"]) == (300, 600)
    assert both.row["risk"] <= alone.row["risk"]


def test_without_validation_images_nothing_is_promised():
    validation, scores = held(0, 1)
    tested, others = held(50, 2)
    found = measured([scores], [others], [validation], [tested], asked=0.01, seed=1)
    assert found.row["temperature"] == 1
    assert found.row["uncalibrated"] == pytest.approx(found.row["calibration_error"], rel=1e-3)
    assert np.isnan(found.row["risk"])
    assert np.isnan(found.row["answered"])


def test_tables_have_what_is_advised_at_each_count(tmp_path):
    config = made_up.settings(learners=["small", "frozen"], mixes=["real", "real-rendered"])
    files = made_up.answered(tmp_path, config)
    advised = read_json(files["answer"])["recommended"]
    table = pd.read_csv(files["trust"])
    assert table["n_real"].tolist() == [one["n_real"] for one in advised]
    assert table["mix"].tolist() == [one["mix"] for one in advised]
    assert (table["replicates"] == 2).all()
    assert (table["validation_images"] == 30).all()
    assert set(pd.read_csv(files["coverage"])["n_real"]) == set(table["n_real"])
    page = files["page"].read_text()
    assert "How far can it be trusted" in page
    assert "So it did of 3.10\N{NO-BREAK SPACE}% of the test images" in page


def test_a_study_that_advises_nothing_has_empty_tables_and_a_page(tmp_path):
    files = made_up.answered(tmp_path, made_up.settings(mixes=["real-warp"], replicates=1))
    assert pd.read_csv(files["trust"]).empty
    assert "How far can it be trusted" not in files["page"].read_text()


@pytest.mark.parametrize("few", [False, True])
def test_none_is_said_of_as_many_test_images_as_were_allowed(tmp_path, few):
    config = made_up.settings(mixes=["real"], counts=[60], images={"height": 20, "width": 17})
    pool, validation = noise(60, 1), noise(20 if few else 100, 1, seed=2)
    for replicate in (1, 2):
        net, knobs = network(pool.shape, replicate)
        from realink.store.checkpoints import save

        save(tmp_path / f"{replicate}.safetensors", net, "small", knobs, pool.shape)
    paths = {"pool": pool, "validation": validation, "test": noise(200, 1, seed=3)}
    for name, images in paths.items():
        write_images(tmp_path / f"{name}.safetensors", images)
    write_json(tmp_path / "answer.json", {"recommended": [{"n_real": 60, "mix": "real"}]})
    trust.measure_unknown(
        config=json.dumps(config),
        answer=tmp_path / "answer.json",
        classifier=str(tmp_path / "{replicate}.safetensors"),
        **{name: [tmp_path / f"{name}.safetensors"] for name in paths},
        false_alarms=0.02,
        seed=1,
        output=tmp_path / "unknown.json",
    )
    found = read_json(tmp_path / "unknown.json")
    assert found["validation_images"] == len(validation)
    if few:  # a fiftieth of twenty is no image
        assert found["least"] is None
        assert found["false_alarms"] is None
    else:
        assert 0 < found["least"] < 1
        assert found["false_alarms"] < 0.06


def test_where_nothing_is_advised_nothing_is_unknown(tmp_path):
    write_json(tmp_path / "answer.json", {"recommended": []})
    write_tensors(tmp_path / "none.safetensors", {})
    trust.measure_unknown(
        config=json.dumps(made_up.settings()),
        answer=tmp_path / "answer.json",
        classifier="",
        **{key: [tmp_path / "none.safetensors"] for key in ("pool", "validation", "test")},
        false_alarms=0.02,
        seed=1,
        output=tmp_path / "unknown.json",
    )
    assert read_json(tmp_path / "unknown.json")["least"] is None
