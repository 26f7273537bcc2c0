"""The published studies: all of each, made as it says, and enough of it to compare another with.

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
import yaml

from realink.commands import studies
from realink.plan import grid, sources
from realink.store.predictions import read_predictions

ROOT = Path(__file__).parents[2]
STUDIES = [
    "mnist",
    "meters",
    "signs",
    "bricks",
    "flowers",
    "talk",
    "mnist-unlabelled",
    "meters-unlabelled",
]
LIMIT = 10_000_000  # bytes

pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")


def git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=True).stdout


class Published:
    """What git holds of a study."""

    def __init__(self, name: str) -> None:
        self.folder = f"results/{name}"

    def read(self, name: str) -> bytes:
        return git("show", f":{self.folder}/{name}")

    def table(self, name: str) -> pd.DataFrame:
        return pd.read_csv(io.BytesIO(self.read(name)))

    def rows(self, name: str, columns: list[str]) -> list[tuple]:
        return sorted(self.table(name)[columns].itertuples(index=False, name=None))


@pytest.fixture(scope="module", params=STUDIES)
def published(request) -> Published:
    return Published(request.param)


@pytest.fixture(scope="module")
def settings(published) -> dict:
    """The settings that the page shows."""
    page = published.read("report.html").decode()
    (shown,) = re.findall(r"<pre[^>]*>(\{.*?\})</pre>", page, re.DOTALL)
    return as_today(json.loads(html.unescape(shown)))


def as_today(settings: dict) -> dict:
    """Settings by the keys of today: those of studies that were published have some other ones."""
    # Which once there were not.
    settings = {"controls": {}, "doses": {}, "unlabelled": {"source": "none"}} | settings
    if "total" not in settings:
        return settings
    total, small = settings.pop("total"), settings.pop("classifier")
    return settings | {
        "synthetic": {"total": total},
        "rendered": settings["rendered"] | {"count": total},
        "learners": ["small"],
        "learner_settings": {"small": small},
    }


def test_it_is_a_study_that_the_workflow_takes(settings, monkeypatch):
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    monkeypatch.chdir(ROOT)  # the config names paths of the project
    # As if they were saved and given as --configfile; the photographs need not be here.
    if settings["real"]["source"] == "mnist":
        sources.check(config | settings)
    own = ROOT / f"studies/{settings['study']}/config.yaml"
    laid_over = own if own.exists() else ROOT / f"config/{settings['study']}.yaml"
    asked = yaml.safe_load(laid_over.read_text()) if laid_over.exists() else config
    # The config may ask for more.
    assert set(settings["counts"]) <= set(asked["counts"])
    assert set(settings["mixes"]) <= set(asked["mixes"])


def test_tables_hold_every_cell_once(published, settings):
    classifiers = [(c.mix, c.n_real, c.n_synthetic, c.replicate) for c in grid.cells(settings)]
    columns = ["mix", "n_real", "n_synthetic", "replicate"]
    assert published.rows("metrics.csv", columns) == sorted(classifiers)
    translators = sorted(map(tuple, grid.translator_cells(settings)))
    assert published.rows("translators.csv", ["translator", "n_real", "replicate"]) == translators
    references = [(cell.images, -1, cell.replicate) for cell in grid.references(settings)]
    gaps = published.table("gap.csv").fillna({"n_real": -1})[["images", "n_real", "replicate"]]
    found = sorted(gaps.itertuples(index=False, name=None))
    assert found == sorted(translators + references)


def test_one_version_of_the_code_made_them(published):
    assert len(set(published.table("metrics.csv")["code"])) == 1
    translators = published.table("translators.csv")
    assert translators.groupby("translator")["code"].nunique().eq(1).all()


def test_what_its_classifiers_predicted_gives_its_errors(published, tmp_path):
    (tmp_path / "predictions.safetensors").write_bytes(published.read("predictions.safetensors"))
    errors = read_predictions(tmp_path / "predictions.safetensors").errors
    assert errors.tolist() == pytest.approx(published.table("metrics.csv")["test_error"].tolist())


def test_a_clone_can_compare_with_it(published, tmp_path, capsys):
    for study in ("first", "second"):
        (tmp_path / study).mkdir()
        for name in ("metrics.csv", "predictions.safetensors"):
            (tmp_path / study / name).write_bytes(published.read(name))
    studies.compare(tmp_path / "first", tmp_path / "second")
    said = capsys.readouterr().out
    assert "second / first" in said
    metrics = published.table("metrics.csv")
    baselines = metrics[metrics["mix"].isin(["real", "real-aug"])]
    first = baselines["n_real"].min()
    assert re.search(rf"^ *real(-aug)? +{first} .* identical$", said, re.MULTILINE)
    # Neither has its settings here.
    assert "which settings differ is not known" in said


def test_what_is_published_is_small_and_says_how_it_was_made(published, settings):
    sizes = {
        line.split("\t")[1].removeprefix(f"{published.folder}/"): int(line.split()[3])
        for line in git(
            "ls-tree", "-r", "--long", git("write-tree").decode().strip(), published.folder
        )
        .decode()
        .splitlines()
    }
    names = ["error", "gain", *["rendered_error"] * bool(settings["rendered_counts"])]
    figures = {f"figures/{name}.svg" for name in names}
    assert {"README.md", "report.html", *figures} <= sizes.keys()
    # Of photographs that are not ours to show, there is no picture at all.
    shown = settings.get("page", {}).get("pictures", True)
    pictures = {name for name in sizes if name.endswith((".png", ".jpg"))}
    assert "figures/rendered.png" in pictures if shown else not pictures
    assert (b"data:image/" in published.read("report.html")) == shown
    assert not [name for name in sizes if "font" in name]  # of before
    assert sum(sizes.values()) < LIMIT
    made = published.read("README.md").decode()
    assert re.search(r"\b[0-9a-f]{40}\b", made)
    assert "snakemake --cores 2" in made
