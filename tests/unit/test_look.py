"""Figures and charts take looks, ticks and numbers from one place."""

import json

import numpy as np
import pandas as pd
import pytest

from realink.page import charts, figures, image_charts, look, plotted, tables, vega
from realink.plan.mixes import Mix

SOURCES = ["cyclegan", "harvest", "randomised", "rendered", "warp"]
MIXES = ["real", *(f"real-{name}" for name in SOURCES), *SOURCES]


def table(mixes, counts=(20, 60), replicates=2, error=0.1):
    """Metrics in which all is well told apart."""
    rows = [
        {"mix": mix, "n_real": n, "n_synthetic": 100 - n, "replicate": r, "n_test": 100}
        for mix in mixes
        for n in counts
        for r in range(1, replicates + 1)
    ]
    errors = np.linspace(error, 4 * error, len(rows))
    return pd.DataFrame(rows).assign(test_error=errors)


def compared():
    return pd.DataFrame(columns=["mix", "n_real", "reference", "verdict"])


def nothing_ahead():
    return pd.DataFrame(columns=["mix", "n_real", "percent", "low", "high"])


def scales(chart, channel):
    """What each name is drawn with, in all layers of a chart."""
    found = {}
    for layer in chart.get("layer", [chart]):
        scale = layer["encoding"].get(channel, {}).get("scale")
        if scale:
            found |= dict(zip(scale["domain"], map(str, scale["range"]), strict=True))
    return found


def test_known_mixes_differ_in_colour_and_mark_and_no_two_look_alike():
    looks = [look.of(mix) for mix in MIXES]
    assert len({look.source(name).light for name in [None, *SOURCES]}) == 6
    assert len({look.source(name).mark for name in [None, *SOURCES]}) == 6
    assert len({(its.mark, its.filled) for its in looks}) == len(MIXES)
    assert {its.dash for its in looks if its.filled} == {()}


def test_translators_of_ones_own_have_a_look_that_stays():
    assert look.of("real-mine") == look.of("real-mine")
    assert look.of("real-mine").colour not in {its.light for its in look.SOURCES.values()}
    names = [f"translator{i}" for i in range(60)]
    assert len({(look.of(name).colour, look.of(name).mark) for name in names}) == 16


@pytest.mark.parametrize("mixes", [MIXES, ["real", "warp", "real-warp", "real-a"]])
def test_a_mix_looks_alike_in_every_panel_study_figure_and_chart(mixes):
    """Whatever else there is; a mark of N = 55 or a place in a list decides nothing."""
    metrics = pd.concat([table(mixes), table([f"{mix}-aug" for mix in mixes[1:]])])
    curves = plotted.errors(metrics)
    for augmented in (False, True):
        chart = charts.error(curves, compared(), plotted.Panel(None, augmented), nothing_ahead())
        strokes, shapes = scales(chart, "stroke"), scales(chart, "shape")
        axes = figures.plot_error(metrics, [20, 60]).axes[augmented]
        lines = {line.get_label(): line for line in axes.get_lines()}
        for mix in mixes[augmented:]:
            its, drawn = look.of(mix), f"{mix}-aug" if augmented else mix
            assert (strokes[drawn], shapes[drawn]) == (its.variable, its.shape)
            assert (lines[mix].get_color(), lines[mix].get_marker()) == (its.colour, its.mark)
            assert scales(chart, "strokeDash")[drawn] == str(list(its.dash) or [1, 0])
            hollow = scales(chart, "fill")[drawn] == "transparent"
            assert hollow == (lines[mix].get_markerfacecolor() == "none") == (not its.filled)


def test_every_colour_is_one_of_the_pages_variables():
    for dark in (False, True):
        declared = look.palette(dark=dark)
        for name in [None, *SOURCES, *(f"translator{i}" for i in range(60))]:
            assert f"--{look.source(name).variable}: #" in declared
    assert f"--warp: {look.SOURCES['warp'].dark};" in look.palette(dark=True)


def test_figure_and_chart_draw_the_same_table():
    metrics = table(["real", "real-warp"], counts=[20, 60, 80], replicates=3)
    curves = plotted.errors(metrics)
    chart = charts.error(curves, compared(), plotted.Panel(None, False), nothing_ahead())
    (rows,) = chart["datasets"].values()
    axes = figures.plot_error(metrics, [20, 60, 80]).axes[0]
    for mix in ("real", "real-warp"):
        shown = [row["shown"] for row in rows if row["mix"] == mix]
        (line,) = [line for line in axes.get_lines() if line.get_label() == mix]
        np.testing.assert_allclose(line.get_ydata(), shown)
    (axis,) = {json.dumps(layer["encoding"]["y"]["axis"]["values"]) for layer in chart["layer"]}
    assert json.loads(axis) == axes.get_yticks().tolist()
    named = [tick.get_text() for tick in axes.get_xticklabels() if tick.get_text()]
    assert [f"{n:,}" for n in chart["layer"][0]["encoding"]["x"]["axis"]["values"]] == named


def test_errors_are_in_percent_and_none_is_cut():
    metrics = table(["real"], counts=[20], replicates=3).assign(test_error=[0.0, 0.1, 0.2])
    (row,) = plotted.errors(metrics).to_dict("records")
    assert row["percent"] == row["shown"] == pytest.approx(10)
    assert (row["smallest"], row["largest"]) == (0.5, pytest.approx(20))
    y = vega.log_y([0.5, 20])
    low, high = y["scale"].to_dict()["domain"]
    assert low < 0.5 < 20 < high


@pytest.mark.parametrize(
    ("ends", "ticks"),
    [
        ((0.4, 30), [0.5, 1, 2, 5, 10, 20]),
        ((0.53, 0.6), [0.54, 0.56, 0.58, 0.6]),
        ((1e-4, 50), [1e-4, 1e-3, 1e-2, 1e-1, 1, 10]),
        ((30, 60), [30, 35, 40, 45, 50, 55, 60]),
    ],
)
def test_logarithmic_axes_have_round_ticks(ends, ticks):
    assert look.log_ticks(*ends)[: len(ticks)] == pytest.approx(ticks)


def test_whole_numbers_are_written_whole():
    assert [look.number(tick) for tick in look.log_ticks(8, 90)] == ["10", "20", "50"]
    assert look.number(40.0) == "40"
    assert look.NUMBER.endswith("~r")  # d3's trims the zeros that "40.0" has, and knows no 1e+2


@pytest.mark.parametrize(
    ("values", "bounds", "ends"),
    [
        ([70], (0, 100), (63, 77)),  # one count: 70 % is not a tick that reads 1
        ([0.0, 1.2], (0, None), (0, 1.296)),  # a distance has no room below zero
        ([-0.02, 1], (0, None), (-0.02, 1.0816)),  # but its estimate may lie there
        ([99, 100], (0, 100), (98.92, 100)),
        ([], (0, None), (0, 1.08)),
        ([0], (0, None), (0, 1)),
    ],
)
def test_axes_have_room_but_not_beyond_what_can_be(values, bounds, ends):
    assert look.limits(values, *bounds) == pytest.approx(ends)


def test_counts_that_lie_close_together_do_not_write_over_each_other():
    counts = [55, 165, 385, 550, 1650, 3850, 5500, 16500, 38500, 55000]
    assert look.count_ticks(counts) == [55, 165, 385, 1650, 3850, 16500, 55000]
    assert look.count_ticks([40]) == [40]
    assert look.count_ticks([40, 41]) == [40, 41]


def test_measures_are_in_percent_and_say_which_way_is_better():
    measure = look.MEASURES["label_retention"]
    translators = pd.DataFrame({"translator": ["warp"], "n_real": [40], "label_retention": [0.7]})
    chart = image_charts.against_count(translators, measure, pd.DataFrame(columns=["images"]))
    y = chart["layer"][0]["encoding"]["y"]
    assert y["title"] == "labels kept (%): higher is better"
    assert 0.0 < y["scale"]["domain"][0] < 70 < y["scale"]["domain"][1] < 100
    assert any(69 < value < 71 for value in y["axis"]["values"])
    assert {tick for tick in y["axis"]["values"] if tick < 2} == set()
    kernel = look.MEASURES["kernel"]
    rows = pd.DataFrame({"translator": "warp", "n_real": [40, 60], "kernel": [0.01, 1.2]})
    y = image_charts.against_count(rows, kernel, pd.DataFrame(columns=["images"]))["layer"][0]
    assert y["encoding"]["y"]["scale"]["domain"][0] == 0
    assert all("is better" in measure.axis for measure in look.MEASURES.values())
    assert "lower is better" in look.ERROR


def test_gains_are_those_of_augmented_mixes_where_there_are_no_others():
    metrics = table(
        ["real-aug", "real-warp-aug", "warp-aug", "real-rendered", "real"], replicates=1
    )
    assert plotted.augmented_alone(metrics["mix"])
    assert not plotted.augmented_alone([*metrics["mix"], "real-warp"])
    translators = pd.DataFrame(
        {"translator": "warp", "n_real": [20, 60], "replicate": 1, "label_retention": 0.9}
    )
    gaps = pd.DataFrame({"images": ["rendered"], "n_real": [np.nan], "replicate": [1]})
    points = plotted.gains(metrics, translators, gaps)
    errors = metrics.set_index(["mix", "n_real"])["test_error"]
    own = points[points["translator"] == "warp"].set_index("n_real")
    assert own.loc[20, "alone"] == pytest.approx(100 * errors["warp-aug", 20])
    assert own.loc[20, "ratio"] == pytest.approx(
        errors["real-warp-aug", 20] / errors["real-aug", 20]
    )
    assert own.loc[20, "label_retention"] == 90
    assert points.loc[points["translator"] == "rendered", "ratio"].isna().all()


def test_a_confusion_below_half_a_percent_is_no_zero():
    rows = [("a", "a", 986), ("a", "b", 5), ("a", "c", 9), ("b", "b", 996), ("b", "a", 4)]
    confusions = pd.DataFrame(rows, columns=["label", "predicted", "images"])
    confusions = confusions.assign(translator="warp", n_real=40)
    ((_, _, classes, shares),) = tables.confusions(confusions)
    assert classes == ["a", "b"]
    assert shares == [[99, 1], [0, 100]]


def test_mixes_of_one_source_share_its_colour():
    assert look.of(Mix("warp", True, True)).colour == look.of("warp").colour
    assert look.of("real-warp-aug").width > look.of("real-warp").width
