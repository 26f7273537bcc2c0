"""Jobs without a snakemake are ended; no other process is."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from realink.running import orphans

STUDY = Path("results/small")
# A shell starts a job, as Snakemake's does. The job tells its number: before, it is a shell, too.
CODE = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
JOB = "REALINK_WRITES={writes} {python} -c '{code}' & {then}"


@pytest.fixture
def start(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    started = []

    def start(writes: str, then: str = "", name: str = "sh") -> psutil.Process:
        line = JOB.format(writes=writes, python=sys.executable, code=CODE, then=then)
        shell = subprocess.Popen(["sh", "-c", line, name], stdout=subprocess.PIPE, text=True)
        job = psutil.Process(int(shell.stdout.readline()))
        started.append((shell, job))
        if not then:
            shell.wait()
        return job

    yield start
    for shell, job in started:
        for process in shell, job:
            if process.is_running() if process is job else process.poll() is None:
                process.kill()
        shell.wait()
        shell.stdout.close()


def test_a_job_that_no_snakemake_waits_for_is_ended(start, capsys):
    orphan = start("results/small/metrics.csv")
    orphans.end(STUDY)
    assert not orphan.is_running()
    assert f"that snakemake left: {orphan.pid}\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    "job",
    [
        {"writes": "results/small/metrics.csv", "then": "wait", "name": "bin/snakemake"},
        {"writes": "results/smaller/metrics.csv"},
        {"writes": ""},
    ],
    ids=["of a running snakemake", "of another study", "no job"],
)
def test_others_go_on(start, capsys, job):
    process = start(**job)
    orphans.end(STUDY)
    assert process.is_running()
    assert capsys.readouterr().err == ""


def test_a_shell_in_a_folder_named_after_snakemake_is_none(start):
    orphan = start("results/small/metrics.csv", then="wait", name="/snakemake/bin/sh")
    orphans.end(STUDY)
    assert not orphan.is_running()


def test_a_job_of_another_checkout_goes_on(start, tmp_path, monkeypatch):
    process = start("results/small/metrics.csv")
    monkeypatch.chdir(tmp_path.parent)
    orphans.end(STUDY)
    assert process.is_running()
