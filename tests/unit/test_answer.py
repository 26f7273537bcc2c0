"""The answer of made-up studies, whose truth is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from realink.answer import comparisons
from realink.answer.analysis import analyse
from realink.answer.recommended import recommended
from realink.answer.sentences import advice, certainty, sentences
from realink.answer.statistics import compare, log_ratios, pool
from realink.answer.studies import Study, compare_studies
from realink.answer.words import as_count, fewer, percent, places, span
from realink.errors import InputError
from realink.plan.mixes import Mix
from realink.store.predictions import Predictions
from realink.store.tables import JUDGED, TRAINED

TOTAL = 55_000
CLASSES = tuple("abcdefghij")
COUNTS = (55, 385, 5500, 38_500)
REAL = {55: 0.2, 385: 0.1, 5500: 0.05, 38_500: 0.025, TOTAL: 0.0125}
# Errors of the talk's kind of study: translated images help at few images, and alone never.
TALK = {
    "real": REAL,
    "rendered": {55: 0.3, 385: 0.3, 5500: 0.25, 38_500: 0.2},
    "real-rendered": {55: 0.17, 385: 0.09, 5500: 0.047, 38_500: 0.024},
    "gan": {55: 0.4, 385: 0.35, 5500: 0.3, 38_500: 0.3},
    "real-gan": {55: 0.1, 385: 0.05, 5500: 0.05, 38_500: 0.06},
    "real-aug": {n: error / 2 for n, error in REAL.items()},
    "real-rendered-aug": {n: REAL[n] / 4 for n in COUNTS},
    "real-gan-aug": {n: REAL[n] / 2 for n in COUNTS},
}


def study(errors, replicates=3, images=4000, seed=0):
    """Metrics and predictions with these errors, as draws of a probit model.

    Images are hard for all classifiers, and real images drawn badly are bad for all mixes; so
    mixes of equal errors differ by chance alone, and others by what is asked for.
    """
    random = np.random.default_rng(seed)
    hard = random.standard_normal(images)
    counts = dict.fromkeys([*REAL, *(n for own in errors.values() for n in own)])
    bad = {(n, r): 0.05 * random.standard_normal() for n in counts for r in range(replicates)}
    cells = [(mix, n, r) for mix in errors for n in errors[mix] for r in range(replicates)]
    labels = random.integers(0, 10, images)
    rows, read = [], np.empty((len(cells), images), np.uint8)
    for i, (mix, n, r) in enumerate(cells):
        noise = 0.5 * random.standard_normal(images) + 0.01 * random.standard_normal()
        reach = np.sqrt(1 + 0.25)
        wrong = hard + noise + bad[n, r] > reach * stats.norm.isf(errors[mix][n])
        read[i] = np.where(wrong, (labels + 1) % 10, labels)
        rows.append(
            {
                "mix": mix,
                "n_real": n,
                "n_synthetic": 0 if Mix.parse(mix).is_baseline else TOTAL - n,
                "replicate": r + 1,
                "test_error": wrong.mean(),
            }
        )
    return pd.DataFrame(rows), Predictions(read, labels, CLASSES)


def judged(kept, name="gan"):
    """The table of translators, of two replicates around these fractions of kept labels."""
    rows = [
        {
            "translator": name,
            "n_real": n,
            "replicate": r,
            "label_retention": part + 0.01 * (-1) ** r,
        }
        for n, part in kept.items()
        for r in (1, 2)
    ]
    return pd.DataFrame(rows, columns=dict.fromkeys([*TRAINED, *JUDGED]))


def answer_of(errors, kept=None, **more):
    return analyse(*study(errors, **more), judged(kept or {}), pool=TOTAL, seed=1)


def part(*names, **more):
    return {name: TALK[name] for name in names} | more


@pytest.fixture(scope="module")
def talk():
    return answer_of(TALK, {55: 0.5, 385: 0.7, 38_500: 0.95})


def the(table, **where):
    own = table[np.logical_and.reduce([table[key] == value for key, value in where.items()])]
    assert len(own) == 1
    return own.iloc[0]


def verdicts(answer, mix, reference):
    return answer.verdicts(Mix.parse(mix), Mix.parse(reference))


# --- comparisons ----------------------------------------------------------------------------------


def test_every_mix_has_the_verdict_that_its_errors_make(talk):
    assert talk.notes == []
    assert verdicts(talk, "real-gan", "real") == {
        55: "better", 385: "better", 5500: "undecided", 38_500: "worse"
    }  # fmt: skip
    assert set(verdicts(talk, "gan", "real").values()) == {"worse"}
    augmented = verdicts(talk, "real-aug", "real")
    assert {augmented[n] for n in (55, 385, 5500)} == {"better"}
    assert list(verdicts(talk, "real-aug", "real")) == [*COUNTS, TOTAL]
    assert set(verdicts(talk, "real-gan-aug", "real-aug").values()) == {"undecided"}
    assert set(verdicts(talk, "real-gan-aug", "real-rendered-aug").values()) == {"worse"}
    assert set(verdicts(talk, "gan", "rendered").values()) == {"worse"}


def test_comparisons_are_of_paired_replicates_and_adjusted(talk):
    row = the(talk.comparisons, mix="real-gan", reference="real", n_real=55)
    assert row["ratio"] == pytest.approx(0.5, rel=0.1)
    assert row["low"] < 0.5 < row["high"]
    assert row["test"] == "replicates x images"
    assert row["replicates"] == 3
    table = talk.comparisons
    assert (table["p_adjusted"] >= table["p"]).all()
    assert (table["p_adjusted"] > table["p"]).any()
    np.testing.assert_allclose(
        table["p_adjusted"], stats.false_discovery_control(table["p"]), rtol=1e-12
    )
    assert ((table["p_adjusted"] < 0.05) == (table["verdict"] != "undecided")).all()
    # One more, of rendered images alone: most of them (at 55) against fewest.
    ends = the(table, mix="rendered", reference="rendered")
    assert (ends["n_real"], ends["reference_n_real"], ends["verdict"]) == (55, 38_500, "worse")


def test_many_comparisons_share_one_prior_and_one_correction():
    """Ten mixes that are the baseline under other names: some p is small, none is decided."""
    same = {f"real-t{i}": {n: REAL[n] for n in COUNTS} for i in range(10)}
    metrics, predictions = study({"real": REAL} | same, images=2000, seed=1)
    table = analyse(metrics, predictions, judged({}), pool=TOTAL, seed=1).comparisons
    assert table["p"].min() < 0.05
    assert set(table["verdict"]) == {"undecided"}
    wrong = (predictions.predicted != predictions.labels).reshape(-1, 3, 2000)
    cells = metrics.loc[::3, ["mix", "n_real"]].itertuples(index=False, name=None)
    wrong = dict(zip(cells, wrong, strict=True))
    pairs = {key: (own, wrong["real", key[1]]) for key, own in wrong.items() if key[0] != "real"}
    priors = pool([log_ratios(*pair) for pair in pairs.values()], [n for _, n in pairs])
    priors = dict(zip(pairs, priors, strict=True))
    for row in table.itertuples():
        cell = row.mix, row.n_real
        assert row.p == pytest.approx(compare(*pairs[cell], prior=priors[cell]).p)


def test_replicates_are_paired_by_their_number():
    """Rows in another order, and a lacking replicate, change nothing for the others."""
    metrics, predictions = study(part("real", "real-gan"))
    order = np.random.default_rng(0).permutation(len(metrics))
    usual = analyse(metrics, predictions, judged({}), pool=TOTAL, seed=1)
    mixed = analyse(
        metrics.iloc[order],
        predictions._replace(predicted=predictions.predicted[order]),
        judged({}),
        pool=TOTAL,
        seed=1,
    )
    pd.testing.assert_frame_equal(mixed.comparisons, usual.comparisons)
    keep = ~((metrics["mix"] == "real") & (metrics["n_real"] == 55) & (metrics["replicate"] == 2))
    fewer = analyse(
        metrics[keep],
        predictions._replace(predicted=predictions.predicted[keep]),
        judged({}),
        pool=TOTAL,
        seed=1,
    )
    assert fewer.notes == ["missing: real at 55, replicate 2"]
    row = the(fewer.comparisons, mix="real-gan", n_real=55)
    assert row["replicates"] == 2
    cells = metrics[metrics["n_real"] == 55].set_index(["mix", "replicate"])["test_error"]
    by_hand = np.exp(np.mean([np.log(cells["real-gan", r] / cells["real", r]) for r in (1, 3)]))
    assert row["ratio"] == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("verdicts", "since", "until"),
    [
        ("better better undecided undecided", 55, 385),
        ("undecided better undecided better", 385, 38_500),
        ("better worse undecided undecided", 55, 55),
        ("better worse better undecided", 55, 55),
        ("undecided undecided undecided undecided", None, None),
        ("worse worse better better", 5500, 38_500),
        ("worse better worse undecided", 385, 385),
    ],
)
def test_break_even(verdicts, since, until):
    table = pd.DataFrame({"mix": "real-gan", "reference": "real", "n_real": COUNTS})
    table = table.assign(reference_n_real=COUNTS, verdict=verdicts.split())
    row = the(comparisons.break_even(table), mix="real-gan")
    for found, expected in ((row["break_even"], since), (row["until"], until)):
        assert found is pd.NA if expected is None else found == expected


def test_break_even_of_a_study(talk):
    row = the(talk.break_even, mix="real-gan", reference="real")
    assert (row["break_even"], row["until"]) == (55, 385)  # undecided, then worse
    assert row["better_at"] == "55 and 385"
    assert row["undecided_at"] == "5,500"
    assert row["worse_at"] == "38,500"
    row = the(talk.break_even, mix="real-aug", reference="real")
    assert row["break_even"] == 55
    assert row["until"] >= 5500


def test_worth_is_where_the_baseline_has_the_same_error(talk):
    row = the(talk.worth, mix="real-gan", n_real=55)
    assert row["baseline"] == "real"
    assert row["equals"] == pytest.approx(385, rel=0.15)  # both have 10 %
    assert row["low"] < row["equals"] < row["high"]
    assert row["worth"] == pytest.approx(row["equals"] - 55)
    # The augmented baseline halves its error from 55 to 385 too.
    row = the(talk.worth, mix="real-rendered-aug", n_real=55)
    assert row["baseline"] == "real-aug"
    assert row["equals"] == pytest.approx(385, rel=0.15)
    assert the(talk.worth, mix="real-rendered-aug", n_real=38_500)["equals"] > 0.8 * TOTAL
    assert not set(talk.worth["mix"]) & {"real", "real-aug", "rendered", "gan"}


def test_summary_has_means_and_intervals(talk):
    row = the(talk.summary, mix="real-gan", n_real=55)
    assert row["test_error"] == pytest.approx(0.1, rel=0.1)
    assert row["low"] < row["test_error"] < row["high"]
    assert (row["replicates"], row["n_synthetic"]) == (3, TOTAL - 55)


def plain(text):
    """Without the spaces that keep a number on one line with its unit."""
    return text.replace("\N{NO-BREAK SPACE}", " ")


# --- sentences ------------------------------------------------------------------------------------


def error(answer, mix, n):
    return plain(percent(answer.error(Mix.parse(mix), n)))


def test_sentences_have_the_numbers_of_the_tables(talk):
    advised, translating = map(plain, sentences(talk))
    mixed, alone = (error(talk, mix, 55) for mix in ("real-rendered-aug", "real-aug"))
    assert advised == (
        f"With 55 real images: add rendered ones and augment: {mixed} errors instead of {alone}; "
        "translating adds nothing sure."
    )
    assert translating == (
        "Beside real images, those translated by gan are nowhere surely better than untranslated "
        "ones, and worse at every N (real-gan-aug against real-rendered-aug)."
    )
    first, second = recommended(talk)[:2]
    saved, sure, worth = map(plain, certainty(talk, first))
    row = the(talk.comparisons, mix="real-rendered-aug", reference="real-aug", n_real=55)
    assert row["verdict"] == "better"
    high, low = (round(100 * (1 - row[name])) for name in ("high", "low"))
    assert saved == (
        f"That is {round(100 * (1 - row['ratio']))} % fewer errors than with real images alone, "
        f"augmented (real-rendered-aug against real-aug; 95 % interval: {high} to {low} % fewer)."
    )
    surely = talk.rivals[(talk.rivals["n_real"] == 55) & (talk.rivals["verdict"] == "better")]
    others = len(talk.rivals[talk.rivals["n_real"] == 55])
    assert len(surely) == others > 4
    assert sure == f"All {others} mixes tried besides are surely worse."
    assert f" {second.n_real} real images are worth " in certainty(talk, second)[-1]
    row = the(talk.worth, mix="real-rendered-aug", n_real=55)
    equals, low, high = (
        f"{int(float(f'{row[name]:.2g}')):,}" for name in ("equals", "low", "high")
    )
    assert worth == (
        f"So used, 55 real images are worth {equals} used alone "
        f"(real-aug; 95 % interval: {low} to {high})."
    )


def test_what_is_not_sure_is_said_so():
    found = answer_of({"real-aug": REAL, "real-rendered-aug": {55: 0.97 * REAL[55]}})
    mix, instead = map(Mix.parse, ("real-rendered-aug", "real-aug"))
    one = replace(recommended(found)[0], mix=mix, instead_of=instead)
    (told,) = [words for words in certainty(found, one) if words.startswith("That is")]
    assert " errors than with real images alone, augmented, which is not sure (" in told
    assert "% fewer to" in told or "% more to" in told
    assert fewer(1.042) == "4\N{NO-BREAK SPACE}% more"


def test_how_sure_names_each_kind_with_its_probability():
    found = answer_of(
        {
            "real": REAL,
            "real-aug": {n: 0.5 * error for n, error in REAL.items()},
            "real-rendered-aug": {n: 0.49 * error for n, error in REAL.items()},
        }
    )
    one = recommended(found)[0]
    (sure,) = [plain(words) for words in certainty(found, one) if words.startswith("Of ")]
    own = found.rivals[found.rivals["n_real"] == one.n_real].set_index("reference")
    other = next(name for name in own.index if name != "real")
    row = own.loc[other]
    chance = 1 - row["p"] / 2 if row["ratio"] < 1 else row["p"] / 2
    verdict = "is probably worse" if chance >= 0.75 else "cannot be told from it"
    assert own.loc["real", "verdict"] == "better"
    assert row["verdict"] == "undecided"
    assert sure == (
        f"Of 2 mixes tried besides, 1 is surely worse (real) and 1 {verdict} "
        f"({other}, {100 * chance:.0f} %). The percentage is the probability that this advice has "
        "fewer errors."
    )


def said(answer):
    """What is advised at each count, without its end."""
    return {
        one.n_real: plain(advice(answer, one)).removeprefix(f"With {one.n_real:,} real images: ")
        for one in recommended(answer)
    }


def test_advice_at_every_count(talk):
    found = said(talk)
    assert list(found) == [*COUNTS, TOTAL]
    assert found[TOTAL].startswith(("augment them: 0.6", "train on them alone: 1."))
    for n, text in found.items():
        assert len(text.split()) + 4 <= 25, n
    errors = {"real-gan": {55: 0.05}, "real-rendered": {55: 0.1}}
    translated = answer_of({"real": REAL} | errors)
    assert said(translated)[55] == (
        f"add rendered ones translated by gan: {error(translated, 'real-gan', 55)} errors instead "
        f"of {error(translated, 'real', 55)} (untranslated: "
        f"{error(translated, 'real-rendered', 55)})."
    )
    nothing = answer_of({"real": REAL} | {mix: {55: 0.4} for mix in errors})
    assert said(nothing)[55].endswith(
        " errors; rendered ones, translated or not, add nothing sure."
    )
    assert said(answer_of(part("real")))[55].endswith("% errors.")


def test_a_translator_that_is_not_best_never_leads():
    errors = {"real-randomised": {55: 0.05, 385: 0.03}, "real-gan": {55: 0.12, 385: 0.06}}
    found = answer_of(part("real", **errors))
    assert set(verdicts(found, "real-gan", "real-randomised").values()) == {"worse"}
    assert verdicts(found, "real-randomised", "real-randomised") == {}
    first, second = sentences(found)[:2]
    assert (
        "add randomised rendered ones: 5." in first or "add randomised rendered ones: 4." in first
    )
    assert first.endswith("; translating adds nothing sure.")
    assert "gan are surely better than none at all at every N" in second


def test_a_translator_that_is_better_somewhere_comes_before_a_better_mean():
    # slight: 3 % less error everywhere, undecided; gan: half the error at 55, much worse at 385.
    errors = {"real-gan": {55: 0.1, 385: 0.35}, "real-slight": {55: 0.194, 385: 0.097}}
    found = answer_of(part("real", **errors))
    assert set(verdicts(found, "real-slight", "real").values()) == {"undecided"}
    assert sentences(found)[1] == (
        "Beside real images, those translated by gan are surely better than none at all at N = 55, "
        "but worse at N = 385 (real-gan against real)."
    )


def test_more_than_the_study_has():
    found = answer_of({"real": {55: 0.2, 385: 0.1}, "real-gan": {55: 0.01}})
    assert the(found.worth, mix="real-gan")["equals"] == np.inf
    told = certainty(found, recommended(found)[0])
    assert told[-1].startswith("So used, 55 real images are worth more than 385 used")


# --- test images in groups ------------------------------------------------------------------------


def test_groups_of_test_images_are_what_varies_and_have_errors_of_their_own():
    metrics, predictions = study(part("real", "real-gan"))
    places = np.arange(len(predictions.labels)) % 7
    predictions = predictions._replace(groups=places, group_names=tuple("ABCDEFG"))
    found = analyse(metrics, predictions, judged({}), pool=TOTAL, seed=1)
    assert set(found.comparisons["test"]) == {"replicates x groups"}
    assert "test images come in 7 groups" in found.notes[0]
    row = the(found.groups, mix="real-gan", n_real=55, group="C")
    own = metrics.index[(metrics["mix"] == "real-gan") & (metrics["n_real"] == 55)]
    wrong = (predictions.predicted[own] != predictions.labels)[:, places == 2]
    assert row["test_error"] == pytest.approx(wrong.mean())
    assert row["images"] == np.sum(places == 2)
    whole = found.groups[(found.groups["mix"] == "real") & (found.groups["n_real"] == 385)]
    assert np.average(whole["test_error"], weights=whole["images"]) == pytest.approx(
        found.error(Mix.parse("real"), 385)
    )


def test_few_test_images_are_said_to_be_few():
    metrics, predictions = study(part("real", "real-gan"))
    metrics = metrics.assign(n_test=100)
    few = predictions._replace(
        predicted=predictions.predicted[:, :100], labels=predictions.labels[:100]
    )
    wrong = (few.predicted != few.labels).mean(axis=1)
    found = analyse(metrics.assign(test_error=wrong), few, judged({}), pool=TOTAL, seed=1)
    assert found.notes[0].startswith("there are only 100 test images, so that one misread adds 1")
    whole = analyse(
        metrics.assign(n_test=len(predictions.labels)), predictions, judged({}), pool=TOTAL, seed=1
    )
    assert not [note for note in whole.notes if "only" in note]


def test_a_single_group_says_nothing_of_others():
    metrics, predictions = study(part("real", "real-gan"))
    predictions = predictions._replace(
        groups=np.zeros(len(predictions.labels), int), group_names=("one",)
    )
    found = analyse(metrics, predictions, judged({}), pool=TOTAL, seed=1)
    assert set(found.comparisons["test"]) == {"replicates x images"}
    assert found.notes == [
        "all test images are of one group, one: the answer holds for other images of it, and says "
        "nothing of other groups"
    ]


# --- what the data cannot tell --------------------------------------------------------------------


def test_one_replicate():
    found = answer_of(part("real", "real-gan"), replicates=1)
    assert found.notes[0].startswith("one replicate: errors and counts have no intervals")
    assert found.summary[["low", "high", "sd"]].isna().all(axis=None)
    assert found.worth[["low", "high"]].isna().all(axis=None)
    assert set(found.comparisons["test"]) == {"McNemar"}
    told = [words for one in recommended(found) for words in certainty(found, one)]
    worth = [words for words in told if "worth" in words]
    assert worth
    assert not any("interval" in words for words in worth)


def test_what_replicates_cannot_tell_is_said_of_the_study_at_hand(talk):
    crowded, nested, fonts = map(plain, talk.limits)
    assert crowded == (
        "all draws come from the same 55,000 real images, of which two share 70 % at 38,500 and "
        "100 % at 55,000: there, other real images would differ by more than the replicates do"
    )
    assert nested.startswith("a replicate's real images at one N are among its images at any")
    assert fonts.startswith("one set of rendered images serves all replicates")
    # None of it where there is no such count, no other count, or nothing rendered.
    assert answer_of({"real": {55: 0.2}}).limits == []
    assert len(answer_of({"real": {55: 0.2}, "real-gan": {55: 0.2}}).limits) == 1
    two = answer_of(part("real", "real-gan"), replicates=2).limits
    assert two[0].startswith("two replicates: a mean error has hardly an interval")
    assert two[1:] == talk.limits
    assert answer_of(part("real", "real-gan"), replicates=1).limits == []


def test_missing_cells_are_named():
    metrics, predictions = study(part("real", "real-gan"))
    lost = (metrics["mix"] == "real-gan") & (metrics["n_real"] == 385)
    lost |= (metrics["mix"] == "real") & (metrics["n_real"] == 5500) & (metrics["replicate"] == 3)
    metrics, predictions = (
        metrics[~lost],
        predictions._replace(predicted=predictions.predicted[~lost]),
    )
    found = analyse(metrics, predictions, judged({}), pool=TOTAL, seed=1)
    assert found.notes == [
        "missing: real at 5,500, replicate 3",
        "missing: real-gan at 385, replicates 1, 2 and 3",
    ]
    assert 385 not in verdicts(found, "real-gan", "real")


def test_a_cell_without_a_test_error_is_named_once_and_left_out():
    metrics, predictions = study(part("real", "real-gan"))
    metrics.loc[0, "test_error"] = np.nan
    found = analyse(metrics, predictions, judged({}), pool=TOTAL, seed=1)
    assert found.notes == ["real at 55, replicate 1, has no test error: left out"]
    assert the(found.summary, mix="real", n_real=55)["replicates"] == 2
    assert the(found.comparisons, mix="real-gan", n_real=55)["replicates"] == 2
    assert sentences(found)


def test_no_test_error_at_all():
    metrics, predictions = study(part("real", "real-gan"))
    found = analyse(metrics.assign(test_error=None), predictions, judged({}), pool=TOTAL, seed=1)
    assert len(found.notes) >= len(metrics)
    assert sentences(found)
    for table in (found.summary, found.comparisons, found.break_even, found.worth):
        assert table.empty
        assert "mix" in table


def test_no_baseline():
    found = answer_of(part("real-gan", "real-rendered"))
    assert found.notes == [
        "no baseline: without the mix real, nothing says whether a mix without augmentation helps"
    ]
    assert sentences(found) == [
        "This study has no baseline (the mix `real` or `real-aug`), so it cannot say whether "
        "translation helps."
    ]
    assert found.worth.empty


def test_augmented_mixes_alone_have_a_baseline_of_their_own():
    found = answer_of(part("real-aug", "real-gan-aug"))
    assert found.notes == []
    assert said(found)[TOTAL] == f"augment them: {error(found, 'real-aug', TOTAL)} errors."


def test_no_translator():
    found = answer_of(part("real", "rendered", "real-rendered"))
    assert found.notes == ["no translator: nothing says whether translation helps"]
    assert sentences(found)[1] == (
        "This study has no translator, so it cannot say whether translation helps."
    )
    assert "transl" not in said(found)[55]


def test_the_baseline_alone_and_a_single_count():
    found = answer_of({"real": REAL})
    for table in (found.comparisons, found.break_even, found.worth):
        assert table.empty
    found = answer_of({"real": {55: 0.2}, "real-gan": {55: 0.1}})
    assert found.worth.empty
    assert verdicts(found, "real-gan", "real") == {55: "better"}
    assert len(sentences(found)) == 2
    assert recommended(found)[0].mix.name == "real-gan"


def test_classifiers_without_errors():
    zero = dict.fromkeys(COUNTS, 0)
    found = answer_of({"real": zero, "real-rendered": zero, "real-gan": zero}, images=50)
    assert set(found.comparisons["verdict"]) == {"undecided"}
    assert sentences(found)


def test_predictions_of_another_study_are_refused():
    metrics, predictions = study(part("real", "real-gan"))
    with pytest.raises(
        InputError, match=r"predictions.safetensors has 26 classifiers, metrics.csv 27"
    ):
        analyse(
            metrics,
            predictions._replace(predicted=predictions.predicted[1:]),
            judged({}),
            pool=TOTAL,
            seed=1,
        )
    with pytest.raises(InputError, match=r"metrics\.csv 27"):
        analyse(
            metrics,
            predictions._replace(predicted=predictions.predicted, labels=predictions.labels[1:]),
            judged({}),
            pool=TOTAL,
            seed=1,
        )
    with pytest.raises(InputError, match="another error of real at 55, replicate 1"):
        analyse(
            metrics,
            predictions._replace(predicted=predictions.predicted[::-1]),
            judged({}),
            pool=TOTAL,
            seed=1,
        )


def test_studies_of_other_classes_are_not_compared():
    """Labels alone are places in the classes: cat and dog may have those of dog and wolf."""
    metrics, predictions = study(part("real"))
    other = predictions._replace(classes=(*CLASSES[1:], "k"))
    rows, notes = compare_studies(
        Study("a", metrics, predictions), Study("b", metrics, predictions)
    )
    assert set(rows["verdict"]) == {"identical"}
    assert notes == [
        *(f"{name}: no translator: nothing says whether translation helps" for name in "ab"),
        "no config.json in a and b: which settings differ is not known",
    ]
    with pytest.raises(InputError, match="not tested on the same images"):
        compare_studies(Study("a", metrics, predictions), Study("b", metrics, other))


def test_what_two_studies_were_made_with_is_named_where_it_differs():
    metrics, predictions = study(part("real"))
    config = {"study": "a", "seed": 1, "classifier": {"steps": 5, "width": 16}}
    other = {"study": "b", "seed": 1, "classifier": {"steps": 9, "width": 16, "dropout": 0.1}}
    metrics["train_steps"] = 5
    first = Study("a", metrics, predictions, config)
    _, notes = compare_studies(first, first._replace(name="b"))
    assert not [note for note in notes if note.startswith(("setting", "classifiers", "no config"))]
    longer = metrics.assign(train_steps=np.where(metrics["n_real"] > 55, 1000, 9))
    _, notes = compare_studies(first, Study("b", longer, predictions, other))
    assert notes[-3:] == [
        "classifiers of the same mix and N trained for other numbers of steps (a: 5 to 5; "
        "b: 9 to 1,000): errors differ by that, too",
        "setting classifier: steps: 5 in a, 9 in b",
        "setting classifier: dropout: none in a, 0.1 in b",
    ]
    _, notes = compare_studies(first, Study("b", metrics, predictions))
    assert notes[-1] == "no config.json in b: which settings differ is not known"


def test_cells_that_a_change_did_not_touch_say_nothing_of_the_others():
    """27 cells of 81 changed: with the others' spread of zero in the prior, fewer were decided."""
    nine = {55 * 2**k: 0.2 / 2 ** (k / 2) for k in range(9)}
    names = ["real", *(f"real-t{i}" for i in range(8))]
    metrics, predictions = study(dict.fromkeys(names, nine), images=1500)
    own = metrics["mix"].isin(names[:3])
    # The same test images, which are as hard as before.
    less = {n: error * 0.85 for n, error in nine.items()}
    _, again = study(dict.fromkeys(names[:3], less), images=1500)
    second = metrics.copy()
    read = predictions.predicted.copy()
    read[own] = np.where(
        again.predicted == again.labels, predictions.labels, (predictions.labels + 1) % 10
    )
    second["test_error"] = (read != predictions.labels).mean(axis=1)
    first = Study("a", metrics, predictions)
    table, _ = compare_studies(first, Study("b", second, predictions._replace(predicted=read)))
    assert (table["verdict"] == "identical").sum() == 54
    assert set(table.loc[table["verdict"] == "identical", "mix"]) == set(names[3:])
    counted = table[table["mix"].isin(names[:3])]
    alone = Study("a", metrics[own], predictions._replace(predicted=predictions.predicted[own]))
    fewer = Study("b", second[own], predictions._replace(predicted=read[own]))
    columns = ["mix", "n_real", "ratio", "low", "high", "p_adjusted", "verdict"]
    pd.testing.assert_frame_equal(
        counted[columns].reset_index(drop=True), compare_studies(alone, fewer)[0][columns]
    )
    assert (counted["verdict"] == "better").mean() > 0.8


# --- words ----------------------------------------------------------------------------------------


def test_words():
    assert plain(percent(0.2184)) == "21.8 %"
    assert plain(percent(0.0327)) == "3.27 %"
    assert percent(np.nan) == "?"
    assert as_count(1234.0, 55, 55_000) == "1,200"
    assert as_count(0.0, 55, 55_000) == "fewer than 55"
    assert as_count(np.inf, 55, 55_000) == "more than 55,000"
    among = [55, 165, 385, 550]
    assert span(55, 55, among) == "at N = 55"
    assert span(55, 385, among) == "up to N = 385"
    assert span(165, 385, among) == "from N = 165 to 385"
    assert span(165, 550, among) == "from N = 165 on"
    assert span(55, 550, among) == "at every N"
    assert places([165, 385], among) == "from N = 165 to 385"
    assert places([55, 385], among) == "at N = 55 and 385"


@pytest.mark.parametrize(
    ("chances", "said"),
    [
        # Five are too many to name, and so is no percentage explained.
        ([0.9] * 5, "Of 5 mixes tried besides, 5 are probably worse."),
        (
            [0.9, 0.5, 0.1],
            "Of 3 mixes tried besides, 1 is probably worse (real-t0, 90 %), 1 cannot be told from "
            "it (real-t1, 50 %) and 1 is probably better (real-t2, 10 %). The percentage is the "
            "probability that this advice has fewer errors.",
        ),
        ([], ""),
    ],
)
def test_how_sure_is_said_of_each_as_it_is(chances, said):
    found = answer_of({"real": REAL})
    one = recommended(found)[0]
    rows = [
        {"mix": "real", "n_real": one.n_real, "reference": f"real-t{place}", "verdict": "undecided"}
        | {"ratio": 0.9 if chance > 0.5 else 1.1, "p": 2 * min(chance, 1 - chance)}
        for place, chance in enumerate(chances)
    ]
    found = replace(found, rivals=pd.DataFrame(rows))
    sure = [plain(words) for words in certainty(found, one) if words.startswith("Of ")]
    assert sure == [said] * bool(said)
