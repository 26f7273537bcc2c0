"""Figures show the numbers that they are given."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.patches import Rectangle

from realink.commands import figures as command
from realink.errors import InputError
from realink.images.imagesets import ImageSet
from realink.page import figures, lettering, sheets

DIGITS = tuple("0123456789")


@pytest.fixture
def metrics():
    """Two replicates of five mixes; the errors are made up but all different."""
    counts = {"real": [55, 385, 1000], "rendered": [55, 385, 900]}
    rows = [
        {"mix": mix, "n_real": n, "n_synthetic": 1000 - n, "replicate": r}
        for mix in ("rendered", "real", "gan", "real-rendered", "real-gan")
        for n in counts.get(mix, [55, 385])
        for r in (1, 2)
    ]
    return pd.DataFrame(rows).assign(test_error=np.linspace(0.01, 0.3, len(rows)), n_test=200)


@pytest.fixture(autouse=True)
def styled() -> None:
    """As the commands do, before they draw anything."""
    figures.style()


def lines(axes):
    return {line.get_label(): line for line in axes.get_lines()}


def test_studies_stand_side_by_side_with_the_mixes_that_they_have(metrics):
    other = metrics[metrics["mix"] != "real-gan"].assign(test_error=0.5)
    figure = figures.plot_studies({"one": metrics, "two": other}, ["real", "real-gan"])
    first, second = figure.axes
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["one", "two"]
    assert {"real", "real-gan"} <= lines(first).keys()
    assert "real-gan" not in lines(second)
    np.testing.assert_allclose(lines(second)["real"].get_ydata(), 50)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["real", "real-gan"]


def test_many_studies_stand_in_rows(metrics):
    figure = figures.plot_studies(dict.fromkeys("abcde", metrics), ["real"])
    panels = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title(loc="left") for axes in panels] == list("abcde")
    assert [bool(axes.get_ylabel()) for axes in panels] == [True, False, False, True, False]
    assert len(figure.axes) == 6


def test_the_figure_of_studies_says_what_it_lacks(metrics, tmp_path):
    drawn = {"svg": tmp_path / "cases.svg", "png": tmp_path / "cases.png"}
    study = tmp_path / "study"
    with pytest.raises(InputError, match="1 studies and 2 titles"):
        command.plot_studies(study, mixes=["real"], titles=["a", "b"], **drawn)
    with pytest.raises(InputError, match=r"metrics\.csv: no such file"):
        command.plot_studies(study, mixes=["real"], titles=["a"], **drawn)
    study.mkdir()
    metrics.to_csv(study / "metrics.csv", index=False)
    with pytest.raises(InputError, match="has none of the mixes real-warp"):
        command.plot_studies(study, mixes=["real-warp"], titles=["a"], **drawn)
    command.plot_studies(study, mixes=["real"], titles=["a"], **drawn)
    assert all(path.stat().st_size > 1000 for path in drawn.values())


def test_error_shows_the_mean_of_every_mix_on_logarithmic_axes(metrics):
    figure = figures.plot_error(metrics, [55, 385, 1000])
    axes = figure.axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["real", "real-gan", "real-rendered", "gan", "rendered"]
    real = metrics[metrics["mix"] == "real"].groupby("n_real")["test_error"].mean()
    shown = lines(axes)["real"]
    np.testing.assert_array_equal(shown.get_xdata(), [55, 385, 1000])
    np.testing.assert_allclose(shown.get_ydata(), 100 * real)
    # 900 is there for the other figure alone.
    np.testing.assert_array_equal(lines(axes)["rendered"].get_xdata(), [55, 385])
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["55", "385", "1,000"]


def test_no_error_at_all_is_drawn_as_half_a_test_image(metrics):
    metrics.loc[(metrics["mix"] == "real") & (metrics["n_real"] == 1000), "test_error"] = 0
    figure = figures.plot_error(metrics, [55, 385, 1000])
    assert lines(figure.axes[0])["real"].get_ydata()[-1] == pytest.approx(0.25)
    assert figure.texts[-1].get_text().endswith("drawn as half a test image")


def test_augmented_twins_stand_in_a_panel_of_their_own_and_look_alike(metrics):
    twins = metrics[metrics["mix"] != "gan"].assign(
        mix=lambda rows: rows["mix"] + "-aug", test_error=lambda rows: rows["test_error"] / 2
    )
    figure = figures.plot_error(pd.concat([metrics, twins], ignore_index=True), [55, 385, 1000])
    plain, augmented = figure.axes
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "without augmentation", "with augmentation (-aug)"
    ]  # fmt: skip
    assert set(lines(plain)) - set(lines(augmented)) == {"gan"}
    one, other = lines(plain)["real-gan"], lines(augmented)["real-gan"]
    assert (one.get_color(), one.get_marker()) == (other.get_color(), other.get_marker())
    np.testing.assert_allclose(2 * other.get_ydata(), one.get_ydata())
    assert len(figure.legends[0].get_texts()) == 5


def test_each_learner_has_panels_of_its_own_on_one_axis(metrics):
    halved = metrics.assign(test_error=metrics["test_error"] / 2)
    both = [own.assign(mix=f"{name}:" + own["mix"]) for name, own in
            (("small", metrics), ("frozen", halved))]  # fmt: skip
    both = pd.concat(both, ignore_index=True)
    figure = figures.plot_error(both, [55, 385, 1000])
    small, frozen = figure.axes
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "the small network, without augmentation",
        "the pretrained network (frozen), without augmentation",
    ]
    one, other = lines(small)["real-gan"], lines(frozen)["real-gan"]
    np.testing.assert_allclose(2 * other.get_ydata(), one.get_ydata())
    assert (one.get_color(), one.get_marker()) == (other.get_color(), other.get_marker())
    assert small.get_ylim() == frozen.get_ylim()
    assert len(figure.legends[0].get_texts()) == 5
    alone = figures.plot_rendered_error(both).axes
    assert [axes.get_title(loc="left").rpartition(", ")[2] for axes in alone] == [
        "the small network", "the pretrained network (frozen)"
    ]  # fmt: skip
    points = pd.DataFrame({"translator": "gan", "n_real": [55, 385] * 2, "replicate": 1})
    points = points.assign(label_retention=90.0, frechet=3.0, alone=20.0, ratio=0.8)
    drawn = figures.plot_gain(points.assign(learner=["small"] * 2 + ["frozen"] * 2)).axes
    assert [axes.get_ylabel().rpartition("\n")[2] for axes in drawn[::2]] == [
        "the small network"] * 2 + ["the pretrained network (frozen)"] * 2  # fmt: skip


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (lambda rows: 1000 - rows["n_real"], "; synthetic ones: 1,000 - N"),
        (lambda rows: 6000, "; synthetic ones: 6,000"),
        (lambda rows: 0, ""),
        (lambda rows: rows["n_real"] ** 2, ""),
    ],
)
def test_the_axis_says_how_many_synthetic_images_there_are(metrics, held, said):
    axes = figures.plot_error(metrics.assign(n_synthetic=held), [55, 385]).axes[0]
    assert axes.get_xlabel() == f"N real images{said}"


def test_a_study_without_the_baseline_still_has_its_curves(metrics):
    figure = figures.plot_error(metrics[metrics["mix"] == "gan"], [55, 385])
    np.testing.assert_array_equal(lines(figure.axes[0])["gan"].get_xdata(), [55, 385])


def test_mixes_differ_by_more_than_colour(metrics):
    axes = figures.plot_error(metrics, [55, 385, 1000]).axes[0]
    shown = [lines(axes)[mix] for mix in ("real", "real-rendered", "real-gan", "rendered", "gan")]
    marks = {(line.get_marker(), line.get_markerfacecolor() == "none") for line in shown}
    assert len(marks) == 5
    assert len({(line.get_linestyle(), str(line.get_color())) for line in shown}) == 5


def test_neighbouring_counts_share_no_room_for_their_names(metrics):
    counts = [55, 165, 385, 550, 1650, 3850, 5500, 16500, 38500, 55000]
    rows = metrics.loc[metrics["mix"] == "real"].iloc[:1]
    rows = pd.concat([rows.assign(n_real=n) for n in counts])
    axes = figures.plot_error(rows, counts).axes[0]
    shown = [tick.get_text() for tick in axes.get_xticklabels() if tick.get_text()]
    assert shown == ["55", "165", "385", "1,650", "3,850", "16,500", "55,000"]


def test_bands_reach_from_the_smallest_to_the_largest_and_are_not_cut(metrics):
    axes = figures.plot_error(metrics, [55, 385, 1000]).axes[0]
    low, high = axes.get_ylim()
    errors = 100 * metrics.loc[metrics["n_real"] != 900, "test_error"]
    assert low < errors.min() < errors.max() < high
    bands = [band for band in axes.collections if isinstance(band, PolyCollection)]
    edges = np.concatenate([band.get_paths()[0].vertices[:, 1] for band in bands])
    assert errors.min() == pytest.approx(edges.min())


def test_rendered_error_is_set_against_the_number_of_rendered_images(metrics):
    axes = figures.plot_rendered_error(metrics).axes[0]
    alone = metrics[metrics["mix"] == "rendered"].groupby("n_synthetic")["test_error"].mean()
    shown = axes.get_lines()[0]
    np.testing.assert_array_equal(shown.get_xdata(), [100, 615, 945])
    np.testing.assert_allclose(shown.get_ydata(), 100 * alone)


def test_one_replicate_has_no_band(metrics):
    figure = figures.plot_error(metrics[metrics["replicate"] == 1], [55, 385, 1000])
    assert [text.get_text() for text in figure.texts][-1] == "one replicate: no band"


@pytest.mark.parametrize("without", ["label_retention", "frechet", "alone", "ratio"])
def test_gain_has_a_mark_for_each_translator_and_says_what_is_lacking(without):
    rows = [
        {"translator": name, "n_real": n, "replicate": 1, "label_retention": 0.9, "frechet": 3.0}
        | {"alone": 0.2, "ratio": 0.8}
        for name in ("rendered", "gan")
        for n in (55, 385)
    ]
    points = pd.DataFrame(rows).assign(learner=None, **{without: np.nan})
    figure = figures.plot_gain(points)
    empty = [bool(axes.texts) for axes in figure.axes]
    assert (
        empty
        == {
            "label_retention": [True, False, True, False],
            "frechet": [False, True, False, True],
            "alone": [True, True, False, False],
            "ratio": [False, False, True, True],
        }[without]
    )
    marks = [len([m for m in axes.get_lines() if m.get_marker() != "None"]) for axes in figure.axes]
    assert marks == [0 if nothing else 4 for nothing in empty]
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["gan", "rendered", "N = 55", "N = 385"]


def test_gain_tells_every_count_by_the_size_of_its_marks():
    counts = [55, 165, 385, 550, 1650, 3850, 5500, 16500, 38500]
    points = pd.DataFrame({"translator": "gan", "n_real": counts, "replicate": 1})
    points = points.assign(learner=None, label_retention=90.0, frechet=3.0, alone=20.0, ratio=0.8)
    figure = figures.plot_gain(points)
    for axes in figure.axes:
        sizes = [mark.get_markersize() for mark in axes.get_lines() if mark.get_marker() != "None"]
        assert len(sizes) == len(set(sizes)) == len(counts)
    legend = figure.legends[0]
    named = [handle.get_markersize() for handle in legend.legend_handles][1:]
    assert [text.get_text() for text in legend.get_texts()][1:] == [f"N = {n:,}" for n in counts]
    assert named == sizes


def test_gain_is_in_percent_and_says_which_way_is_better():
    points = pd.DataFrame({"translator": ["gan"], "n_real": [55], "replicate": [1]})
    points = points.assign(learner=None, label_retention=70.0, frechet=3.0, alone=20.0, ratio=0.8)
    axes = figures.plot_gain(points).axes
    assert [own.get_xlabel() for own in axes[2:]] == [
        "labels kept (%): higher is better", "Fréchet distance: lower is better"
    ]  # fmt: skip
    assert axes[0].get_ylabel() == "test error (%) of these images alone\nlower is better"
    low, high = axes[2].get_xlim()
    assert 50 < low < 70 < high < 90


# --- sheets ---------------------------------------------------------------------------------------


def filled(value, labels, classes, size=(28, 28)):
    labels = np.asarray(labels, np.int64)
    return ImageSet(np.full((len(labels), *size), value, np.uint8), labels, classes)


def test_a_sheet_puts_translations_below_their_images_and_frames_lost_labels():
    labels = np.repeat(np.arange(10), 3)
    rendered, translated = filled(10, labels, DIGITS), filled(200, labels, DIGITS)
    read = labels.copy()
    read[[0, 29]] = 5  # a 0 and a 9 that lost their label
    real = filled(90, [1, 1, 2, 7], DIGITS)
    figure = sheets.plot_translations(
        rendered, translated, read, real, "title", invert=True, pairs=3
    )
    axes = figure.axes[0]
    picture = axes.get_images()[0].get_array()
    assert picture.shape == (8 * 28, 10 * 28)
    assert (picture[:28] == 255 - 10).all()
    assert (picture[28:56] == 255 - 200).all()
    assert (picture[6 * 28 : 7 * 28, 28:56] == 255 - 90).all()
    assert (picture[6 * 28 :, :28] == 255).all()  # the translator saw no real 0
    frames = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert [frame.get_xy() for frame in frames] == [(0, 28), (9 * 28, 5 * 28)]
    lacking = [text.get_position()[0] for text in axes.texts if text.get_text() == "no real\nimage"]
    assert lacking == [28 * (label + 0.5) - 0.5 for label in (0, 3, 4, 5, 6, 8, 9)]
    assert [text.get_text() for text in axes.texts][:2] == ["5", "5"]
    assert not [mark for mark in axes.get_lines() if mark.get_marker() == "o"]
    bent = np.zeros(30, bool)
    bent[[1, 27]] = True
    axes = sheets.plot_translations(
        rendered, translated, read, real, "title", from_real=bent, pairs=3
    ).axes[0]
    dots = [mark.get_xydata()[0] for mark in axes.get_lines() if mark.get_marker() == "o"]
    assert [(int(x // 28), int(y // 28)) for x, y in dots] == [(9, 1), (0, 3)]
    assert "dot: a real image, bent" in axes.get_xlabel()
    assert [tick.get_text() for tick in axes.get_xticklabels()] == list(DIGITS)


def test_a_colour_sheet_shows_colours_as_they_are_and_each_class_in_its_own_columns():
    colours = np.array([[250, 10, 20], [30, 240, 40], [50, 60, 230]], np.uint8)
    labels = np.tile(np.arange(3), 100)
    images = np.broadcast_to(colours[labels, None, None], (300, 24, 20, 3)).copy()
    rendered = ImageSet(images, labels, ("a", "$b^", "c"))
    for figure in (
        sheets.plot_rendered(rendered),
        sheets.plot_translations(rendered, rendered, labels, rendered, "title"),
    ):
        axes = figure.axes[0]
        picture = axes.get_images()[0].get_array()
        across = picture.shape[1] // 3
        assert across % 20 == 0
        for label, colour in enumerate(colours):
            column = picture[:, label * across : (label + 1) * across]
            assert (column == colour).all()
        named = dict(zip(axes.get_xticks(), axes.get_xticklabels(), strict=True))
        assert [text.get_text() for text in named.values()] == ["a", "$b^", "c"]
        assert not any(text.get_parse_math() for text in named.values())
        assert list(named) == [across * (label + 0.5) - 0.5 for label in range(3)]
        figure.savefig("/dev/null", format="png")


def test_a_sheet_of_many_classes_shows_twelve_and_says_so():
    classes = tuple(f"a class with the number {i}" for i in range(40))
    labels = np.tile(np.arange(40), 10)
    rendered = filled(80, labels, classes, (16, 128))
    read = (labels + 1) % 40
    for figure in (
        sheets.plot_rendered(rendered, 7),
        sheets.plot_translations(rendered, rendered, read, rendered, "title"),
    ):
        axes = figure.axes[0]
        assert axes.get_images()[0].get_array().shape[1] == 12 * 128
        assert axes.get_title(loc="left").endswith("; 12 of 40 classes") or axes.get_title(
            loc="center"
        ).endswith("; 12 of 40 classes")
        assert [text.get_text() for text in axes.get_xticklabels()][:2] == [
            "a class with the nu…"
        ] * 2
    assert figure.axes[0].texts[0].get_text() == "a class…"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("cat", "cat"),
        ("a\n b\tc", "a b c"),
        ("bell\x07", "bell\N{REPLACEMENT CHARACTER}"),
        ("half\udc80", "half\N{REPLACEMENT CHARACTER}"),
        ("a name that is too long", "a name that…"),
    ],
)
def test_names_are_one_short_line(name, line):
    assert sheets.short(name, 12) == line


SCRIPTS = ["กำลัง", "हिन्दी", "ខ្មែរ", "தமிழ்", "తెలుగు", "বাংলা", "عربي", "עברית", "кошки", "ß$"]


def test_names_in_any_script_are_written_or_numbered_never_boxes(recwarn):
    classes = ("日本", "中国", *SCRIPTS[:4])
    labels = np.tile(np.arange(6), 4)
    figure = sheets.plot_rendered(filled(24, labels, classes, (16, 16)))
    told = [text.get_text() for text in figure.axes[0].get_xticklabels()]
    assert told == ["class 6", "class 5", *SCRIPTS[:4]]
    assert lettering.numbered(classes) == {"class 5": "中国", "class 6": "日本"}
    for k, name in enumerate(SCRIPTS):
        assert lettering.label(name, SCRIPTS) == name
        figure.text(0, k / 10, name, parse_math=False)
    for kind in "png", "svg":
        figure.savefig("/dev/null", format=kind)
    assert [str(w.message) for w in recwarn if "missing from font" in str(w.message)] == []
