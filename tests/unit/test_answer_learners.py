"""A study of several learners: labels, comparisons of each with itself, and which is the right one.

Made-up studies, whose truth is known. A study of one learner is what the other tests have.
"""

import json

import numpy as np
import pandas as pd
import pytest

from realink.answer import learners
from realink.answer.analysis import analyse
from realink.answer.comparisons import break_even
from realink.answer.recommended import recommended
from realink.answer.sentences import advice, sentences
from realink.answer.studies import Study, compare_studies, told_apart
from realink.answer.words import network
from realink.errors import InputError
from realink.page import plotted, report
from realink.plan.mixes import Mix
from realink.store.predictions import Predictions
from realink.store.tables import labelled, read_metrics
from tests.unit.test_answer import judged, plain, study

FEW, SOME, MANY = 55, 260, 1000
# Flowers, as the pretrained network sees them: far better from few, no better from many.
SMALL = {
    "real": {FEW: 0.5, SOME: 0.35, MANY: 0.1},
    "real-rendered": {FEW: 0.4, SOME: 0.3, MANY: 0.08},
}
FROZEN = {
    "real": {FEW: 0.3, SOME: 0.2, MANY: 0.12},
    "real-rendered": {FEW: 0.2, SOME: 0.17, MANY: 0.08},
}


def several(
    small=SMALL, frozen=FROZEN, validation=None, **made
) -> tuple[pd.DataFrame, Predictions]:
    """A study of both, as it is on disk; validation errors are the true ones unless said."""
    errors = {f"{name}:{mix}": own for name, mixes in (("small", small), ("frozen", frozen))
              for mix, own in mixes.items()}  # fmt: skip
    metrics, predictions = study(errors, **made)
    true = [errors[mix][n] for mix, n in metrics[["mix", "n_real"]].itertuples(index=False)]
    metrics["validation_error"] = true if validation is None else validation
    metrics[["learner", "mix"]] = metrics["mix"].str.split(":", expand=True).to_numpy()
    return metrics, predictions


@pytest.fixture(scope="module")
def answer():
    metrics, predictions = several()
    return analyse(labelled(metrics), predictions, judged({}), pool=5000, seed=1)


def test_labels_name_their_learner_only_where_there_are_several(tmp_path):
    metrics, _ = several()
    assert set(labelled(metrics)["mix"]) == {
        f"{name}:{mix}" for name in ("small", "frozen") for mix in SMALL
    }
    alone = metrics[metrics["learner"] == "frozen"]
    assert set(labelled(alone)["mix"]) == set(SMALL)
    former = metrics.drop(columns="learner").iloc[:18]  # from before there were others
    assert set(labelled(former)["mix"]) == {"real", "real-rendered"}
    assert set(labelled(former)["learner"]) == {"small"}
    metrics.to_csv(tmp_path / "metrics.csv", index=False)
    assert (
        read_metrics(tmp_path / "metrics.csv")["mix"].tolist() == labelled(metrics)["mix"].tolist()
    )
    metrics.drop(columns="test_error").to_csv(tmp_path / "metrics.csv", index=False)
    with pytest.raises(InputError, match=r"metrics\.csv: lacks the column test_error"):
        read_metrics(tmp_path / "metrics.csv")


def test_each_learner_is_compared_with_itself_and_the_best_with_the_others_best(answer):
    table = answer.comparisons
    own = table[table["mix"].str.split(":").str[0] == table["reference"].str.split(":").str[0]]
    assert set(zip(own["mix"], own["reference"], strict=True)) == {
        (f"{name}:real-rendered", f"{name}:real") for name in ("small", "frozen")
    }
    across = table.drop(own.index)
    assert across[["mix", "n_real", "reference", "reference_n_real"]].to_numpy().tolist() == [
        ["frozen:real-rendered", n, "small:real-rendered", n] for n in (FEW, SOME, MANY)
    ]
    assert across["verdict"].tolist() == ["better", "better", "undecided"]
    # No break-even is made of a pair that may change with the count.
    assert len(break_even(table)) == 2


def test_the_baseline_of_a_mix_is_that_of_its_own_learner():
    errors = {"real": {FEW: 0.5, SOME: 0.3}, "real-rendered": {FEW: 0.3, SOME: 0.2}}
    better = {mix: {n: error / 2 for n, error in own.items()} for mix, own in errors.items()}
    metrics, predictions = several(errors, better)
    found = analyse(labelled(metrics), predictions, judged({}), pool=5000, seed=1)
    for name in ("small", "frozen"):
        mix, baseline = Mix.parse(f"{name}:real-rendered"), Mix.parse(f"{name}:real")
        assert set(found.verdicts(mix, baseline).values()) == {"better"}
        (row,) = found.worth[
            (found.worth["mix"] == mix.name) & (found.worth["n_real"] == FEW)
        ].itertuples()
        assert row.baseline == baseline.name
        assert row.equals == pytest.approx(SOME, rel=0.3)
    assert found.notes == ["no translator: nothing says whether translation helps"]


def test_validation_chooses_and_never_the_test_images():
    """The small network's mixes have validation errors the other way round."""
    metrics, predictions = several()
    turned = (metrics["learner"] == "small") & (metrics["mix"] == "real")
    metrics.loc[turned, "validation_error"] = 0.01
    found = analyse(labelled(metrics), predictions, judged({}), pool=5000, seed=1)
    best = found.learners
    assert set(best.loc[best["learner"] == "small", "mix"]) == {"small:real"}
    assert best.loc[best["picked"], "learner"].tolist() == ["small"] * 3
    (first, *_) = learners.records(best)
    assert (first["n_real"], first["picked"], first["right"]) == (FEW, "small", ["frozen"])
    assert [one["mix"] for one in first["best"]] == ["small:real", "frozen:real-rendered"]
    assert first["best"][0]["validation_error"] == pytest.approx(0.01)


def test_without_validation_images_no_network_is_chosen():
    metrics, predictions = several(validation=np.nan)
    found = analyse(labelled(metrics), predictions, judged({}), pool=5000, seed=1)
    assert found.learners.empty
    assert learners.records(found.learners) == []
    assert not any("validation" in sentence for sentence in sentences(found))
    assert recommended(found)


def test_sentences_say_which_network_is_right_and_the_advice_names_it(answer):
    first, networks = map(plain, sentences(answer)[:2])
    assert first.startswith(
        "With 55 real images: add rendered ones, with the pretrained network (frozen): "
    )
    assert networks == (
        "The pretrained network (frozen) is the right one up to N = 260; the small network and the "
        "pretrained network (frozen) are alike (undecided) at N = 1,000, each with the mix that is "
        "best on validation images."
    )
    last = recommended(answer)[-1]
    assert advice(answer, last).startswith("With 1,000 real images: ")
    assert network("mine") == "the network mine"


def test_the_advice_is_over_mixes_and_learners(answer):
    few, some, many = (one.mix.name for one in recommended(answer))
    assert few == some == "frozen:real-rendered"
    # There both have the same true error.
    assert many in {"frozen:real-rendered", "small:real-rendered"}


def test_three_learners_that_beat_each_other_are_alike():
    chosen = pd.DataFrame(
        {"n_real": 55, "learner": ["small", "frozen", "finetuned"], "validation_error": [3, 2, 1]}
    ).assign(mix=lambda rows: rows["learner"] + ":real", test_error=0.1)
    asked = [(mix, reference) for (mix, _), (reference, _) in learners.pairs(chosen)]
    assert asked == [
        ("frozen:real", "small:real"), ("finetuned:real", "small:real"),
        ("finetuned:real", "frozen:real"),
    ]  # fmt: skip
    rows = pd.DataFrame(asked, columns=["mix", "reference"]).assign(n_real=55, reference_n_real=55)
    found = learners.judged(chosen, rows.assign(verdict=["better", "worse", "better"]))
    assert found["right"].all()
    assert found["picked"].tolist() == [False, False, True]
    found = learners.judged(chosen, rows.assign(verdict=["better", "undecided", "undecided"]))
    assert found.loc[found["right"], "learner"].tolist() == ["frozen", "finetuned"]


def test_an_old_study_is_compared_with_a_new_one_of_several_learners():
    metrics, predictions = several()
    own = (metrics["learner"] == "small").to_numpy()
    former = metrics[own].drop(columns="learner")
    old = Study("old", former, predictions._replace(predicted=predictions.predicted[own]))
    new = Study("new", metrics, predictions)
    table, notes = compare_studies(*told_apart(old, new))
    assert set(table["mix"]) == {"small:real", "small:real-rendered"}
    assert set(table["verdict"]) == {"identical"}
    assert "only in new: frozen:real; frozen:real-rendered" in notes
    # With a new one of the small network alone, nothing of learners is seen.
    alone = Study("new", metrics[own], old.predictions)
    table, notes = compare_studies(*told_apart(old, alone))
    assert set(table["mix"]) == {"real", "real-rendered"}
    assert not any("small" in note for note in notes)


def test_the_page_of_two_studies_has_a_panel_of_each_learner():
    metrics, predictions = several()
    metrics["n_test"] = len(predictions.labels)
    one, two = told_apart(Study("one", metrics, predictions), Study("two", metrics, predictions))
    rows, notes = compare_studies(one, two)
    curves = {study.name: plotted.errors(study.metrics) for study in (one, two)}
    page = report.comparison_page(curves, rows, notes)
    assert [f'id="error-{name}-plain"' in page for name in ("small", "frozen")] == [True, True]
    assert "<h3>The pretrained network (frozen), without augmentation</h3>" in page
    charts = json.loads(page.partition("const charts = ")[2].partition(";\n")[0])
    assert charts.keys() == {"error-small-plain", "error-frozen-plain"}
    assert "small:" not in json.dumps(charts)
