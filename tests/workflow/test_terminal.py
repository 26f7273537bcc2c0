"""What the terminal says where a person, not a job, is at fault; and after Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import pytest

from tests import HANGS

from .conftest import Project

DRY = [sys.executable, "-m", "snakemake", "--dry-run", "--cores", "1"]
TARGET = "results/small/rendered/faces.csv"


@pytest.fixture
def fresh(tmp_path) -> Project:
    """The project before anything has run."""
    return Project.create(tmp_path)


def at_work(snakemake: int) -> bool:
    """Whether the job of that process is past the start of Python, however slow that is."""
    for process in psutil.Process(snakemake).children(recursive=True):
        with suppress(psutil.Error):
            if "catalogue-fonts" in process.cmdline() and process.cpu_times().user > 0.3:
                return True
    return False


@pytest.mark.parametrize("everywhere", [True, False], ids=["terminal", "snakemake alone"])
def test_an_interrupted_run_says_so_and_goes_on(fresh, everywhere):
    (fresh.root / "resources/fonts/odd.woff2").touch()
    # All families, so that the job is still at work when it is interrupted.
    families = (fresh.root / "resources/fonts/families.txt").read_text()
    (fresh.root / "resources/fonts/few.txt").write_text(families)
    run = fresh.start("--cores", "1", TARGET)
    while not at_work(run.pid):
        assert run.poll() is None
        time.sleep(0.05)
    (os.killpg if everywhere else os.kill)(run.pid, signal.SIGINT)
    said = run.communicate(timeout=HANGS)[0]
    assert run.returncode != 0
    # The job may have ended of it before Snakemake looks.
    assert "interrupted; waiting for 1 job\n" in said or (everywhere and "interrupted\n" in said)
    assert "interrupted; the same command goes on from here" in said
    assert f"{'stopped' if everywhere else 'done   '} catalogue_fonts" in said
    assert "FAILED" not in said
    assert "WorkflowError" not in said
    # What a person should know of a job that went well.
    note = "note: own font resources/fonts/odd.woff2: woff2 is not read: convert it to .ttf"
    assert (note in said) == (not everywhere)
    # What had finished meanwhile is not made anew.
    again = fresh.run("--dry-run", TARGET).stdout
    assert ("Nothing to be done" in again) == (not everywhere)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--configfile", "nope.yaml"], "error: nope.yaml: no such config file\n"),
        (["--configfile", "small.yaml", TARGET], f"{TARGET}: no such config file; if it is a targ"),
        (["--configfile", "broken.yaml"], "error: broken.yaml, line 2, column 5: expected ',' or"),
        (["--configfile", "list.yaml"], "error: list.yaml is no config: it has no keys\n"),
        (["--configfile", "typo.yaml"], "config key `learnres:` is unknown; did you mean 'learne"),
        (["--config", "mixes=[real,real-warpp]"], "is not there; did you mean 'warp'?"),
    ],
)
def test_a_slip_in_the_config_is_one_line(fresh, arguments, said):
    (fresh.root / "broken.yaml").write_text("counts: [1, 2\nseed: 1\n")
    (fresh.root / "list.yaml").write_text("- seed\n")
    (fresh.root / "typo.yaml").write_text("learnres: [small]\n")
    done = subprocess.run(
        [*DRY, *arguments],
        cwd=fresh.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=HANGS,
        check=False,
    )
    assert done.returncode != 0
    assert said in done.stdout
    assert "Traceback" not in done.stdout
    assert len(done.stdout.splitlines()) < 7
