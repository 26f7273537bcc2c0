"""The published study: all of it, and made with the settings that stand in the config.

What git holds is read, not what a run on this machine may have left in the same place.
"""

import html
import io
import json
import re
import subprocess
from pathlib import Path

import pandas as pd
import pytest
import yaml

from realink import grid

ROOT = Path(__file__).parents[2]
PUBLISHED = "results/mnist"
CONFIG = yaml.safe_load((ROOT / "config/config.yaml").read_text())
LIMIT = 6_000_000  # bytes

pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")


def git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=True).stdout


def table(name: str) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(git("show", f":{PUBLISHED}/{name}")))


def rows(name: str, columns: list[str]) -> list[tuple]:
    return sorted(table(name)[columns].itertuples(index=False, name=None))


def test_tables_hold_every_cell_of_the_config_once():
    classifiers = [(c.mix, c.n_real, c.n_synthetic, c.replicate) for c in grid.cells(CONFIG)]
    columns = ["mix", "n_real", "n_synthetic", "replicate"]
    assert rows("metrics.csv", columns) == sorted(classifiers)
    translators = sorted(map(tuple, grid.translator_cells(CONFIG)))
    assert rows("translators.csv", ["translator", "n_real", "replicate"]) == translators
    sets = translators + [
        (images, -1, replicate)
        for images in ("font", "real")
        for replicate in range(1, CONFIG["replicates"] + 1)
    ]
    gaps = table("gap.csv").fillna({"n_real": -1})[["images", "n_real", "replicate"]]
    assert sorted(gaps.itertuples(index=False, name=None)) == sorted(sets)


def test_one_version_of_the_code_made_them():
    assert len(set(table("metrics.csv")["code"])) == 1
    assert table("translators.csv").groupby("translator")["code"].nunique().eq(1).all()


def test_the_page_shows_the_settings_of_the_config():
    page = git("show", f":{PUBLISHED}/report.html").decode()
    (shown,) = re.findall(r"<pre[^>]*>(\{.*?\})</pre>", page, re.DOTALL)
    assert json.loads(html.unescape(shown)) == CONFIG


def test_what_is_published_is_small_and_says_how_it_was_made():
    sizes = {
        line.split("\t")[1].removeprefix(f"{PUBLISHED}/"): int(line.split()[3])
        for line in git("ls-tree", "-r", "--long", git("write-tree").decode().strip(), PUBLISHED)
        .decode()
        .splitlines()
    }
    figures = {f"figures/{name}.svg" for name in ("error", "font_error", "gain")}
    assert {"README.md", "report.html", *figures} <= sizes.keys()
    assert sum(sizes.values()) < LIMIT
    made = git("show", f":{PUBLISHED}/README.md").decode()
    assert re.search(r"\b[0-9a-f]{40}\b", made)
    assert "snakemake --cores 2" in made
