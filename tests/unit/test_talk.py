"""Why the talk saw what it saw: made-up studies in which it is known."""

import pytest

from realink.answer import talk
from realink.errors import InputError
from realink.page.talk import TAKEN_AWAY, plot_talk
from tests.unit.test_answer import judged, study, the

# Few epochs leave the real images alone at chance; as many steps as the others have do not.
ERRORS = {
    "real": {55: 0.85, 385: 0.7, 5500: 0.05},
    "real-5epochs": {55: 0.8, 385: 0.2, 5500: 0.03},
    "real-1719steps": {55: 0.2, 385: 0.04, 5500: 0.02},
    "gan": {55: 0.3, 385: 0.25, 5500: 0.2},
    "real-gan": {55: 0.2, 385: 0.1, 5500: 0.02},
    "real-gan-5epochs": {55: 0.2, 385: 0.1, 5500: 0.03},
    "rendered": {55: 0.3, 385: 0.3, 5500: 0.2},
    "real-rendered": {55: 0.2, 385: 0.1, 5500: 0.02},
    "real-gan-shuffled": {55: 0.85, 385: 0.5},
    "real-gan-confirmed": {55: 0.1, 385: 0.05},
    "real-gan-reread": {55: 0.1, 385: 0.1},
    "real-gan-pretrained": {55: 0.2, 385: 0.16},
    "real-gan-noise": {55: 0.87, 385: 0.7},
}
BESIDE = "translated images beside real ones beat"


@pytest.fixture(scope="module")
def made_up():
    return study(ERRORS, images=3000)


@pytest.fixture(scope="module")
def protocols(made_up):
    return talk.protocols(*made_up, judged({55: 0.5, 385: 0.7}), 2)


def verdict(protocols, protocol, start):
    own = protocols[(protocols["protocol"] == protocol) & protocols["claim"].str.startswith(start)]
    assert len(own) == 1
    return own["verdict"].iloc[0]


def test_a_claim_may_hold_at_some_epochs_and_not_at_equal_steps(protocols):
    named = protocols["protocol"].unique().tolist()
    assert named == ["2 epochs", "5 epochs", "equal steps, 1,719"]
    assert verdict(protocols, "2 epochs", BESIDE) == "holds"
    assert verdict(protocols, "5 epochs", BESIDE) == "holds in part"  # at 385, not at 5,500
    assert verdict(protocols, "equal steps, 1,719", BESIDE) == "does not hold"
    # Alone, they are better than real images that have hardly trained.
    assert verdict(protocols, "2 epochs", "translated images alone") == "holds in part"
    assert verdict(protocols, "equal steps, 1,719", "translated images alone") == "holds"
    assert verdict(protocols, "2 epochs", "rendered images alone") == "holds"
    less = "beside real ones, translated images beat rendered ones"
    assert verdict(protocols, "2 epochs", less) == "undecided"
    assert verdict(protocols, "5 epochs", less) == "not tested"


def test_each_hypothesis_has_the_verdict_of_its_comparison(made_up):
    table = talk.hypotheses(*made_up)
    assert set(table["n_real"]) == {55, 385}
    assert set(table["translator"]) == {"gan"}
    said = table.set_index(["hypothesis", "n_real"])["verdict"].to_dict()
    steps = "more steps with the real images alone do as well"
    assert (said[steps, 55], said[steps, 385]) == ("undecided", "supported")
    assert said["right labels carry it", 385] == "supported"
    assert said["wrong labels are harmless", 55] == "rejected"
    hidden = "labels are hidden in the images"
    assert (said[hidden, 55], said[hidden, 385]) == ("rejected", "undecided")
    pretraining = "images without labels teach enough"
    assert (said[pretraining, 55], said[pretraining, 385]) == ("undecided", "rejected")
    assert said["any images do, even noise", 55] != "supported"
    assert (table["verdict"].eq("undecided") == (table["p_adjusted"] >= 0.01)).all()


def test_what_is_left_of_a_gain_is_a_share_of_it(made_up):
    table = talk.gains(made_up[0])
    errors = made_up[0].groupby(["mix", "n_real"])["test_error"].mean()

    def left(instead):
        return the(table, n_real=385, instead=instead)["gain_left"]

    assert (left("real"), left("")) == (0, 1)
    whole = errors["real", 385] - errors["real-gan", 385]
    shuffled = errors["real", 385] - errors["real-gan-shuffled", 385]
    assert left("shuffled") == pytest.approx(shuffled / whole)
    assert left("steps") > 1 > left("shuffled") > 0.2
    useless = talk.gains(made_up[0].replace({"mix": {"real": "real-gan", "real-gan": "real"}}))
    assert useless["gain_left"].isna().all()  # of nothing, no share


def test_the_figure_has_a_curve_for_each_budget_and_a_row_for_each_control(made_up):
    metrics = made_up[0].assign(n_test=3000)
    figure = plot_talk(metrics, talk.gains(metrics), 2)
    left, right = figure.axes
    labels = [text.get_text() for text in left.get_legend().get_texts()]
    assert labels == [
        "real, 2 epochs", "real, 5 epochs", "real, 1,719 steps", "real-rendered, 2 epochs",
    ]  # fmt: skip
    (curve,) = [line for line in left.lines if line.get_label() == "real, 5 epochs"]
    assert curve.get_xdata().tolist() == [55, 385, 5500]
    assert curve.get_ydata() == pytest.approx([80, 20, 3], rel=0.2)
    assert [text.get_text() for text in right.get_yticklabels()] == list(TAKEN_AWAY.values())


@pytest.mark.parametrize("lacking", ["control", "steps"])
def test_a_study_that_cannot_tell_is_named(made_up, lacking):
    metrics, _ = made_up
    pattern = "gan-" if lacking == "control" else "steps"
    few = metrics[~metrics["mix"].str.contains(pattern)]
    with pytest.raises(InputError, match=r"config/talk.yaml"):
        talk.gains(few)


def test_variants_are_no_missing_cells_and_no_curves(made_up):
    from realink.answer.cells import usable
    from realink.page import figures

    metrics, _ = made_up
    assert not [note for note in usable(metrics)[1] if note.startswith("missing")]
    lacking = metrics[~((metrics["mix"] == "real-gan-noise") & (metrics["replicate"] == 2))]
    notes = [note for note in usable(lacking)[1] if note.startswith("missing")]
    assert notes == ["missing: real-gan-noise at 55 and 385, replicate 2"]
    curves = {"real", "gan", "real-gan", "rendered", "real-rendered"}
    drawn = figures.plot_error(metrics.assign(n_test=3000), [55, 385, 5500], 55_000)
    (legend,) = drawn.legends
    assert {text.get_text() for text in legend.get_texts()} == curves
