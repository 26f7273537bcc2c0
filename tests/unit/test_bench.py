"""The table of `make bench` has its rows; how fast a machine is, no test asserts."""

import yaml

from tests import bench


def test_every_row_is_there():
    tiny = bench.Effort(
        matrix=64, classifier_steps=40, translator_steps=2, images=60, families=2, repeats=1
    )
    rows = {row.name: row for row in bench.rows(yaml.safe_load(bench.CONFIG.read_text()), tiny)}
    assert all(row.value > 0 for row in rows.values())
    multiplied = {name for name, row in rows.items() if row.flop}
    assert multiplied == {
        "train a classifier",
        "train a classifier, augmented",
        "read with a classifier (judge)",
        *(f"train {name}, pairs of digits" for name in ("cyclegan", "warp")),
        *(f"translate with {name}" for name in ("cyclegan", "warp")),
    }
    assert 12 < rows["train a classifier"].flop / 1e6 < 13
    jobs = {name.removeprefix("start-up: ") for name in rows if name.startswith("start-up")}
    assert jobs >= {"import torch", "train-classifier", "translate (warp)", "measure-gap"}
