"""Orphans of a killed run. These commands stand in for SLURM's; tests/cluster has real ones."""

import pytest

from realink.running import slurm


@pytest.fixture
def queue(tmp_path, monkeypatch):
    """A file of job numbers that `squeue` shows, and `scancel` empties."""
    queue = tmp_path / "queue"
    for name, script in (
        ("squeue", f'[ "$3" = --name=old ] && cat {queue}'),
        ("scancel", f'[ "$1" = --name=old ] && : >{queue}; exit 1'),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(slurm.time, "sleep", lambda seconds: None)
    return queue


@pytest.mark.parametrize("run", ["new", None])
def test_jobs_of_the_last_run_are_cancelled_and_the_new_one_is_noted(queue, tmp_path, capsys, run):
    record = tmp_path / "logs/slurm_run"
    slurm.take_over(record, "old")
    assert record.read_text() == "old"
    queue.write_text("12 13")
    slurm.take_over(record, run)
    assert queue.read_text() == ""
    assert "2 jobs that snakemake left: 12 13" in capsys.readouterr().err
    assert (record.read_text() if run else record.exists()) == (run or False)


@pytest.mark.parametrize("noted", ["", "unknown to squeue"])
def test_without_an_answer_nothing_is_cancelled_and_nothing_starts(queue, tmp_path, noted):
    queue.write_text("12")
    record = tmp_path / "slurm_run"
    record.write_text(noted)
    with pytest.raises(slurm.ClusterError, match="if there are none, delete"):
        slurm.take_over(record, "new")
    assert record.read_text() == noted
    assert queue.read_text() == "12"
