"""The grid: which cells exist, which do not, and how their paths are filled in."""

import json
import re
import subprocess
import sys
from dataclasses import asdict, fields
from pathlib import Path

import pytest
import yaml

from realink.declared import LEARNERS
from realink.errors import InputError
from realink.plan import grid, schema, sources
from realink.plan.mixes import Mix
from realink.seeds import seed_for
from realink.training import augmentation

ROOT = Path(__file__).parents[2]
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())


@pytest.fixture
def config():
    return sources.complete(yaml.safe_load((ROOT / "config/config.yaml").read_text()))


def complete(config, **changes):
    """A config with some changes, and the defaults of what these name."""
    return sources.complete(config | changes)


def test_full_grid_has_the_talks_cells(config):
    cells = grid.cells(config)
    mixes, counts = config["mixes"], len(config["counts"])
    baselines = [name for name in mixes if Mix.parse(name).is_baseline]
    translators = {Mix.parse(name).translator for name in mixes} - {None}
    # Every mix at every count; at N = total only the baseline; and rendered alone at further sizes.
    assert config["learners"] == ["small"]
    expected = len(mixes) * (counts - 1) + len(baselines) + len(config["rendered_counts"])
    assert len(cells) == len(set(cells)) == config["replicates"] * expected
    of_translators = grid.translator_cells(config)
    assert len(of_translators) == len(translators) * config["replicates"] * (counts - 1)
    assert {cell.mix for cell in cells if cell.n_real == 55_000} == set(baselines)


def test_a_mix_is_filled_to_its_total(config):
    for cell in grid.cells(config):
        mix = Mix.parse(cell.mix)
        assert cell.synthetic == (mix.source or "none")
        if mix.is_baseline:
            assert (cell.n_synthetic, cell.synthetic) == (0, "none")
        else:
            assert cell.n_real + cell.n_synthetic == config["synthetic"]["total"] == 55_000
            assert cell.n_synthetic > 0
    for name, n in (("real", 0), ("real-warp", 945), ("warp", 945)):
        assert grid.n_synthetic(config | {"synthetic": {"total": 1000}}, Mix.parse(name), 55) == n


@pytest.mark.parametrize(("synthetic", "held"), [("all", 3000), (700, 700), (3000, 3000)])
def test_all_labelled_images_are_reached_whatever_was_rendered(config, synthetic, held):
    """Far fewer rendered images than labelled ones: the largest N still has them beside it."""
    few = complete(
        config,
        synthetic=synthetic,
        rendered=config["rendered"] | {"count": 3000},
        mixes=["real", "rendered", "real-rendered", "real-warp"],
        counts=[55, 55_000],
        rendered_counts=[],
        replicates=1,
    )
    assert [(cell.mix, cell.n_real, cell.n_synthetic) for cell in grid.cells(few)] == [
        (name, n, 0 if name == "real" else held) for name in few["mixes"] for n in (55, 55_000)
    ]
    # And so there are translators for it, too.
    assert [cell.n_real for cell in grid.translator_cells(few)] == [55, 55_000]
    sources.check(few)


def test_a_recipe_has_all_that_makes_a_classifier(config):
    study = complete(
        config,
        learners=["small", "frozen", "finetuned"],
        learner_settings={
            "small": {"steps": 700, "batch_size": 32},
            "finetuned": {"steps": 90, "batch_size": 16},
        },
        real_share={"default": 0.5, "real-warp": 0.25},
        synthetic={"total": 1000},
    )

    def of(learner, name, n=55, **changes):
        cell = grid.recipe(study | changes, learner, name, n, 2)
        assert (cell.learner, cell.mix, cell.n_real, cell.replicate) == (learner, name, n, 2)
        return cell

    cell = of("small", "real-warp-shuffled-aug")
    assert (cell.synthetic, cell.translator, cell.n_synthetic) == ("warp", "warp", 945)
    assert (cell.real, cell.augmented, cell.control, cell.pseudo) == (True, True, "shuffled", False)
    assert (cell.unlabelled, cell.teacher) == (None, None)
    # The twin and its controls take their mix's share.
    assert (cell.real_share, cell.steps, cell.batch_size) == (0.25, 700, 32)
    assert of("small", "real-rendered").real_share == 0.5
    assert of("small", "real-rendered", 700).real_share == "concatenate"
    assert of("small", "real-warp-exposed").batch_size == 128
    # Epochs are passes over what the mix holds: 55, 1,000 or 945 images, 32 a step.
    steps = [of("small", name, epochs=2).steps for name in ("real", "real-warp", "warp")]
    assert steps == [4, 63, 60]
    assert of("small", "real-50epochs").steps == 86
    assert of("small", "warp-9steps").steps == 9
    frozen, finetuned = of("frozen", "real-warp"), of("finetuned", "real-warp")
    assert (frozen.real_share, frozen.steps, frozen.batch_size) == (0.25, None, None)
    assert (finetuned.real_share, finetuned.steps, finetuned.batch_size) == (0.25, 90, 16)
    student = of("small", "real-warp-pseudo-aug-40unlabelled")
    assert (student.pseudo, student.unlabelled) == (True, 40)
    assert student.teacher == "real-warp-aug"
    assert student.real_share == 0.625  # half of a batch's rest
    baseline = of("small", "real")
    assert (baseline.synthetic, baseline.translator, baseline.n_synthetic) == ("none", None, 0)
    # It goes to the job as JSON, and is the same there.
    assert type(cell)(**json.loads(json.dumps(cell._asdict()))) == cell


def test_learners_of_features_have_no_controls_budgets_nor_pseudo_labels(config):
    study = complete(
        config,
        learners=["small", "frozen"],
        unlabelled={"source": "pool", "directory": "", "count": None},
        mixes=["real-aug", "real-warp-aug", "real-pseudo-aug"],
        controls={"real-warp-shuffled-aug": [55], "real-aug-5epochs": [55]},
        counts=[55],
        rendered_counts=[],
        replicates=1,
    )
    found = {name: [] for name in study["learners"]}
    for cell in grid.cells(study):
        found[cell.learner].append(cell.mix)
    assert found == {
        "small": [*study["mixes"], *study["controls"]],
        "frozen": ["real-aug", "real-warp-aug"],
    }
    # A translator serves all learners.
    assert len(grid.translator_cells(study)) == 1


def test_another_learner_only_adds_cells(config):
    before = set(grid.cells(config))
    after = set(grid.cells(complete(config, learners=["small", "finetuned"])))
    assert before < after
    assert {cell.learner for cell in after - before} == {"finetuned"}
    assert len(after) == 2 * len(before)
    of_both = grid.paths("{learner}/{mix}", sorted(after))
    assert len(set(of_both)) == 2 * len(config["mixes"])


def test_rendered_counts_are_cells_of_the_mix_rendered_once(config):
    few = config | {"mixes": ["rendered"], "counts": [54_000], "rendered_counts": [1000, 55]}
    cells = grid.cells(few | {"replicates": 1})
    # 1,000 rendered images are already those of N = 54,000.
    assert [(cell.n_real, cell.n_synthetic) for cell in cells] == [(54_000, 1000), (54_945, 55)]


def test_controls_stand_at_counts_of_their_own(config):
    few = config | {"mixes": ["real"], "counts": [55], "rendered_counts": [], "replicates": 1}
    controls = {"real-12epochs": [385], "real-cyclegan-shuffled": [385, 5500]}
    cells = grid.cells(few | {"controls": controls})
    assert [(cell.mix, cell.n_real, cell.n_synthetic, cell.synthetic) for cell in cells] == [
        ("real", 55, 0, "none"),
        ("real-12epochs", 385, 0, "none"),
        ("real-cyclegan-shuffled", 385, 54_615, "cyclegan"),
        ("real-cyclegan-shuffled", 5500, 49_500, "cyclegan"),
    ]
    trained = grid.translator_cells(few | {"controls": controls})
    assert [cell.n_real for cell in trained] == [385, 5500]
    assert grid.counts(few | {"controls": controls}) == [55, 385, 385, 5500]


def test_another_replicate_only_adds_cells(config):
    before = set(grid.cells(config))
    after = set(grid.cells(config | {"replicates": config["replicates"] + 1}))
    assert before < after
    assert {cell.replicate for cell in after - before} == {config["replicates"] + 1}


def test_translators_follow_from_the_mixes(config):
    assert grid.translator_cells(config | {"mixes": ["real", "real-rendered"]}) == []


def test_patterns_are_filled_in_as_the_rules_do(config):
    few = config | {
        "mixes": ["real", "warp"], "counts": [55], "rendered_counts": [], "replicates": 2,
    }  # fmt: skip
    of_classifiers = grid.paths("{study}/{mix}/n{n}/rep{replicate}", grid.cells(few), study="s")
    assert of_classifiers == [
        Path(f"s/{mix}/n55/rep{replicate}") for mix in ("real", "warp") for replicate in (1, 2)
    ]
    translators = grid.paths("{translator}/n{n}/rep{replicate}", grid.translator_cells(few))
    assert translators == [Path("warp/n55/rep1"), Path("warp/n55/rep2")]
    references = grid.paths("{images}/rep{replicate}", grid.references(few))
    assert set(map(str, references)) == {
        f"{images}/rep{replicate}" for images in ("rendered", "real") for replicate in (1, 2)
    }
    assert grid.references(few | {"mixes": ["real"]}) == []


def test_seeds_differ_by_role_and_stay_the_same():
    roles = [("draw", 1), ("draw", 2), ("draw", 11), ("classifier", "real", 55, 1), ("judge",)]
    seeds = [seed_for(1, *role) for role in roles]
    assert len(set(seeds)) == len(roles)
    assert seed_for(2, "draw", 1) != seeds[0]
    assert seed_for(1, "draw", 1) == 3723153740100299626
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_the_schema_knows_every_setting_and_no_other():
    sections = {
        "augmentation": (augmentation.Settings, SCHEMA["properties"]["augmentation"]),
    }
    for settings, section in sections.values():
        names = {field.name for field in fields(settings)}
        assert set(section.get("required", [])) == set(section.get("properties", {})) == names
        assert all("description" in entry for entry in section.get("properties", {}).values())


@pytest.mark.parametrize("name", LEARNERS.names())
def test_every_setting_of_a_learner_is_described_and_what_it_declares_is_what_runs(name):
    declared = LEARNERS.declared(name)
    assert LEARNERS.complete(name, {}) == asdict(declared.Settings())
    assert LEARNERS.load(name) is declared
    for key in LEARNERS.complete(name, {}):
        listed = declared.Settings.__doc__.partition("Attributes\n")[2]
        assert re.search(rf"^    (\w+, )*{key}(, \w+)*$", listed, re.MULTILINE), key
    assert declared.LIMITS.keys() == {"channels", "sides", "encoded", "orders"}
    # What features follow from are settings.
    assert set(declared.LIMITS["encoded"] or ()) <= LEARNERS.complete(name, {}).keys()


def test_every_key_is_described():
    def undescribed(section, place):
        for name, entry in section.get("properties", {}).items():
            if "description" not in entry and "$ref" not in entry:
                yield f"{place}{name}"
            yield from undescribed(entry, f"{place}{name}: ")

    assert list(undescribed(SCHEMA, "")) == []


def test_parsing_needs_no_package_besides_snakemakes_own():
    script = (
        "import sys; before = set(sys.modules); "
        "import realink.plan.grid, realink.running.provenance; "
        "import realink.plan.schema, realink.running.slurm, realink.plan.sources; "
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}"
        " - sys.stdlib_module_names))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["realink"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"replicate": 2}, "config key `replicate:` is unknown; did you mean 'replicates'?"),
        ({"rendered": {"cuont": 3}}, "config key `rendered: cuont:` is unknown; did you mean"),
        ({"classifier": {"steps": 3}}, "config key `classifier:` is unknown"),
        ({"total": 55_000}, "config key `total:` is unknown"),
        ({"learner_settings": {"small": 3}}, "config key `learner_settings: small:`: 3 is not of"),
        ({"learners": []}, "config key `learners:`: "),
        ({"learners": ["small", "small"]}, "config key `learners:`: "),
        ({"synthetic": "some"}, "config key `synthetic:`: 'some' "),
        ({"synthetic": 0}, "config key `synthetic:`: 0 "),
        ({"rendered": {"count": 9}}, "config key `rendered: count:`: 9 is less than the minimum"),
        ({"seed": None}, "config key `seed:`: None is not of type 'integer'"),
        ({"counts": [5, -5]}, "config key `counts: 1:`: -5 is less than the minimum of 0"),
        ({"real_share": {"warp": 0.5}}, "config key `real_share:`: 'warp' does not match"),
        ({"translators": {"warp": 3}}, "config key `translators: warp:`: 3 is not of type"),
    ],
)
def test_what_is_not_as_the_schema_says_is_named_in_a_line(config, change, said):
    for key, value in change.items():
        config[key] = config.get(key, {}) | value if isinstance(value, dict) else value
    with pytest.raises(InputError, match=f"^{re.escape(said)}[^\n]*$"):
        schema.check(config)


def test_every_fault_is_named(config):
    config |= {"see": config.pop("seed"), "replicates": 0}
    with pytest.raises(InputError) as refused:
        schema.check(config)
    assert str(refused.value).split("; config ") == [
        "config key `see:` is unknown; did you mean 'seed'?",
        "key `seed:` is missing",
        "key `replicates:`: 0 is less than the minimum of 1",
    ]
