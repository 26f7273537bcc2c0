"""realink as a part of another workflow, in the words of docs/extending.md."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT, Project

CONFIG = """
realink:
  study: meters
  real: {source: embedded}
  counts: [20, 200]
  synthetic: {total: 200}
  rendered_counts: []
  replicates: 1
  mixes: [real, real-rendered]
"""
MORE = """
rule everything:
    input:
        rules.realink_all.input,

rule environment:
    output:
        "environment.txt",
    shell:
        "env > {output}"
"""


@pytest.fixture(scope="module")
def other(tmp_path_factory) -> Path:
    """Another workflow, with a clone of this project in it."""
    root = tmp_path_factory.mktemp("other")
    (root / "realink").mkdir()
    Project.create(root / "realink")
    page = (ROOT / "docs/extending.md").read_text().partition("## As a module")[2]
    (code,) = re.findall("```python\n(.*?)```", page, re.DOTALL)
    (root / "Snakefile").write_text(code + MORE)
    (root / "config.yaml").write_text(CONFIG)
    return root


def snakemake(root: Path, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *arguments]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(command, cwd=root, env=kept, capture_output=True, text=True, check=False)


def planned(done: subprocess.CompletedProcess) -> dict[str, int]:
    assert done.returncode == 0, done.stdout + done.stderr
    return {rule: int(n) for rule, n in re.findall(r"^(\w+) +(\d+)$", done.stdout, re.MULTILINE)}


def test_its_rules_make_what_others_ask_for(other):
    jobs = planned(snakemake(other, "--dry-run"))
    assert jobs["read_meters"] == jobs["realink_export_classifier"] == 1
    assert jobs["realink_train_classifier"] == 3
    assert "realink_report" not in jobs
    jobs = planned(snakemake(other, "--dry-run", "everything"))
    assert jobs["realink_report"] == jobs["realink_plot_error"] == 1


def test_its_jobs_run_and_others_do_not_notice(other):
    target = "results/meters/real/n20/rep1/images.safetensors"
    done = snakemake(other, target, "environment.txt")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (other / target).is_file()
    environment = (other / "environment.txt").read_text()
    assert "MALLOC" not in environment
    assert "PYTHONPATH" not in environment
    assert planned(snakemake(other, "--dry-run", target)) == {}


def test_a_prefix_is_refused(other):
    text = (other / "Snakefile").read_text()
    moved = text.replace('config["realink"]\n', 'config["realink"]\n    prefix: "sub"\n')
    (other / "Moved").write_text(moved)
    done = snakemake(other, "--dry-run", "--snakefile", "Moved")
    assert done.returncode != 0
    assert "takes no `prefix`" in done.stdout
