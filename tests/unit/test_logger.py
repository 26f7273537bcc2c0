"""The progress lines, from the events that Snakemake sends."""

import logging
from types import SimpleNamespace

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

import snakemake_logger_plugin_realink as plugin


@pytest.fixture
def handler(monkeypatch):
    settings = SimpleNamespace(stdout=True, dryrun=False, verbose=False)
    handler = plugin.LogHandler(settings, None)
    handler.now = 0.0
    monkeypatch.setattr(plugin.time, "monotonic", lambda: handler.now)
    return handler


def send(handler, capsys, event, **fields):
    record = logging.makeLogRecord({"msg": "", "levelno": logging.INFO, "event": event, **fields})
    handler.emit(record)
    shown = capsys.readouterr()
    assert shown.err == ""
    return shown.out.rstrip("\n")


def start(handler, capsys, jobid, rule="train", output=("file",)):
    return send(
        handler, capsys, LogEvent.JOB_INFO, jobid=jobid, rule_name=rule, output=list(output),
        wildcards={"study": "s", "n": str(jobid)},
    )  # fmt: skip


def test_time_left_is_the_work_left_over_the_jobs_at_once(handler, capsys):
    send(handler, capsys, LogEvent.RUN_INFO, stats={"train": 4, "total": 4}, msg="")
    start(handler, capsys, 1)
    start(handler, capsys, 2)
    handler.now = 30.0
    done = send(handler, capsys, LogEvent.JOB_FINISHED, job_id=1)
    # Three jobs of 30 s are left, one of them all but done, and two run at once.
    assert done == "[1/4     30 s left]  done    train n=1 (30 s)"
    assert start(handler, capsys, 3) == "[1/4     30 s left]  start   train n=3"
    handler.now = 90.0
    assert "2/4" in send(handler, capsys, LogEvent.JOB_FINISHED, job_id=2)


def test_a_failed_job_shows_the_end_of_its_log(handler, capsys, tmp_path):
    log = tmp_path / "job.log"
    log.write_text("\n".join(f"line {i}" for i in range(50)) + "\nerror: no such font")
    send(handler, capsys, LogEvent.RUN_INFO, stats={"train": 1, "total": 1}, msg="")
    start(handler, capsys, 1)
    shown = send(
        handler, capsys, LogEvent.JOB_ERROR, jobid=1, rule_name="train", log=[str(log)]
    ).splitlines()
    assert shown[0].endswith("FAILED  train n=1")
    assert shown[-2:] == ["    error: no such font", f"    whole log: {log}"]
    assert len(shown) == 2 + plugin.LOG_TAIL
    # Said again at the end, since other jobs go on after a failure.
    handler.close()
    assert capsys.readouterr().out == "1 of 1 jobs failed:\n    train n=1: error: no such font\n"


@pytest.mark.parametrize(
    ("free", "why"), [(20_000, "the disk is full"), (10**9, "the job may have been killed")]
)
def test_why_a_log_is_empty(handler, capsys, tmp_path, monkeypatch, free, why):
    (tmp_path / "job.log").touch()
    monkeypatch.setattr(plugin.shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    fields = {"rule_name": "train", "log": [str(tmp_path / "job.log")]}
    shown = send(handler, capsys, LogEvent.JOB_ERROR, jobid=1, **fields)
    assert f"(the log is empty: {why})" in shown


def test_rules_that_only_name_targets_are_not_announced(handler, capsys):
    assert start(handler, capsys, 1, rule="all", output=()) == ""


SLURM_LOG = """
    log: logs/a.log
    log: logs/b.log
slurmstepd: error: *** STEP 3.0 ON n3 CANCELLED AT 2026-11-23T00:21:28 DUE TO TIME LIMIT ***
slurmstepd: error: *** JOB 3 ON n3 CANCELLED AT 2026-11-23T00:21:28 DUE TO TIME LIMIT ***
    log: logs/b.log (check log file(s) for error details)
"""


def test_of_jobs_that_share_a_slurm_job_the_one_that_failed_is_named(handler, capsys, tmp_path):
    slurm_log = tmp_path / "slurm_logs/3.log"
    slurm_log.parent.mkdir()
    slurm_log.write_text(SLURM_LOG)
    send(handler, capsys, LogEvent.RUN_INFO, stats={"train": 2, "total": 2}, msg="")
    for jobid in (1, 2):
        start(handler, capsys, jobid)
    send(handler, capsys, LogEvent.GROUP_ERROR, aux_logs=[str(slurm_log)])
    fields = {"rule_name": "train", "indent": True, "rule_msg": None}
    first = send(handler, capsys, LogEvent.JOB_ERROR, jobid=1, log=["logs/a.log"], **fields)
    assert first.endswith("lost    train n=1 (shared that SLURM job)")
    second = send(handler, capsys, LogEvent.JOB_ERROR, jobid=2, log=["logs/b.log"], **fields)
    why = "JOB 3 ON n3 CANCELLED AT 2026-11-23T00:21:28 DUE TO TIME LIMIT"
    assert second.splitlines()[0].endswith(f"FAILED  train n=2 ({why})")
    # What is tried again has not failed.
    assert start(handler, capsys, 2).endswith("again   train n=2")
    handler.close()
    assert capsys.readouterr().out == ""


def test_what_srun_says_of_slurm_itself_is_a_reason():
    unable = "Unable to confirm allocation for job 2: Unable to contact slurm controller"
    slurm_log = f"srun: error: n1: task 0: Exited with exit code 1\nsrun: error: {unable}\n"
    assert plugin._why(None, slurm_log) == unable


def test_a_job_that_slurm_refuses_says_why(handler, capsys):
    send(handler, capsys, LogEvent.RUN_INFO, stats={"train": 1, "total": 1}, msg="")
    start(handler, capsys, 1)
    said = "SLURM sbatch failed. The error message was 'invalid partition'.\n    sbatch call: ..."
    shown = send(
        handler, capsys, LogEvent.JOB_ERROR, jobid=1, rule_name="train", log=[], rule_msg=said
    )
    assert shown.endswith(
        "FAILED  train n=1 (SLURM sbatch failed. The error message was 'invalid partition'.)"
    )
