"""The published study: all of it, made as it says, and enough of it to compare another with.

What git holds is read, not what a run on this machine may have left in the same place. It is held
to the settings that its page shows, not to the config's, in which a person may ask for more.
"""

import html
import io
import json
import re
import subprocess
from pathlib import Path

import pandas as pd
import pytest
import safetensors.numpy
import yaml

from realink.commands import answer
from realink.study import grid, sources

ROOT = Path(__file__).parents[2]
PUBLISHED = "results/mnist"
LIMIT = 10_000_000  # bytes

pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")


def git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=True).stdout


def published(name: str) -> bytes:
    return git("show", f":{PUBLISHED}/{name}")


def table(name: str) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(published(name)))


def rows(name: str, columns: list[str]) -> list[tuple]:
    return sorted(table(name)[columns].itertuples(index=False, name=None))


@pytest.fixture(scope="module")
def settings() -> dict:
    """The settings that the page shows."""
    page = published("report.html").decode()
    (shown,) = re.findall(r"<pre[^>]*>(\{.*?\})</pre>", page, re.DOTALL)
    return json.loads(html.unescape(shown))


def test_it_is_a_study_of_mnist_that_the_workflow_takes(settings, monkeypatch):
    assert (settings["study"], settings["real"]["source"]) == ("mnist", "mnist")
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    monkeypatch.chdir(ROOT)  # the config names paths of the project
    # As if they were saved and given as --configfile.
    sources.check(config | settings | {"translators": config["translators"]})


def test_tables_hold_every_cell_once(settings):
    classifiers = [(c.mix, c.n_real, c.n_synthetic, c.replicate) for c in grid.cells(settings)]
    columns = ["mix", "n_real", "n_synthetic", "replicate"]
    assert rows("metrics.csv", columns) == sorted(classifiers)
    translators = sorted(map(tuple, grid.translator_cells(settings)))
    assert rows("translators.csv", ["translator", "n_real", "replicate"]) == translators
    references = [(cell.images, -1, cell.replicate) for cell in grid.references(settings)]
    gaps = table("gap.csv").fillna({"n_real": -1})[["images", "n_real", "replicate"]]
    found = sorted(gaps.itertuples(index=False, name=None))
    assert found == sorted(translators + references)


def test_one_version_of_the_code_made_them():
    assert len(set(table("metrics.csv")["code"])) == 1
    assert table("translators.csv").groupby("translator")["code"].nunique().eq(1).all()


def test_what_its_classifiers_read_gives_its_errors():
    reads = safetensors.numpy.load(published("predictions.safetensors"))
    errors = (reads["read"] != reads["labels"]).mean(axis=1)
    assert errors.tolist() == pytest.approx(table("metrics.csv")["test_error"].tolist())


def test_a_clone_can_compare_with_it(tmp_path, capsys):
    for study in ("first", "second"):
        (tmp_path / study).mkdir()
        for name in ("metrics.csv", "predictions.safetensors"):
            (tmp_path / study / name).write_bytes(published(name))
    answer.compare(tmp_path / "first", tmp_path / "second")
    said = capsys.readouterr().out
    assert "second / first" in said
    assert re.search(r"^ *real +55 .* 1\.00 ", said, re.MULTILINE)


def test_what_is_published_is_small_and_says_how_it_was_made():
    sizes = {
        line.split("\t")[1].removeprefix(f"{PUBLISHED}/"): int(line.split()[3])
        for line in git("ls-tree", "-r", "--long", git("write-tree").decode().strip(), PUBLISHED)
        .decode()
        .splitlines()
    }
    figures = {f"figures/{name}.svg" for name in ("error", "rendered_error", "gain")}
    assert {"README.md", "report.html", "figures/rendered.png", *figures} <= sizes.keys()
    assert not [name for name in sizes if "font" in name]  # of before
    assert sum(sizes.values()) < LIMIT
    made = published("README.md").decode()
    assert re.search(r"\b[0-9a-f]{40}\b", made)
    assert "snakemake --cores 2" in made
