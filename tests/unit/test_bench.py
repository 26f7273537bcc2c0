"""The table of `make bench` has its rows; how fast a machine is, no test asserts."""

import yaml

from realink.translation.settings import names
from tests import bench


def test_every_row_is_there():
    tiny = bench.Effort(
        matrix=64,
        classifier_steps=40,
        translator_steps=2,
        images=60,
        pictures=40,
        encoded=8,
        heads=100,
        families=2,
        repeats=1,
    )
    config = yaml.safe_load(bench.CONFIG.read_text())
    rows = {row.name: row for row in bench.rows(config, tiny)}
    assert all(row.value > 0 for row in rows.values())
    multiplied = {name for name, row in rows.items() if row.flop}
    networks = {"cyclegan", "patchgan", "warp"}
    assert multiplied - {f"translate with {name}" for name in names()} == {
        *(
            f"train a classifier{kind}{augmented}"
            for kind in ("", ", 32 x 32 colour")
            for augmented in ("", ", augmented")
        ),
        "read with a classifier (judge)",
        "encode, 128 x 128 colour",
        "timm's own network, the same",
        *(f"train {name}, pairs of digits" for name in networks),
    }
    assert multiplied >= {f"translate with {name}" for name in networks}
    grey, colour = (rows[f"train a classifier{kind}"] for kind in ("", ", 32 x 32 colour"))
    assert 12 < grey.flop / 1e6 < 13
    assert 1.5 < colour.flop / grey.flop < 2
    assert rows["encode, 128 x 128 colour"].flop == rows["timm's own network, the same"].flop
    assert rows["encode against timm's own"].unit == "times"
    assert {"read a folder, JPEG of 64 x 48", "head on 100 x 1,280 features"} <= rows.keys()
    jobs = {name.removeprefix("start-up: ") for name in rows if name.startswith("start-up")}
    assert jobs >= {"import torch", "train-classifier", "translate (warp)", "measure-gap"}
