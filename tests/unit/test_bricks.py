"""The pictures of the bricks study: the table of the photographs, and the renders that are here."""

import io
import zipfile
from pathlib import Path

import pandas as pd
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


def test_the_table_names_each_photograph_once_and_the_study_reads_its_groups(tmp_path):
    table = pd.read_csv(BRICKS / "images.csv", dtype=str, keep_default_na=False)
    assert len(table) == table["source"].nunique() == table["sha256"].nunique() == 633
    assert tuple(sorted(table["class"].unique())) == PARTS
    assert table["group"].nunique() == 112
    names = table["group"] + "_" + table["sha256"].str[:10] + ".jpg"
    config = yaml.safe_load((ROOT / "config/bricks.yaml").read_text())
    assert names.str.extract(config["real"]["group"])[0].tolist() == table["group"].tolist()
    assert gather._read(BRICKS / "images.csv")["split"].unique().tolist() == [""]
