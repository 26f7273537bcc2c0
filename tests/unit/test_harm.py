"""Where the advice hurts: classes raised, how their images differ, and what is said of them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from realink.answer import harm
from realink.commands import harm as commands
from realink.images.imagesets import ImageSet
from realink.page import examples, tables
from realink.scores import looks
from realink.store.files import write_images, write_json, write_table, write_tensors
from realink.store.predictions import Predictions
from realink.store.tables import read_harm

CLASSES = ("007", "NA", "wolf")
ADVISED = {"n_real": 55, "mix": "real-warp-aug", "instead_of": "real-aug"}


def study(rates, n=300, replicates=3, seed=0, counts=(55,), groups=None):
    """Metrics and predictions: of each mix, the share of each class's images that is misread.

    A mistake is the next class. `groups`: of each class's images, how many groups there are.
    """
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(CLASSES)), n)
    rows, predicted = [], []
    for count in counts:
        for mix, own in rates.items():
            for replicate in range(1, replicates + 1):
                wrong = random.random(len(labels)) < np.repeat(own, n)
                predicted.append((labels + wrong) % len(CLASSES))
                rows.append((mix, count, replicate, wrong.mean()))
    metrics = pd.DataFrame(rows, columns=["mix", "n_real", "replicate", "test_error"])
    held = Predictions(np.array(predicted, np.uint8), labels, CLASSES)
    if groups is not None:
        names = tuple(f"g{i}" for i in range(sum(groups)))
        first = np.cumsum([0, *groups[:-1]])
        places = [start + np.arange(n) % k for start, k in zip(first, groups, strict=True)]
        held = held._replace(groups=np.concatenate(places), group_names=names)
    return metrics, held


def typed(words):
    return " ".join(words).replace("\N{NO-BREAK SPACE}", " ")


def test_a_class_that_the_advice_misreads_more_often_is_found_and_no_other():
    rates = {"real-aug": [0.02, 0.2, 0.1], "real-warp-aug": [0.2, 0.02, 0.1]}
    table = harm.harm(*study(rates), [ADVISED])
    verdicts = dict(zip(table["label"], table["verdict"], strict=True))
    assert verdicts == {"007": "surely raised", "NA": "surely lowered", "wolf": "undecided"}
    (row,) = harm.raised(table).itertuples()
    assert (row.taken_for, row.taken_share, row.images) == ("NA", 1.0, 300)
    assert row.low < row.error / row.reference_error < row.high
    assert row.low > 1
    assert typed(harm.said(table)) == (
        "What is advised misreads some classes more often than the real images alone do: "
        "007 (surely at N = 55)."
    )


def test_where_none_is_raised_one_sentence_says_so():
    rates = {"real-aug": [0.2, 0.2, 0.1], "real-warp-aug": [0.02, 0.02, 0.1]}
    assert typed(harm.said(harm.harm(*study(rates), [ADVISED]))) == (
        "None of 3 classes is surely or probably misread more often by what is advised than by "
        "the real images alone, at any N."
    )


def test_p_values_are_corrected_for_the_number_of_classes():
    table = harm.harm(*study({"real-aug": [0.1] * 3, "real-warp-aug": [0.12] * 3}), [ADVISED])
    assert (table["p_adjusted"] >= table["p"]).all()


def test_without_any_difference_few_classes_are_called_raised():
    found = []
    for seed in range(25):
        rates = {"real-aug": [0.05, 0.1, 0.2], "real-warp-aug": [0.05, 0.1, 0.2]}
        found += harm.harm(*study(rates, n=100, seed=seed), [ADVISED])["verdict"].tolist()
    shares = {kind: found.count(kind) / len(found) for kind in harm.RAISED}
    assert shares["surely raised"] <= 0.02
    # A false discovery rate where there is nothing to discover: one study in eight has any.
    assert shares["probably raised"] <= 0.09


def test_groups_are_what_varies_and_a_class_of_one_is_not_tested():
    rates = {"real-aug": [0.02, 0.02, 0.02], "real-warp-aug": [0.2, 0.2, 0.2]}
    table = harm.harm(*study(rates, groups=(1, 6, 6)), [ADVISED])
    assert table["verdict"].tolist()[0] == "not tested"
    assert set(table["verdict"].iloc[1:]) <= {"surely raised", "probably raised"}
    assert typed(harm.said(table)).endswith("Too few test images, or groups of them, to tell: 007.")


def test_advice_that_has_nothing_to_be_held_to_is_left_out():
    made = study({"real": [0.1] * 3})
    assert harm.harm(*made, [{"n_real": 55, "mix": "real", "instead_of": None}]).empty
    assert harm.harm(*made, [ADVISED]).empty
    assert harm.said(harm.harm(*made, [])) == []


def test_any_study_gives_intervals_around_their_ratio_and_words():
    random = np.random.default_rng(3)
    for seed in range(40):
        n, replicates = int(random.choice([1, 2, 7, 40])), int(random.integers(1, 5))
        rates = {mix: random.choice([0, 0.1, 0.6, 1], 3) for mix in ("real-aug", "real-warp-aug")}
        groups = random.choice([1, 2, 3, 6], 3) if random.random() < 0.5 else None
        counts = (55, 100)[: random.integers(1, 3)]
        advice = [ADVISED | {"n_real": count} for count in (55, 100)]
        made = study(rates, n, replicates, seed, counts, groups)
        table = harm.harm(*made, advice)
        assert len(table) == 3 * len(counts)
        tested = table[table["verdict"] != "not tested"]
        assert (tested["low"] <= tested["ratio"]).all()
        assert (tested["ratio"] <= tested["high"]).all()
        assert tested[["ratio", "p", "p_adjusted"]].notna().all(axis=None)
        assert harm.said(table)
        explained = harm.explained(table, {})
        shown = str(tables.harmed(explained)) + typed(harm.said(table))
        assert "nan" not in shown.lower()


def pictures(n, *, seed, size=8, light=200, coloured=True):
    """Dark squares on a ground of some light, in three classes, with noise."""
    random = np.random.default_rng(seed)
    images = np.full((n, 32, 32, 3), light) + random.normal(0, 10, (n, 32, 32, 3))
    side = size + random.integers(0, 3, n)
    for image, own in zip(images, side, strict=True):
        image[16 - own : 16 + own, 16 - own : 16 + own] -= 120
    images = images.clip(0, 255).astype(np.uint8)
    return ImageSet(images if coloured else images[..., 0], np.arange(n) % 3, CLASSES)


@pytest.mark.parametrize("coloured", [True, False])
@pytest.mark.parametrize(
    ("changed", "measure", "sign"),
    [
        ({"light": 140}, "background light", -1),
        ({"size": 12}, "object size", 1),
        ({"size": 5}, "object size", -1),
    ],
)
def test_what_differs_is_named(changed, measure, sign, coloured):
    real, made = (pictures(120, seed=seed, coloured=coloured, **own)
                  for seed, own in ((0, {}), (1, changed)))  # fmt: skip
    found = looks.by_class(made, real, seed=1)
    assert found.index.tolist() == list(CLASSES)
    assert (np.sign(found[measure]) == sign).all()
    assert (found[measure].abs() > 2).all()
    assert (found["told_apart"] > 0.9).all()


def test_sharpness_and_texture_are_told_apart_from_light():
    random, real = np.random.default_rng(0), pictures(60, seed=0).images.astype(float)
    blurred = (real + np.roll(real, 1, 1) + np.roll(real, 1, 2) + np.roll(real, -1, 1)) / 4
    busier = real + random.normal(0, 25, real.shape)
    grey = real.mean(axis=3, keepdims=True).repeat(3, axis=3)
    of = {name: looks.measures(images.clip(0, 255).astype(np.uint8)) for name, images in
          {"real": real, "blurred": blurred, "busier": busier, "grey": grey}.items()}  # fmt: skip
    names = list(looks.MEASURES)
    for name, measure, sign in (
        ("blurred", "sharpness", -1), ("busier", "background texture", 1), ("grey", "colour", -1),
    ):  # fmt: skip
        found = dict(zip(names, looks.differences(of[name], of["real"]), strict=True))
        assert sign * found[measure] > 2, (name, found)
        assert abs(found["light"]) < 1


def test_nobody_tells_alike_pictures_apart():
    real = looks.measures(pictures(200, seed=0).images)
    shares = [looks.told_apart(real[::2], real[1::2], seed=seed) for seed in range(10)]
    assert 0.4 < np.mean(shares) < 0.6


def test_groups_stay_in_one_fold():
    """Real ones that are alike within a group, and made ones that are like one group each."""
    random = np.random.default_rng(0)
    middles = random.normal(0, 5, (10, 7))
    groups = np.arange(100) % 10
    real = middles[groups] + random.normal(0, 0.1, (100, 7))
    made = random.normal(0, 5, (100, 7))
    together = np.mean([looks.told_apart(made, real, seed=s, groups=groups) for s in range(5)])
    apart = np.mean([looks.told_apart(made, real, seed=s) for s in range(5)])
    assert together < apart - 0.03


def test_pictures_without_any_spread_have_bounded_differences():
    blank = np.zeros((20, 16, 16), np.uint8)
    values = looks.measures(blank), looks.measures(blank + 9)
    found = looks.differences(*values)
    assert np.isfinite(found).all()
    assert np.abs(found).max() == looks.MOST
    assert looks.differences(values[0], values[0]).tolist() == [0] * len(looks.MEASURES)
    assert looks.told_apart(*values, seed=1) == 1
    assert looks.told_apart(values[0], values[0], seed=1) == 0.5


def test_few_pictures_are_not_measured():
    real, made = pictures(3 * looks.FEWEST, seed=0), pictures(60, seed=1)
    assert len(looks.by_class(made, real, seed=1)) == 3
    fewer = real.take(slice(0, 3 * looks.FEWEST - 1))
    assert looks.by_class(made, fewer, seed=1).index.tolist() == ["007", "NA"]


def test_causes_stand_beside_what_other_classes_have():
    rates = {"real-aug": [0.02, 0.2, 0.1], "real-warp-aug": [0.2, 0.02, 0.1]}
    table = harm.harm(*study(rates), [ADVISED])
    odd = {"object size": [3.0, 0.2, 0.1], "light": [4.0, 4.0, 4.2], "told_apart": [0.9, 0.8, 0.7]}
    measured = pd.DataFrame({"made_images": 50, "real_images": 40} | odd, index=list(CLASSES))
    (row,) = harm.raised(harm.explained(table, {55: measured})).itertuples()
    assert (row.differs, row.difference) == ("light", 4.0)
    assert (row.peculiar, row.peculiar_difference) == ("object size", 3.0)
    assert row.peculiar_elsewhere == pytest.approx(0.15)
    assert row.told_apart_elsewhere == pytest.approx(0.75)
    alike = measured.assign(**{"object size": 3.0})
    assert harm.raised(harm.explained(table, {55: alike}))["peculiar"].isna().all()


@pytest.fixture
def hurt(tmp_path):
    """A study whose advice hurts one class, of which rendered ones are larger: its files."""
    rates = {"real-aug": [0.02, 0.2, 0.1], "real-rendered-aug": [0.2, 0.02, 0.1]}
    metrics, predictions = study(rates, n=40, counts=(10, 55))
    real, made = pictures(90, seed=0), pictures(90, seed=1)
    large = pictures(90, seed=2, size=12).images
    odd = replace(
        made, images=np.where((made.labels == 0)[:, None, None, None], large, made.images)
    )
    test = pictures(120, seed=3)
    test = replace(test, labels=predictions.labels)
    files = {name: tmp_path / f"{name}.safetensors" for name in ("pool", "rendered", "test")}
    for name, images in (("pool", real), ("rendered", odd), ("test", test)):
        write_images(files[name], images)
    write_table(tmp_path / "metrics.csv", metrics.assign(n_synthetic=90, learner="small"))
    write_tensors(
        tmp_path / "predictions.safetensors",
        {"predicted": predictions.predicted, "labels": predictions.labels},
        {"classes": CLASSES, "group_names": ()},
    )
    advice = {"mix": "real-rendered-aug", "instead_of": "real-aug"}
    write_json(
        tmp_path / "answer.json", {"recommended": [advice | {"n_real": n} for n in (10, 55)]}
    )
    known = {
        "metrics": tmp_path / "metrics.csv",
        "predictions": tmp_path / "predictions.safetensors",
    }
    commands.explain_harm(
        **known,
        answer=tmp_path / "answer.json",
        pool=files["pool"],
        validation=files["pool"],
        rendered=files["rendered"],
        seed=1,
        output=tmp_path / "harm.csv",
    )
    return tmp_path, known, files


def test_the_commands_find_measure_and_draw(hurt, monkeypatch):
    root, known, files = hurt
    table = read_harm(root / "harm.csv")
    own = harm.raised(table)
    assert set(own["label"]) == {"007"}
    assert set(own["differs"]) == set(own["peculiar"]) == {"object size"}
    assert (own["told_apart"] > 0.9).all()
    assert (own["told_apart_elsewhere"] < 0.8).all()
    shown = tables.harmed(table)[0]
    assert shown["peculiar"][0] == "larger objects"
    drawn = {}
    monkeypatch.setattr(examples, "plot_examples", lambda *given, **_: drawn.update(given[3]))
    monkeypatch.setattr("realink.page.saved.save", lambda figure, svg, png: None)
    commands.plot_harm(
        **known, harm=root / "harm.csv", test=files["test"], invert=False, output=root / "x.png"
    )
    ((title, found),) = drawn.items()
    assert title.startswith("007, N = ")
    # Images of that class, which most of the advised classifiers take for another one.
    assert 0 < len(found.places) <= found.count
    assert set(found.predicted) == {1}
    _, predictions = study({"real-aug": [0.02, 0.2, 0.1]}, n=40)
    assert (predictions.labels[found.places] == 0).all()
