"""How long jobs will take: for `init`, and for the progress line until jobs have ended."""

from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from realink.plan import durations, grid, proposal, sources
from realink.training import pace
from realink.training.pseudo import ROUNDS

ROOT = Path(__file__).parents[2]


def config(**changes):
    """A study as jobs have it, with all defaults."""
    return sources.complete(yaml.safe_load((ROOT / "config/config.yaml").read_text()) | changes)


def test_init_and_the_progress_line_reckon_alike():
    study = config()
    jobs = Counter(train_classifier=len(grid.cells(study)), train_judge=1)
    for rule in ("train_translator", "translate", "judge", "measure_gap"):
        jobs[rule] = len(grid.translator_cells(study))
    each = durations.by_rule(study)
    assert sum(n * each[rule] for rule, n in jobs.items()) == pytest.approx(
        durations.work(study), rel=0.15
    )
    assert proposal.seconds(study) == durations.work(study) / 2


def test_what_makes_jobs_long():
    each = durations.by_rule(config())
    large = {"height": 64, "width": 64, "channels": 3}
    grown = durations.by_rule(config(images=large))
    assert all(grown[rule] > 2 * seconds for rule, seconds in each.items())
    lit = durations.by_rule(config(augmentation=config()["augmentation"] | {"noise": 0.1}))
    assert lit["train_classifier"] > each["train_classifier"]
    short = durations.by_rule(config(epochs=1))
    assert short["train_classifier"] < each["train_classifier"]


LARGE = {"height": 96, "width": 96, "channels": 3}


def test_pretrained_networks_take_their_time_and_are_reckoned_alike():
    small, both = config(images=LARGE), config(images=LARGE, learners=["small", "frozen"])
    each = durations.by_rule(both)
    views, cells = both["learner_settings"]["frozen"]["views"], len(grid.cells(both)) // 2
    # Each view of the pool, two of validation and test, all synthetic sets.
    encoded = views + 4 + 1 + len(grid.translator_cells(both))
    more = durations.work(both) - durations.work(small)
    heads = (
        2 * cells * each["train_classifier"]
        - cells * (durations.by_rule(small)["train_classifier"])
    )
    assert heads > 0
    assert heads + encoded * each["encode"] == pytest.approx(more)
    assert "encode" not in durations.by_rule(small)
    # The pool's 55,000 images alone, in four views.
    assert encoded * each["encode"] > 4 * 55_000 * 96**2 / 128**2 / durations.ENCODED_A_SECOND


def test_what_makes_pretrained_networks_long():
    few = {"counts": [55], "mixes": ["real-aug"], "rendered_counts": [], "learners": ["frozen"]}

    def seconds(**changes):
        return durations.work(config(**{"images": LARGE} | few | changes))

    def seen(images, side=96):
        return images * side**2 / 128**2 / durations.ENCODED_A_SECOND

    plain, jobs = seconds(), durations.START_SECONDS
    four_more = seconds(learner_settings={"frozen": {"views": 8}}) - plain
    assert four_more == pytest.approx(4 * (seen(55_000) + jobs))
    more = seconds(learner_settings={"frozen": {"synthetic": 55_000}}) - plain
    assert more == pytest.approx(seen(51_000))
    smaller = plain - seconds(learner_settings={"frozen": {"side": 48}})
    # Four views of the pool, two of what is tested, and 4,000 synthetic images.
    assert smaller == pytest.approx(0.75 * seen(4 * 55_000 + 2 * 15_000 + 4000))
    # Unlabelled images are scored, too.
    unlabelled = {"source": "pool", "directory": "", "count": 700}
    assert seconds(unlabelled=unlabelled) - plain == pytest.approx(2 * (seen(700) + jobs))
    finetuned = seconds(learners=["finetuned"])
    steps = {"finetuned": {"steps": 2000}}
    assert plain < finetuned < seconds(learners=["finetuned"], learner_settings=steps)


def test_small_on_reduced_images_is_as_quick_as_on_small_ones():
    reduced = config(images=LARGE, learner_settings={"small": {"side": 28}})
    small = config(images={"height": 28, "width": 28, "channels": 3})
    assert durations.by_rule(reduced) == pytest.approx(durations.by_rule(small))


def test_a_study_without_translators_has_none():
    assert "translate" not in durations.by_rule(config(mixes=["real"]))
    assert durations.by_rule(config(mixes=["real"], counts=[0], rendered_counts=[]))


def test_what_others_define_is_known_here():
    """Not imported, since it would take long at every parse of the workflow."""
    assert ROUNDS < durations.PSEUDO_TRAININGS < ROUNDS + 1
    assert tuple(proposal.PHOTOMETRIC) == durations.PHOTOMETRIC


@pytest.fixture
def spending(monkeypatch):
    """Have what is timed take some seconds of processor time, one after another."""

    def spend(*spent):
        clock = iter([time for one in spent for time in (7.0, 7.0 + one)])
        monkeypatch.setattr(pace.time, "process_time", lambda: next(clock))

    for name in ("_training", "_encoding"):
        monkeypatch.setattr(pace, name, lambda: lambda: None)
    pace.speed.cache_clear()
    yield spend
    pace.speed.cache_clear()


def test_a_machines_pace_is_next_to_the_one_that_was_measured(spending):
    # Of three tries the best, by the processor's time. What is loaded already is not timed.
    steps = [factor * pace.STEPS * pace.SECONDS_A_STEP for factor in (4, 2.5, 3)]
    batches = [factor * pace.SECONDS_A_BATCH for factor in (2, 3, 1.5)]
    spending(*steps, *batches)
    assert pace.speed(True) == pytest.approx((2.5, 1.5, 1.0))
    assert pace.speed(True) == pytest.approx((2.5, 1.5, 1.0))  # once a process
    spending(*steps)
    assert pace.speed(False) == pytest.approx((2.5, 2.5, 1.0))  # none is proposed


def test_torch_is_timed_as_it_is_loaded(spending, monkeypatch):
    monkeypatch.setattr(pace, "sys", SimpleNamespace(modules={}))
    spending(2 * pace.IMPORT_SECONDS, *[pace.STEPS * pace.SECONDS_A_STEP] * 3)
    assert pace.speed(False) == pytest.approx((1.0, 1.0, 2.0))


def test_what_is_timed_is_what_jobs_run():
    """Whatever it takes: the steps and the batch of the machine whose times are known."""
    network, _ = pace._training()()
    assert network.shape[:3] == (28, 28, 1)
    assert pace._encoding()() is None


def test_each_part_of_a_study_takes_as_much_longer_as_the_machine_does():
    both = config(images=LARGE, learners=["small", "frozen"])
    plain = durations.work(both)
    each = [
        durations.work(both, durations.MEASURED._replace(**{name: 2.0})) - plain
        for name in durations.Speed._fields
    ]
    assert min(each) > 0
    assert sum(each) == pytest.approx(plain)
    # What no pretrained network sees takes no longer for one that is slow.
    small = config(images=LARGE)
    assert durations.work(small, durations.Speed(encoding=9.0)) == durations.work(small)


def test_the_steps_that_are_timed_are_those_of_the_classifiers_whose_seconds_are_known():
    whole = durations.CLASSIFIER_STEPS * pace.SECONDS_A_STEP
    assert whole == pytest.approx(durations.CLASSIFIER_SECONDS, rel=0.01)


def test_the_jobs_of_a_rule_add_up_to_what_its_mean_job_takes():
    both = sources.complete(config(learners=["small", "frozen"], counts=[10, 1000]))
    each = durations.by_rule(both)
    cells = [
        durations.of_job(both, "train_classifier", {k: str(v) for k, v in wildcards.items()})
        for cell in grid.cells(both)
        for wildcards in [cell._asdict() | {"n": cell.n_real}]
    ]
    assert sum(cells) == pytest.approx(len(cells) * each["train_classifier"])
    assert max(cells) > 1.5 * min(cells)
    pool, validation = (
        durations.of_job(both, "encode", {"learner": "frozen", "images": f"real/{name}"})
        for name in ("pool", "validation")
    )
    assert pool > validation > durations.START_SECONDS
    assert durations.of_job(both, "collect", {}) is None
