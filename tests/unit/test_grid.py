"""The grid: which cells exist, which do not, and what a config may not ask for."""

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from realink import augmentation, classifier, grid, mixes
from realink.errors import InputError
from realink.seeds import seed_for
from realink.translators import cyclegan, warp

ROOT = Path(__file__).parents[2]


@pytest.fixture
def config(monkeypatch):
    monkeypatch.chdir(ROOT)  # the config names paths of the project
    return yaml.safe_load((ROOT / "config/config.yaml").read_text())


def test_full_grid_has_the_talks_cells(config):
    cells = grid.cells(config)
    counts, translators = len(config["counts"]), grid.translator_cells(config)
    # Every mix at every count; at N = total only the baseline; and font alone at further sizes.
    expected = 3 * (10 * (counts - 1) + 2 + len(config["font_counts"]))
    assert len(cells) == len(set(cells)) == expected
    assert len(translators) == 2 * 3 * (counts - 1)
    assert {cell.mix for cell in cells if cell.n_real == 55_000} == {"real", "real-aug"}


def test_a_mix_is_filled_to_its_total(config):
    for cell in grid.cells(config):
        if cell.mix in ("real", "real-aug"):
            assert (cell.n_synthetic, cell.synthetic) == (0, "none")
        else:
            assert cell.n_real + cell.n_synthetic == config["total"]
            assert cell.n_synthetic > 0
    by_mix = {cell.mix: cell.synthetic for cell in grid.cells(config)}
    plain = {
        "font": "font",
        "real": "none",
        "cyclegan": "cyclegan",
        "real-font": "font",
        "real-cyclegan": "cyclegan",
        "warp": "warp",
        "real-warp": "warp",
    }
    augmented = {"real-aug": "none", "real-font-aug": "font", "real-warp-aug": "warp"}
    assert by_mix == plain | augmented


def test_a_mix_says_how_much_of_a_batch_is_real():
    assert mixes.real_share("real-aug", 55, 1000, 0.5) == "concatenate"
    assert mixes.real_share("warp-aug", 55, 1000, 0.5) == "concatenate"
    assert mixes.real_share("real-warp", 55, 1000, 0.5) == 0.5
    assert mixes.real_share("real-warp", 700, 1000, 0.5) == "concatenate"  # it has more
    assert mixes.real_share("real-warp-aug", 55, 1000, "concatenate") == "concatenate"


def test_another_replicate_only_adds_cells(config):
    before = set(grid.cells(config))
    after = set(grid.cells(config | {"replicates": 4}))
    assert before < after
    assert {cell.replicate for cell in after - before} == {4}


def test_translators_follow_from_the_mixes(config):
    assert grid.translator_cells(config | {"mixes": ["real", "real-font"]}) == []


def test_patterns_are_filled_in_as_the_rules_do(config):
    few = config | {"mixes": ["real", "warp"], "counts": [55], "font_counts": [], "replicates": 2}
    of_classifiers = grid.paths("{study}/{mix}/n{n}/rep{replicate}", grid.cells(few), study="s")
    assert of_classifiers == [
        Path(f"s/{mix}/n55/rep{replicate}") for mix in ("real", "warp") for replicate in (1, 2)
    ]
    translators = grid.paths("{translator}/n{n}/rep{replicate}", grid.translator_cells(few))
    assert translators == [Path("warp/n55/rep1"), Path("warp/n55/rep2")]
    references = grid.paths("{images}/rep{replicate}", grid.references(few))
    assert set(map(str, references)) == {"font/rep1", "font/rep2", "real/rep1", "real/rep2"}
    assert grid.references(few | {"mixes": ["real"]}) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mixes": ["real", "real-warp9"]}, "'real-warp9' needs the translator 'warp9'"),
        ({"counts": [55, 55_001]}, "55001 real images asked for, .* pool of 55000"),
        ({"counts": [385], "total": 100}, "385 is more than `total`"),
        ({"real_share": {"default": 0.5, "real-wrap": 0.1}}, "`real_share`: 'real-wrap' is not"),
        ({"real_share": {"default": 0.5, "real-warp-aug": 0.1}}, "'real-warp-aug' is not real-X"),
        ({"font_counts": [55_001]}, "`font_counts`: 55001"),
        ({"fonts": {"folder": "nowhere"}}, "`fonts: folder:`: nowhere is not a directory"),
    ],
)
def test_what_does_not_fit_is_named(config, change, message):
    with pytest.raises(InputError, match=message):
        grid.check(config | change)


def test_seeds_differ_by_role_and_stay_the_same():
    roles = [("draw", 1), ("draw", 2), ("draw", 11), ("classifier", "real", 55, 1), ("judge",)]
    seeds = [seed_for(1, *role) for role in roles]
    assert len(set(seeds)) == len(roles)
    assert seed_for(2, "draw", 1) != seeds[0]
    assert seed_for(1, "draw", 1) == 3723153740100299626
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_the_schema_knows_every_setting_and_no_other():
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    sections = {
        "classifier": (classifier.Settings, schema["properties"]["classifier"]),
        "augmentation": (augmentation.Settings, schema["properties"]["augmentation"]),
        "cyclegan": (cyclegan.Settings, schema["$defs"]["cyclegan"]),
        "warp": (warp.Settings, schema["$defs"]["warp"]),
    }
    for settings, section in sections.values():
        names = {field.name for field in fields(settings)}
        assert set(section["required"]) == set(section["properties"]) == names
        assert all("description" in entry for entry in section["properties"].values())


def test_parsing_needs_no_package_besides_snakemakes_own():
    script = (
        "import sys; before = set(sys.modules); import realink.grid, realink.provenance; "
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}"
        " - sys.stdlib_module_names))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["realink"]
