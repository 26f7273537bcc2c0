"""Figures show the numbers that they are given."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle

from realink import figures
from realink.digits import Digits


@pytest.fixture
def metrics():
    """Two replicates of five mixes; the errors are made up but all different."""
    counts = {"real": [55, 385, 1000], "font": [55, 385, 900]}
    rows = [
        {"mix": mix, "n_real": n, "n_synthetic": 1000 - n, "replicate": r}
        for mix in ("font", "real", "gan", "real-font", "real-gan")
        for n in counts.get(mix, [55, 385])
        for r in (1, 2)
    ]
    return pd.DataFrame(rows).assign(test_error=np.linspace(0.01, 0.3, len(rows)))


def lines(axes):
    return {line.get_label(): line for line in axes.get_lines()}


def test_error_shows_the_mean_of_every_mix_on_logarithmic_axes(metrics):
    figure = figures.plot_error(metrics, [55, 385, 1000], 1000)
    axes = figure.axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["real", "real-font", "real-gan", "font", "gan"]
    real = metrics[metrics["mix"] == "real"].groupby("n_real")["test_error"].mean()
    shown = lines(axes)["real"]
    np.testing.assert_array_equal(shown.get_xdata(), [55, 385, 1000])
    np.testing.assert_allclose(shown.get_ydata(), 100 * real)
    # 900 is there for the other figure alone.
    np.testing.assert_array_equal(lines(axes)["font"].get_xdata(), [55, 385])
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["55", "385", "1,000"]


def test_augmented_twins_stand_in_a_panel_of_their_own_and_look_alike(metrics):
    twins = metrics[metrics["mix"] != "gan"].assign(
        mix=lambda rows: rows["mix"] + "-aug", test_error=lambda rows: rows["test_error"] / 2
    )
    figure = figures.plot_error(
        pd.concat([metrics, twins], ignore_index=True), [55, 385, 1000], 1000
    )
    plain, augmented = figure.axes
    assert [axes.get_title() for axes in figure.axes] == [
        "without augmentation", "with augmentation (-aug)"
    ]  # fmt: skip
    assert set(lines(plain)) - set(lines(augmented)) == {"gan"}
    one, other = lines(plain)["real-gan"], lines(augmented)["real-gan"]
    assert (one.get_color(), one.get_marker()) == (other.get_color(), other.get_marker())
    np.testing.assert_allclose(2 * other.get_ydata(), one.get_ydata())
    assert len(figure.legends[0].get_texts()) == 5


def test_a_study_without_the_baseline_still_has_its_curves(metrics):
    figure = figures.plot_error(metrics[metrics["mix"] == "gan"], [55, 385], 1000)
    np.testing.assert_array_equal(lines(figure.axes[0])["gan"].get_xdata(), [55, 385])


def test_mixes_differ_by_more_than_colour(metrics):
    axes = figures.plot_error(metrics, [55, 385, 1000], 1000).axes[0]
    shown = [lines(axes)[mix] for mix in ("real", "real-font", "real-gan", "font", "gan")]
    assert len({line.get_marker() for line in shown}) == 5
    assert len({(line.get_linestyle(), str(line.get_color())) for line in shown}) == 5


def test_font_error_is_set_against_the_number_of_rendered_digits(metrics):
    axes = figures.plot_font_error(metrics).axes[0]
    font = metrics[metrics["mix"] == "font"].groupby("n_synthetic")["test_error"].mean()
    shown = axes.get_lines()[0]
    np.testing.assert_array_equal(shown.get_xdata(), [100, 615, 945])
    np.testing.assert_allclose(shown.get_ydata(), 100 * font)


def test_one_replicate_has_no_band(metrics):
    figure = figures.plot_error(metrics[metrics["replicate"] == 1], [55, 385, 1000], 1000)
    assert [text.get_text() for text in figure.texts][-1] == "one replicate: no band"


def test_a_sheet_puts_translations_below_their_digits_and_frames_lost_labels():
    labels = np.repeat(np.arange(10), 3)
    fonts = Digits(np.full((30, 28, 28), 10, np.uint8), labels)
    translated = Digits(np.full((30, 28, 28), 200, np.uint8), labels)
    read = labels.copy()
    read[[0, 29]] = 5  # a 0 and a 9 that lost their label
    real = Digits(np.full((4, 28, 28), 90, np.uint8), np.array([1, 1, 2, 7]))
    figure = figures.plot_translations(fonts, translated, read, real, "title", pairs=3)
    axes = figure.axes[0]
    picture = axes.get_images()[0].get_array()
    assert picture.shape == (8 * 28, 10 * 28)
    assert (picture[:28] == 255 - 10).all()
    assert (picture[28:56] == 255 - 200).all()
    assert (picture[6 * 28 : 7 * 28, 28:56] == 255 - 90).all()
    assert (picture[6 * 28 :, :28] == 255).all()  # the translator saw no real 0
    frames = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert [frame.get_xy() for frame in frames] == [(0, 28), (9 * 28, 5 * 28)]
    assert [text.get_text() for text in axes.texts] == ["5", "5"]
