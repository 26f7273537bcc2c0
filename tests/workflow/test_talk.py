"""The study of the talk, which uses realink as a module, on a tiny grid."""

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests import HANGS

from .conftest import Project

CONFIG = "studies/talk/config.yaml"
TINY = {
    "study": "talk",
    "counts": [20],
    "rendered_counts": [],
    "epochs": 1,
    "mixes": ["real", "real-cyclegan"],
    "controls": {"real-30steps": [20], "real-cyclegan-shuffled": [20]},
}


def snakemake(root: Path, *arguments: str, python: str | Path = sys.executable) -> str:
    done = subprocess.run(
        [str(python), "-m", "snakemake", "--cores", "2", *arguments],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=HANGS,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def study(root: Path, *arguments: str, python: str | Path = sys.executable) -> str:
    return snakemake(root, "--snakefile", "studies/talk/Snakefile", *arguments, python=python)


def planned(said: str) -> set[str]:
    table = said.partition("Job stats:")[2].partition("\n\n")[0]
    return set(re.findall(r"^(\w+) +\d+$", table, re.MULTILINE)) - {"total"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("talk")
    project = Project.create(root)
    small = yaml.safe_load((root / "small.yaml").read_text())
    (root / CONFIG).write_text(yaml.safe_dump(small | TINY))
    with project.forks() as python:
        said = study(root, python=python)
    assert "The answer: results/talk/report.html" in said  # realink's own last words
    return root


def test_one_command_makes_the_page_and_what_is_said_of_the_talk(finished):
    results = finished / "results/talk"
    assert "labels are lost" not in (results / "report.html").read_text()
    claims = pd.read_csv(results / "answer/claims.csv")
    assert len(claims) == claims["claim"].nunique() == 6
    protocols = pd.read_csv(results / "answer/protocols.csv")
    assert set(protocols["protocol"]) == {"1 epochs", "equal steps, 30"}
    assert set(pd.read_csv(results / "answer/gains.csv")["n_real"]) == {20}
    assert (results / "figures/talk.svg").stat().st_size > 5_000
    assert (results / "sums/answer/claims.csv.sha256").is_file()


def test_it_takes_what_realink_made_by_itself_and_the_other_way_round(finished):
    assert planned(study(finished, "--dry-run")) == set()
    assert planned(snakemake(finished, "--dry-run", "--configfile", CONFIG)) == set()


def test_an_edit_to_its_own_code_reruns_what_runs_it(finished):
    path = finished / "studies/talk/talk_study/claims.py"
    text = path.read_text()
    path.write_text(text.replace("KEPT = 0.9 ", "KEPT = 0.8 "))
    assert planned(study(finished, "--dry-run")) == {
        "judge_claims",
        "explain_talk",
        "plot_talk",
        "talk",
    }
    path.write_text(text)
    assert planned(study(finished, "--dry-run")) == set()
