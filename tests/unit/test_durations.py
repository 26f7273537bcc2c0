"""How long jobs will take: for `init`, and for the progress line until jobs have ended."""

from collections import Counter
from pathlib import Path

import pytest
import yaml

from realink.plan import durations, grid, proposal
from realink.training.pseudo import ROUNDS

ROOT = Path(__file__).parents[2]


def config(**changes):
    return yaml.safe_load((ROOT / "config/config.yaml").read_text()) | changes


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


def test_a_study_without_translators_has_none():
    assert "translate" not in durations.by_rule(config(mixes=["real"]))
    assert durations.by_rule(config(mixes=["real"], counts=[0], rendered_counts=[]))


def test_what_others_define_is_known_here():
    """Not imported, since it would take long at every parse of the workflow."""
    assert ROUNDS < durations.PSEUDO_TRAININGS < ROUNDS + 1
    assert tuple(proposal.PHOTOMETRIC) == durations.PHOTOMETRIC
