"""What is recommended at each count, in made-up studies whose truth is known."""

import pandas as pd
import pytest

from realink.answer.recommended import Recommendation, recommended, simplicity
from realink.answer.result import Answer
from realink.plan.mixes import Mix

EMPTY = pd.DataFrame()


def answer(errors, verdicts=(), n=55):
    """An answer with these mean errors at one count, and these verdicts of pairs of mixes."""
    summary = pd.DataFrame(
        [
            {"mix": mix, "n_real": n, "test_error": error, "expected_error": error}
            for mix, error in errors.items()
        ]
    )
    rows = [
        {"mix": mix, "n_real": n, "reference": other, "reference_n_real": n, "verdict": verdict}
        for mix, verdict, other in verdicts
    ]
    columns = ["mix", "n_real", "reference", "reference_n_real", "verdict"]
    return of(summary, pd.DataFrame(rows, columns=columns))


def of(summary, comparisons):
    return Answer(
        notes=[],
        limits=[],
        summary=summary,
        comparisons=comparisons,
        break_even=EMPTY,
        worth=EMPTY,
        groups=EMPTY,
        translators=EMPTY,
    )


def choice(errors, *verdicts):
    (found,) = recommended(answer(errors, [tuple(verdict.split()) for verdict in verdicts]))
    return found.mix.name


ALL = {
    "real": 0.2,
    "real-aug": 0.1,
    "real-rendered": 0.09,
    "real-rendered-aug": 0.05,
    "real-randomised-aug": 0.04,
    "real-gan": 0.08,
    "real-gan-aug": 0.03,
    "gan": 0.02,
}


def test_where_nothing_is_decided_the_lowest_expected_error_is_taken():
    assert choice(ALL) == "gan"
    assert choice({name: error for name, error in ALL.items() if name != "gan"}) == "real-gan-aug"


def test_a_simpler_mix_may_cost_a_fiftieth_of_the_errors():
    assert choice({"real": 0.1019, "real-rendered": 0.1}) == "real"
    assert choice({"real": 0.1021, "real-rendered": 0.1}) == "real-rendered"
    assert choice({"real": 0.2, "real-aug": 0.1019, "real-gan": 0.1015, "gan": 0.1}) == "real-aug"


def test_what_is_surely_beaten_is_not_advised_whatever_its_mean():
    errors = {"real": 0.2, "real-rendered": 0.1, "real-gan": 0.05}
    assert choice(errors, "real-gan worse real") == "real-rendered"
    assert choice(errors, "real-gan worse real-rendered") == "real-rendered"
    assert choice(errors, "real-rendered better real-gan") == "real-rendered"
    assert choice(errors, "real-gan undecided real") == "real-gan"


def test_verdicts_that_beat_all_leave_the_lowest_error():
    errors = {"real": 0.2, "real-aug": 0.1}
    assert choice(errors, "real-aug better real", "real-aug worse real") == "real-aug"


def test_counts_of_rendered_images_alone_are_left_out_and_verdicts_stay_at_their_count():
    here = answer({"real": 0.2, "real-aug": 0.1}, [("real-aug", "better", "real")], 55)
    there = answer({"real": 0.1, "real-aug": 0.05, "rendered": 0.3}, (), 385)
    alone = answer({"rendered": 0.5}, (), 1000)
    parts = [here, there, alone]
    both = of(
        pd.concat([part.summary for part in parts]),
        pd.concat([part.comparisons for part in parts]),
    )
    real, augmented = map(Mix.parse, ("real", "real-aug"))
    assert recommended(both) == [
        Recommendation(55, augmented, 0.1, real, 0.2),
        # It has fewer errors, which is not sure.
        Recommendation(385, augmented, 0.05, real, 0.1),
    ]
    assert recommended(alone) == []


@pytest.mark.parametrize(
    ("mix", "instead"),
    [("real-aug", "real"), ("real-gan-aug", "real-aug"), ("real-gan", "real"), ("gan", "real")],
)
def test_instead_of_what(mix, instead):
    (found,) = recommended(answer({instead: 0.2, mix: 0.1}, [(mix, "better", instead)]))
    named = found.mix.name, found.instead_of.name, found.instead_of_error
    assert named == (mix, instead, 0.2)
    assert found.record() == {
        "n_real": 55, "mix": mix, "error": 0.1, "instead_of": instead, "instead_of_error": 0.2,
    }  # fmt: skip


def test_without_the_baseline_of_its_kind_nothing_is_instead():
    (found,) = recommended(
        answer({"real": 0.2, "real-gan-aug": 0.1}, [("real", "worse", "real-gan-aug")])
    )
    assert found.mix.name == "real-gan-aug"
    assert (found.instead_of, found.instead_of_error) == (None, None)


def test_simplicity():
    order = [
        "real", "real-aug", "real-rendered", "real-rendered-aug", "real-randomised",
        "real-randomised-aug", "real-warp", "real-warp-aug", "rendered", "warp-aug",
    ]  # fmt: skip
    by_name = sorted(order)
    assert sorted(by_name, key=lambda name: simplicity(Mix.parse(name))) == order


def test_a_learner_whose_best_is_beaten_falls_out_with_all_its_mixes():
    """Nothing was compared with small:real, whose mean is the lowest."""
    errors = {"small:real": 0.2, "small:real-rendered": 0.4, "frozen:real": 0.3}
    assert choice(errors) == "small:real"
    assert choice(errors, "frozen:real better small:real-rendered") == "frozen:real"
    assert choice(errors, "frozen:real worse small:real-rendered") == "small:real"


def test_of_the_same_mix_the_simpler_learner_comes_first():
    order = [
        "small:real", "frozen:real", "finetuned:real", "mine:real", "small:real-aug",
        "frozen:real-rendered", "small:real-rendered-aug",
    ]  # fmt: skip
    assert sorted(sorted(order), key=lambda name: simplicity(Mix.parse(name))) == order


def test_nothing_is_recommended_where_there_are_variants_alone():
    assert recommended(answer({"rendered-pseudo-aug-50unlabelled": 0.1}, n=0)) == []
