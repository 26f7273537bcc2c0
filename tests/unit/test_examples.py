"""Pictures side by side, and what charts of classes, worth, training and domains are drawn from."""

import matplotlib
import numpy as np
import pandas as pd
import pytest

from realink.answer.cells import errors_by_class
from realink.commands import figures as commands
from realink.images.imagesets import ImageSet, Shape
from realink.learners.small import network as small
from realink.page import charts, examples, figures, image_charts, plotted
from realink.scores import gap, plane
from realink.seeds import seed_for
from realink.store.checkpoints import save
from realink.store.files import write_images
from realink.store.predictions import Predictions


def test_each_class_wanted_gets_another_image_while_there_are_any():
    labels = np.array([2, 0, 1, 0, 2])
    assert examples.of_classes(labels, np.array([0, 1, 2, 0, 1, 2])).tolist() == [1, 2, 0, 3, -1, 4]


def test_a_triptych_shows_the_domains_above_and_what_augmentation_does_below():
    plain = {
        "rendered": np.full((10, 4, 4), 10, np.uint8),
        "real": np.full((8, 4, 4), 20, np.uint8),
    }
    augmented = {name: images + 100 for name, images in plain.items()}
    figure = examples.plot_triptych(plain, augmented, invert=True)
    first, second, below, _ = figure.axes
    assert [axes.get_title(loc="center") for axes in (first, second)] == ["rendered", "real"]
    assert (first.get_images()[0].get_array() == 245).all()
    assert (below.get_images()[0].get_array() == 145).all()
    real = second.get_images()[0].get_array()
    assert real.shape == (8, 20)
    assert (real[4:, 12:] == 255).all()  # two cells without an image
    assert figure.patch.get_alpha() == 0  # no white on a dark page


def test_the_words_of_a_triptychs_rows_stand_apart():
    digits = np.zeros((10, 28, 28), np.uint8)
    titles = "rendered", "translated by warp\n(it saw 40 real ones)", "real"
    with matplotlib.rc_context():
        figures.style()
        figure = examples.plot_triptych(*[dict.fromkeys(titles, digits)] * 2)
        figure.draw_without_rendering()
    above, below = (figure.axes[place].yaxis.label.get_window_extent() for place in (0, 3))
    assert above.y0 - below.y1 > 5  # pixels of 1/100 inch


def study():
    """Three replicates of two mixes; image 0 only one predictions, image 1 only the other."""
    rows = [(mix, 20, r) for mix in ("real-aug", "real-warp-aug", "warp") for r in (1, 2, 3)]
    metrics = pd.DataFrame(rows, columns=["mix", "n_real", "replicate"])
    labels = np.array([0, 1, 2, 0])
    read = np.tile(labels, (9, 1))
    read[:3, 0] = [2, 2, 0]  # real-aug: the 0 is read as 2 in most replicates
    read[3:6, 1] = 0  # real-warp-aug: the 1 is read as 0
    read[3, 3] = 1  # in one replicate only
    metrics = metrics.assign(test_error=(read != labels).mean(axis=1))
    return metrics, Predictions(read, labels, ("a", "b", "c"))


def test_examples_are_what_most_replicates_of_one_mix_read_and_of_the_other_do_not():
    metrics, predictions = study()
    found = examples.examples(metrics, predictions, 20, "real-warp-aug", "real-aug")
    assert (found.places.tolist(), found.predicted.tolist(), found.count) == ([0], [2], 1)
    back = examples.examples(metrics, predictions, 20, "real-aug", "real-warp-aug")
    assert (back.places.tolist(), back.predicted.tolist(), back.count) == ([1], [0], 1)
    images = np.zeros((4, 6, 5, 3), np.uint8)
    figure = examples.plot_examples(
        images, predictions.labels, predictions.classes, {"one": found, "two": back}
    )
    words = [axes.get_xlabel() for axes in figure.axes if axes.get_xlabel()]
    assert words == ["a, not c", "b, not a"]


@pytest.mark.parametrize(
    ("recommended", "mixes", "expected"),
    [
        ("real-warp-aug", ["real-aug", "real-warp-aug"], ("real-warp-aug", "real-aug")),
        ("real-aug", ["real", "real-aug", "real-warp-aug"], ("real-aug", "real")),
        ("real", ["real", "real-warp", "real-rendered"], ("real-rendered", "real")),
        (None, ["real", "warp"], ("warp", "real")),
        ("real", ["real"], None),
        (None, ["warp"], None),
        ("real-aug", ["real-aug"], None),
    ],
)
def test_the_recommended_mix_is_set_against_real_images_alone(recommended, mixes, expected):
    errors = {"real-rendered": 0.1}
    metrics = pd.DataFrame({"mix": mixes, "n_real": 20})
    metrics = metrics.assign(test_error=[errors.get(mix, 0.2) for mix in mixes])
    found = examples.pair(metrics, recommended, 20)
    assert (found and (found.mix, found.other)) == expected


def test_errors_by_class_are_of_its_images_alone():
    metrics, predictions = study()
    table = errors_by_class(metrics, predictions).set_index(["mix", "label"])
    assert table.loc[("real-aug", "a"), "test_error"] == pytest.approx(2 / 6)
    assert table.loc[("real-warp-aug", "b"), "test_error"] == 1
    assert table.loc[("real-aug", "a"), "images"] == 2
    parts = plotted.by_part(table.reset_index(), "label")
    assert set(parts["mix"]) == {"real-aug", "real-warp-aug"}  # warp has no real images
    chart = charts.by_part(parts, "class", 50)
    assert chart["layer"][1]["encoding"]["y"]["sort"] == ["b", "a", "c"]
    assert chart["params"][0]["value"] == 20


def test_worth_ends_where_the_baseline_does():
    table = pd.DataFrame(
        {"mix": "real-warp", "n_real": [20, 60], "baseline": "real"}
        | {"equals": [np.inf, 0.0], "low": [40.0, np.nan], "high": [np.inf, np.nan]}
    )
    summary = pd.DataFrame({"mix": "real", "n_real": [20, 60, 100]})
    first, second = plotted.worth(table, summary).to_dict("records")
    assert (first["shown"], first["low"], first["high"]) == (100, 40, 100)
    assert first["told"] == "more than 100"
    assert (second["shown"], second["told"]) == (20, "fewer than 20")
    chart = charts.worth(plotted.worth(table, summary), plotted.Panel(None, False))
    low, high = chart["layer"][-1]["encoding"]["y"]["scale"]["domain"]
    assert low < 20 < 100 < high


def test_histories_of_training_become_one_table_and_untrained_translators_nothing(tmp_path):
    trained, untrained = tmp_path / "a.csv", tmp_path / "b.csv"
    trained.write_text("step,likeness,reading\n10,0.5,2.25\n20,0.25,1\n")
    untrained.write_text("step\n")
    commands.collect_training(
        translators=["warp", "harvest"],
        counts=[20, 60],
        histories=[trained, untrained],
        output=tmp_path / "training.csv",
    )
    table = pd.read_csv(tmp_path / "training.csv")
    assert table.to_numpy().tolist() == [
        ["warp", 20, 10, "likeness", 0.5],
        ["warp", 20, 10, "reading", 2.25],
        ["warp", 20, 20, "likeness", 0.25],
        ["warp", 20, 20, "reading", 1.0],
    ]
    chart = image_charts.training(table)
    assert chart["encoding"]["y"]["scale"]["type"] == "log"


def test_domains_that_differ_lie_apart_on_the_map():
    random = np.random.default_rng(0)

    def images(level, n):
        pixels = random.integers(level, level + 40, (n, 16, 16), np.uint8)
        return ImageSet(pixels, np.arange(n) % 2, ("a", "b"))

    network = small.Network(gap.DETECTOR, Shape(16, 16, 1, 2)).eval()
    sets = {"real": images(0, 300), "rendered": images(200, 50)}
    table = plane.on_a_plane(sets, network, seed=1)
    assert table["images"].value_counts().to_dict() == {"real": 50, "rendered": 50}
    assert set(table["label"]) == {"a", "b"}
    x = table.groupby("images")["x"]
    assert x.max().min() < x.min().max()  # no overlap
    assert 0.5 < table["share"].iloc[0] <= 1
    again = plane.on_a_plane(sets, network, seed=1)
    pd.testing.assert_frame_equal(table, again)
    names = image_charts.domains(table)["encoding"]["shape"]["scale"]["domain"]
    assert names == ["real", "rendered"]


def test_the_map_shows_real_images_that_the_first_translators_have_not_seen(tmp_path, monkeypatch):
    """Not validation images: a study need not have any."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (300, 16, 16), np.uint8)
    pool = ImageSet(pixels, np.arange(300) % 2, ("a", "b"))
    write_images(tmp_path / "pool", pool)
    write_images(tmp_path / "rendered", pool.take(slice(200)))
    network = small.Network(gap.DETECTOR, pool.shape)
    save(tmp_path / "judge", network, "small", gap.DETECTOR, pool.shape)
    shown = {}
    monkeypatch.setattr(plane, "on_a_plane", lambda sets, *_, **__: shown.update(sets) or TABLE)
    commands.map_domains(
        checkpoint=tmp_path / "judge",
        pool=tmp_path / "pool",
        rendered=tmp_path / "rendered",
        seed=1,
        output=tmp_path / "map.csv",
        device="cpu",
    )
    assert list(shown) == ["real", "rendered"]
    seen = pool.draw(180, seed_for(1, "draw", 1)).images
    assert len(shown["real"]) == plane.MAPPED
    assert not {one.tobytes() for one in seen} & {one.tobytes() for one in shown["real"].images}


TABLE = pd.DataFrame({"images": ["real"], "label": ["a"], "x": [0], "y": [0], "share": [1]})
