"""The tables of pictures of the studies of things, and the renders that are here."""

import io
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import yaml
from PIL import Image

from realink.commands import gather
from realink.images.folders import load_rendered

ROOT = Path(__file__).parents[2]
BRICKS = ROOT / "resources/bricks"
PARTS = ("3003", "3004", "3021", "6091")


def test_the_renders_are_cut_out_pictures_of_the_tables_classes(tmp_path):
    with zipfile.ZipFile(BRICKS / "rendered.zip") as archive:
        archive.extractall(tmp_path)
        first = Image.open(io.BytesIO(archive.read(archive.namelist()[0])))
    assert (first.mode, first.size) == ("RGBA", (96, 96))
    assert tuple(sorted(gather._read(BRICKS / "images.csv")["label"].unique())) == PARTS
    images, _ = load_rendered(
        tmp_path,
        PARTS,
        height=96,
        width=96,
        channels=3,
        total=10**6,
        seed=1,
        fit="stretch",
        background=255,
    )
    assert pd.Series(images.labels).value_counts().to_dict() == dict.fromkeys(range(4), 150)
    covered = (images.masks[:] > 127).mean((1, 2))
    assert 0.02 < covered.min() < covered.max() < 0.9


@pytest.mark.parametrize(
    ("case", "photographs", "groups", "suffix", "splits"),
    [
        ("bricks", 633, 112, "jpg", {""}),
        ("flowers", 2500, 2100, "jpg", {""}),
        ("signs", 19165, 13937, "ppm", {"train", "validation", "test"}),
    ],
)
def test_a_table_names_each_photograph_once_and_its_study_reads_its_groups(
    case, photographs, groups, suffix, splits
):
    rows = gather._read(ROOT / f"resources/{case}/images.csv")
    assert len(rows) == rows["source"].nunique() == rows["sha256"].nunique() == photographs
    assert rows["group"].nunique() == groups
    assert rows["source"].str.endswith(suffix).all()
    names = rows["group"] + "_" + rows["sha256"].str[:10] + f".{suffix}"
    config = yaml.safe_load((ROOT / f"config/{case}.yaml").read_text())
    assert names.str.extract(config["real"]["group"])[0].tolist() == rows["group"].tolist()
    assert set(rows["split"]) == splits
