"""Why the talk saw what it saw: made-up studies in which it is known."""

import io
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from realink.answer.analysis import analyse
from realink.errors import InputError
from realink.running import provenance
from talk_study import reasons
from talk_study.claims import claims, from_tables
from talk_study.figure import TAKEN_AWAY, plot_talk
from talk_study.protocols import protocols as by_budget
from tests.unit.test_answer import TALK, answer_of, judged, part, plain, study, the

ROOT = Path(__file__).parents[2]
STUDY = ROOT / "studies/talk"

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
    return by_budget(*made_up, judged({55: 0.5, 385: 0.7}), 2)


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
    table = reasons.hypotheses(*made_up)
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
    table = reasons.gains(made_up[0])
    errors = made_up[0].groupby(["mix", "n_real"])["test_error"].mean()

    def left(instead):
        return the(table, n_real=385, instead=instead)["gain_left"]

    assert (left("real"), left("")) == (0, 1)
    whole = errors["real", 385] - errors["real-gan", 385]
    shuffled = errors["real", 385] - errors["real-gan-shuffled", 385]
    assert left("shuffled") == pytest.approx(shuffled / whole)
    assert left("steps") > 1 > left("shuffled") > 0.2
    useless = reasons.gains(made_up[0].replace({"mix": {"real": "real-gan", "real-gan": "real"}}))
    assert useless["gain_left"].isna().all()  # of nothing, no share


def test_the_figure_has_a_curve_for_each_budget_and_a_row_for_each_control(made_up):
    metrics = made_up[0].assign(n_test=3000)
    figure = plot_talk(metrics, reasons.gains(metrics), 2)
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
    with pytest.raises(InputError, match="studies/talk"):
        reasons.gains(few)


def test_variants_are_no_missing_cells_and_no_curves(made_up):
    from realink.answer.cells import usable
    from realink.page import figures

    metrics, _ = made_up
    assert not [note for note in usable(metrics)[1] if note.startswith("missing")]
    lacking = metrics[~((metrics["mix"] == "real-gan-noise") & (metrics["replicate"] == 2))]
    notes = [note for note in usable(lacking)[1] if note.startswith("missing")]
    assert notes == ["missing: real-gan-noise at 55 and 385, replicate 2"]
    curves = {"real", "gan", "real-gan", "rendered", "real-rendered"}
    drawn = figures.plot_error(metrics.assign(n_test=3000), [55, 385, 5500])
    (legend,) = drawn.legends
    assert {text.get_text() for text in legend.get_texts()} == curves


def verdict_of(answer, start, translator=None):
    table = claims(answer)
    own = table[table["claim"].str.startswith(start)]
    if translator is not None:
        own = own[own["translator"] == translator]
    assert len(own) == 1
    return own["verdict"].iloc[0]


def test_claims_of_a_study_like_the_talks():
    talk = answer_of(TALK, {55: 0.5, 385: 0.7, 38_500: 0.95})
    assert verdict_of(talk, "rendered images alone") == "holds"
    assert verdict_of(talk, "translated images alone", "gan") == "holds"
    assert verdict_of(talk, "translated images beside", "gan") == "holds in part"
    assert verdict_of(talk, "rendered images beside") == "holds"
    assert verdict_of(talk, "labels are lost", "gan") == "holds"
    measured = claims(talk).set_index("claim")["measured"]
    rises = measured[measured.index.str.startswith("rendered images alone")].iloc[0]
    assert "with 16,500 rendered images" in rises
    assert "with 54,945" in rises
    beside = measured[measured.index.str.startswith("translated images beside")].iloc[0]
    at = re.findall(r"(better|undecided|worse) at ([0-9,]+) \(\S+ % against \S+ %\)", plain(beside))
    assert at == [("better", "385"), ("undecided", "5,500"), ("worse", "38,500")]


@pytest.mark.parametrize(
    ("errors", "start", "verdict"),
    [
        ({"rendered": {55: 0.2, 5500: 0.3}}, "rendered images alone", "does not hold"),
        ({"rendered": {55: 0.2, 5500: 0.2}}, "rendered images alone", "undecided"),
        ({"rendered": {55: 0.2}}, "rendered images alone", "not tested"),
        ({"gan": {55: 0.1, 385: 0.2}}, "translated images alone", "holds in part"),
        ({"gan": {55: 0.1, 385: 0.1}}, "translated images alone", "does not hold"),
        ({"gan": {385: 0.1}}, "translated images alone", "undecided"),
        ({"real-gan": {55: 0.1}}, "translated images beside", "not tested"),
        ({"real-gan": {55: 0.4, 385: 0.05, 5500: 0.02}}, "translated images beside", "holds"),
        ({"real-gan": {55: 0.1, 385: 0.2}}, "translated images beside", "does not hold"),
        ({"real-rendered": {55: 0.05, 385: 0.02}}, "rendered images beside", "does not hold"),
        ({"real-rendered": {55: 0.05, 385: 0.09}}, "rendered images beside", "holds in part"),
        ({"real-rendered": {55: 0.4}}, "rendered images beside", "does not hold"),
        ({}, "rendered images beside", "not tested"),
    ],
)
def test_claims_each_way(errors, start, verdict):
    assert verdict_of(answer_of(part("real") | errors), start) == verdict


@pytest.mark.parametrize(
    ("kept", "verdict"),
    [
        ({55: 0.5, 385: 0.7, 38_500: 0.95}, "holds"),
        ({55: 0.5, 385: 0.95, 38_500: 0.95}, "holds in part"),
        ({55: 0.98, 385: 0.98, 38_500: 0.5}, "does not hold"),
        ({55: 0.5}, "holds in part"),
        ({55: np.nan, 385: np.nan}, "not tested"),
        ({40: 0.5, 400: 0.5}, "not tested"),
    ],
)
def test_lost_labels(kept, verdict):
    found = answer_of(part("real", "gan"), kept)
    assert verdict_of(found, "labels are lost", "gan") == verdict
    if kept == {55: 0.5}:
        measured = claims(found)["measured"].iloc[-1]
        assert measured == "kept: 50% at 55; not tested at 385 and 38,500"


def test_a_study_that_lacks_what_a_claim_needs_does_not_test_it():
    lacking = answer_of(part("real-gan", "real-rendered"))
    assert verdict_of(lacking, "translated images beside", "gan") == "not tested"
    without = answer_of(part("real", "rendered", "real-rendered"))
    assert verdict_of(without, "translated images alone") == "not tested"
    assert verdict_of(without, "labels are lost") == "not tested"
    metrics, predictions = study(part("real", "real-gan"))
    metrics = metrics.assign(test_error=None)
    found = analyse(metrics, predictions, judged({}), pool=55_000, seed=1)
    assert set(claims(found)["verdict"]) == {"not tested"}


def test_without_any_error_rendered_images_are_not_worse():
    zero = dict.fromkeys((55, 385), 1e-9)
    found = answer_of({"real": zero, "real-rendered": zero, "real-gan": zero}, images=50)
    assert verdict_of(found, "rendered images beside") == "holds"


def published(name):
    text = subprocess.run(
        ["git", "show", f":results/talk/{name}.csv"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    return pd.read_csv(io.BytesIO(text))


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")
def test_the_published_claims_are_those_of_the_published_tables():
    names = ("answer/summary", "answer/comparisons", "translators")
    found = claims(from_tables(*map(published, names)))
    assert found.equals(published("answer/claims").fillna(""))


def test_an_edit_to_the_studys_own_code_changes_its_hash_and_no_other(tmp_path, monkeypatch):
    shutil.copytree(STUDY / "talk_study", tmp_path / "talk_study")
    package = tmp_path / "talk_study"

    def hashes():
        return {
            name: provenance.code_hash(name, package=package)
            for name in ("judge_claims", "explain_talk", "plot_talk")
        } | {"analyse": provenance.code_hash("analyse")}

    before = hashes()
    assert before["judge_claims"] == provenance.code_hash(
        "judge_claims", package=STUDY / "talk_study"
    )
    reasons = package / "reasons.py"
    reasons.write_text(reasons.read_text().replace("import re\n", "import re, time\n"))
    after = hashes()
    assert [name for name in before if before[name] != after[name]] == ["explain_talk"]
    # And what of realink a command of the study runs counts, too.
    core = tmp_path / "realink"
    shutil.copytree(provenance.PACKAGE, core, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(provenance, "PACKAGE", core)
    assert hashes() == after
    words = core / "answer/words.py"
    words.write_text(words.read_text() + "\nMORE = 1\n")
    changed = hashes()
    assert changed["judge_claims"] != after["judge_claims"]


def test_a_job_refuses_code_of_the_study_that_was_edited_since(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "talk_study", "judge-claims", f"--output={tmp_path}/claims.csv"],
        env={"PYTHONPATH": f"{ROOT / 'workflow'}:{STUDY}", "REALINK_CODE": "0" * 12},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "the code of judge_claims is" in done.stderr
    assert "start snakemake again" in done.stderr


def test_the_core_knows_nothing_of_the_talk():
    """Its claims, protocols and reasons stand here alone."""
    for path in (ROOT / "workflow").rglob("*"):
        if path.suffix in (".py", ".smk", ".jinja"):
            assert not re.search(r"talk_study|claims|hypothes", path.read_text()), path
