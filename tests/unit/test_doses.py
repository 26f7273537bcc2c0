"""Doses: which there are, how they are trained, and what is said of them."""

import json
import re
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from realink.answer.enough import Line
from realink.errors import InputError
from realink.images.features import Features
from realink.images.imagesets import ImageSet, Shape
from realink.learners.frozen.model import fitted
from realink.learners.small import Settings
from realink.learners.small import network as small
from realink.plan import doses, grid, schema, sources
from tests import made_up

ROOT = Path(__file__).parents[2]
ASKED = {
    "mix": "real-warp-aug", "learner": "small", "n": [55, 385], "synthetic": [100, 1000, "all"],
    "share": [0.25, 0.5], "order": ["mixed", "first"],
}  # fmt: skip
HALF = Line(0.5, "mixed")


@pytest.fixture(scope="module")
def config():
    return yaml.safe_load((ROOT / "config/config.yaml").read_text())


def study(config, asked=None, **changes):
    return sources.complete(config | {"doses": ASKED | (asked or {})} | changes)


# --- which there are ------------------------------------------------------------------------------


def test_a_study_without_doses_has_none(config):
    assert config["doses"] == {}
    schema.check(config)
    assert doses.cells(sources.complete(config)) == []


def test_each_count_share_and_order_is_a_cell_but_what_the_grid_has(config):
    config = study(config)
    sources.check(config)
    cells, total = doses.cells(config), config["synthetic"]["total"]
    expected = {
        (n, total - n if count == "all" else count, share, order, replicate)
        for n, count, share, order, replicate in product(
            ASKED["n"], ASKED["synthetic"], ASKED["share"], ASKED["order"], (1, 2, 3)
        )
    }
    # All of them, half real: the grid's own.
    own = {(n, total - n, 0.5, "mixed", r) for n in ASKED["n"] for r in (1, 2, 3)}
    found = [(c.n_real, c.n_synthetic, c.real_share, c.order, c.replicate) for c in cells]
    assert set(found) == expected - own
    assert len(found) == len(set(found))
    assert not set(cells) & set(grid.cells(config))
    # All else is as of the grid's own, so that they share sets, features and seeds.
    for cell in cells:
        twin = grid.recipe(config, "small", "real-warp-aug", cell.n_real, cell.replicate)
        differs = {name for name in cell._fields if getattr(cell, name) != getattr(twin, name)}
        assert differs <= {"n_synthetic", "real_share", "order"}
    of = [str(path) for path in grid.paths(made_up.DOSE, cells)]
    assert len(set(of)) == len(of)
    # They go to the job as JSON, and are the same there.
    assert type(cells[0])(**json.loads(json.dumps(cells[0]._asdict()))) == cells[0]


def test_they_need_no_translator_of_their_own(config):
    config = study(config)
    there = set(grid.translator_cells(config))
    needed = {(cell.translator, cell.n_real, cell.replicate) for cell in doses.cells(config)}
    assert needed <= there


def test_a_share_is_kept_to_whatever_the_counts_are(config):
    """The grid takes all images alike where more of a mix is real than the share asks for."""
    config = study(config, {"n": [5500], "synthetic": [100], "share": [0.25], "order": ["mixed"]})
    assert {cell.real_share for cell in doses.cells(config)} == {0.25}
    assert grid.recipe(config, "small", "real-warp", 5500, 1, held=100).real_share == "concatenate"


def test_passes_over_the_images_are_of_those_that_a_dose_has(config):
    config = study(config, {"n": [55]}, epochs=2)
    assert {(c.n_synthetic, c.steps) for c in doses.cells(config) if c.n_synthetic < 2000} == {
        (100, 5), (1000, 33)
    }  # fmt: skip


def test_a_head_without_steps_has_no_share_of_images_that_come_first(config):
    config = study(config, {"learner": "frozen"}, learners=["frozen"])
    cells = doses.cells(config)
    first = [cell for cell in cells if cell.order == "first"]
    assert len(first) == 2 * 3 * 3
    assert {cell.real_share for cell in first} == {"concatenate"}
    # What it sees at most is all.
    seen = study(config, {"learner": "frozen", "synthetic": [100, 4000]})
    assert {c.n_synthetic for c in doses.cells(seen)} == {100, 54_945, 54_615}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"mix": "real-wrap-aug"}, "doses: mix:`: 'real-wrap-aug' is none of `mixes`; did you"),
        ({"mix": "warp"}, "doses: mix:`: 'warp' is not real-X or real-X-aug, of rendered"),
        ({"mix": "real-aug"}, "doses: mix:`: 'real-aug' is not real-X or real-X-aug, of rendered"),
        ({"learner": "frozen"}, "doses: learner:`: 'frozen' is none of `learners`"),
        ({"n": [56]}, "doses: n:`: the study has no real-warp-aug at 56: `counts` lacks it"),
        ({"n": [55_000]}, "doses: n:`: the study has no real-warp-aug at 55000"),
        ({"synthetic": [54_946]}, "doses: synthetic:`: 54946 images asked for, but the mix takes"),
        ({"synthetic": ["all"], "share": [0.5], "order": ["mixed"]}, "doses`: all of them are in"),
        ({"share": [1]}, "doses: share: 0:`: 1 is greater than or equal to the maximum of 1"),
        ({"share": [0]}, "doses: share: 0:`: 0 is less than or equal to the minimum of 0"),
        ({"order": ["last"]}, "doses: order: 0:`: 'last' is not one of ['mixed', 'first']"),
        ({"synthetic": []}, "doses: synthetic:`: [] "),
        ({"synthetic": [0]}, "doses: synthetic: 0:`: 0 is not valid"),
        ({"counts": [55]}, "doses: counts:` is unknown (there are: learner"),
    ],
)  # fmt: skip
def test_what_a_study_cannot_have_is_named_in_a_line(config, asked, said):
    def check(config):
        schema.check(config)
        sources.check(config)

    with pytest.raises(InputError, match=f"^config key `{re.escape(said)}[^\n]*$"):
        check(config | {"doses": ASKED | asked})


def test_all_keys_are_needed(config):
    with pytest.raises(InputError, match=r"key `doses: share:` is missing$"):
        schema.check(config | {"doses": {k: v for k, v in ASKED.items() if k != "share"}})


@pytest.mark.parametrize(
    ("asked", "changes", "said"),
    [
        ({}, {"mixes": ["real", "real-warp-aug"]}, "is compared with is lacking; add real-aug to"),
        ({}, {"learner_settings": {"small": {"steps": 1}}}, "first takes 2 steps or more, and"),
        ({"learner": "frozen", "synthetic": [4001]}, {"learners": ["frozen"]},
         "4001 images asked for, but the learner sees 4000 of them at most"),
    ],
)  # fmt: skip
def test_what_else_of_a_study_they_need(config, asked, changes, said):
    with pytest.raises(InputError, match=said):
        doses.check(study(config, asked, **changes))


def test_a_learner_that_knows_no_order_is_refused_it(config, monkeypatch):
    from realink.declared import LEARNERS

    own = LEARNERS.declared("small").LIMITS
    monkeypatch.delitem(own, "orders")
    with pytest.raises(InputError, match="'small' cannot train on synthetic images first; write"):
        sources.check(config | {"doses": ASKED})
    sources.check(config | {"doses": ASKED | {"order": ["mixed"]}})


# --- how they are trained -------------------------------------------------------------------------


def halves(n: int, seed: int, light: int = 0, labels=None) -> ImageSet:
    """Bright in their left or their right half."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 100, (n, 16, 18), np.uint8) + np.uint8(light)
    labels = np.arange(n) % 2 if labels is None else labels
    for image, label in zip(pixels, labels, strict=True):
        image[:, 9 * label : 9 * label + 9] += 100
    return ImageSet(pixels, labels.astype(np.int64), ("left", "right"))


def test_fewer_synthetic_images_are_among_more(config):
    from tests.unit.test_learners import job

    images = halves(200, 0)
    drawn = {}
    for count, replicate in ((20, 1), (80, 1), (200, 1), (20, 2)):
        of = job(
            "small", "real-warp-aug", n_synthetic=count, replicate=replicate, validation=images
        )
        drawn[count, replicate] = [image.tobytes() for image in of.drawn(images).images]
    assert drawn[200, 1][:80] == drawn[80, 1]
    assert drawn[80, 1][:20] == drawn[20, 1]
    assert drawn[20, 2] != drawn[20, 1]


def test_the_share_of_the_steps_is_what_real_images_get():
    def steps(share, steps, order="first"):
        return made_up.recipe("real-warp", 9, real_share=share, steps=steps, order=order).real_steps

    assert [steps(share, 1100) for share in (0.25, 0.5, 0.75)] == [275, 550, 825]
    # Never none of either.
    assert (steps(0.01, 9), steps(0.99, 9), steps(0.5, 2)) == (1, 8, 1)
    assert steps(0.5, 9, "mixed") is None
    assert steps("concatenate", None) is None


def test_synthetic_images_come_first_and_real_ones_last():
    sizes, steps = [3, 50], 10
    torch.manual_seed(0)
    batches = list(small._batches(sizes, [8, 8], steps, 4))
    assert [len(batch) for batch in batches] == [8] * steps
    synthetic, real = torch.cat(batches[:6]), torch.cat(batches[6:])
    assert synthetic.min() >= 3
    assert real.max() < 3
    # Each equally often.
    assert len(set(synthetic.tolist())) == 48
    assert sorted(torch.bincount(real).tolist()) == [10, 11, 11]


def test_training_in_turn_takes_as_many_steps_and_ends_on_real_images():
    torch.set_num_threads(1)
    knobs = Settings(steps=60, batch_size=16, width=4)
    real, test = halves(20, 1), halves(200, 2)
    # Their labels are the wrong way round: whatever comes last is believed.
    lying = replace(halves(60, 3), labels=1 - halves(60, 3).labels)
    found = {}
    for last in (5, 55):
        network, history = small.train([real, lying], knobs, last=last, seed=1)
        assert history[-1]["step"] == 60
        found[last] = (small.predict(network, test.images).argmax(1) != test.labels).mean()
    assert found[55] < 0.1 < found[5]


def clusters(n: int, seed: int, moved: float = 0, views: int = 1, apart: float = 0.5) -> Features:
    random = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    centres = apart * np.random.default_rng(0).normal(size=(3, 40))
    values = centres[labels] + moved + random.normal(size=(views, n, 40))
    return Features(values.astype(np.float16), labels, ("a", "b", "c"), Shape(32, 32, 3, 3))


def wrong(found, features: Features) -> float:
    scores = torch.from_numpy(features.values[0]).float() @ found.weight + found.bias
    return float((scores.argmax(1).numpy() != features.labels).mean())


def test_a_head_begins_at_that_of_synthetic_images_and_is_drawn_to_it():
    few, many = clusters(6, 1, views=4), clusters(600, 2)
    validation, test = clusters(90, 3, views=2), clusters(900, 4)
    alone = fitted([few], validation, None)
    synthetic = fitted([many], validation, None)
    after = fitted([few, many], validation, None, order="first")
    # Six real images alone know little, and the synthetic ones' head is right: it is kept.
    assert wrong(after, test) < wrong(alone, test) - 0.05
    assert wrong(after, test) < wrong(synthetic, test) + 0.02
    # Where synthetic images lie, it is left behind.
    lying = replace(many, labels=(many.labels + 1) % 3)
    real = clusters(600, 5, views=4)
    assert wrong(fitted([real, lying], validation, None, order="first"), test) < 0.1
    assert wrong(fitted([lying], validation, None), test) > 0.8


def test_a_head_that_is_drawn_to_none_is_the_same_as_before():
    from realink.learners import linear

    features = torch.randn(30, 5, generator=torch.Generator().manual_seed(0))
    labels, weights = np.arange(30) % 3, np.full(30, 1 / 30)
    plain = dict(linear.path(features, labels, weights, 3, (0.1, 0.01)))
    drawn = dict(linear.path(features, labels, weights, 3, (0.1, 0.01), torch.zeros(6, 3)))
    assert all(torch.equal(plain[penalty], drawn[penalty]) for penalty in plain)
    # With a strong penalty the head stays where it is drawn to.
    towards = torch.ones(6, 3)
    ((_, kept),) = linear.path(features, labels, weights, 3, (1000.0,), towards)
    torch.testing.assert_close(kept[:-1], towards[:-1], atol=0.01, rtol=0)
