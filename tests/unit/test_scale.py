import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests import HANGS, preloaded


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    root = tmp_path_factory.mktemp("scale") / "environment"
    with preloaded.serving(root, preloaded.PROJECT / "workflow") as served:
        yield served


@pytest.fixture
def run(served, tmp_path):
    """A function that runs `python` as a job does, with the environment's `bin` first on PATH."""

    def job(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
        path = f"{served[0].parent}:{os.environ['PATH']}"
        return subprocess.run(
            ["python", *arguments],
            env=os.environ | {"PATH": path} | environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=HANGS,
            check=False,
        )

    return job


def test_a_forked_job_says_what_one_of_its_own_process_does(run, tmp_path):
    asked = "-m", "realink", "draw-real", "--pool=none.safetensors", "--output=here"
    asked += "--n=3", "--replicate=1", "--seed=1"
    forked = run(*asked)
    alone = subprocess.run(
        [sys.executable, *asked], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert forked.returncode == alone.returncode == 1
    assert forked.stderr == alone.stderr
    assert "none.safetensors: no such file" in forked.stderr


def test_a_forked_job_has_the_folder_and_the_environment_of_its_caller(run, tmp_path):
    (tmp_path / "here.safetensors").write_bytes(b"of the caller's folder")
    asked = "--output=there", "--n=3", "--replicate=1", "--seed=1"
    found = run("-m", "realink", "draw-real", "--pool=here.safetensors", *asked)
    assert found.returncode == 1
    assert "here.safetensors: " in found.stderr
    assert "no such file" not in found.stderr
    edited = run("-m", "realink", "draw-real", "--n=3", REALINK_CODE="0000")
    assert edited.returncode == 1
    assert "not 0000: it was edited" in edited.stderr


def test_what_is_no_job_runs_in_the_environments_interpreter(run, served):
    told = run("-c", "import sys, torch; print(sys.executable)")
    assert Path(told.stdout.strip()) == served[0]


def test_a_job_that_fails_leaves_the_server_to_the_next(run, served):
    before = served[1].cpu_times()
    assert run("-m", "realink", "nonsense").returncode
    assert run("-m", "realink", "--version").returncode == 0
    assert served[1].status() != psutil.STATUS_ZOMBIE
    # It was the server that waited for them.
    run("-m", "realink", "--version")
    assert served[1].cpu_times().children_user > before.children_user
