"""The progress lines, from the events that Snakemake sends."""

import logging
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

import snakemake_logger_plugin_realink as plugin


@pytest.fixture
def handler(monkeypatch):
    return handler_of(monkeypatch)


def handler_of(monkeypatch, **options):
    settings = {"stdout": True, "dryrun": False, "verbose": False, "printshellcmds": False}
    handler = plugin.LogHandler(SimpleNamespace(**settings | options), None)
    handler.now = 0.0
    monkeypatch.setattr(plugin.left.time, "monotonic", lambda: handler.now)
    monkeypatch.setitem(plugin.TYPICAL, "train_classifier", 16)
    return handler


def send(handler, capsys, event, **fields):
    record = logging.makeLogRecord({"msg": "", "levelno": logging.INFO, "event": event, **fields})
    handler.emit(record)
    shown = capsys.readouterr()
    assert shown.err == ""
    return shown.out.rstrip("\n")


def start(handler, capsys, jobid, rule="train", output=("file",), **fields):
    return send(
        handler, capsys, LogEvent.JOB_INFO, jobid=jobid, rule_name=rule, output=list(output),
        wildcards={"study": "s", "n": str(jobid)}, **fields,
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


LEAKS = """error: the loss is nan
nanobind: leaked 26 functions!
 - leaked function "get_partition_op_holder"
 - ... skipped remainder
nanobind: this is likely caused by a reference counting issue in the binding code.
See https://nanobind.readthedocs.io/en/latest/refleaks.html
"""


def test_what_libraries_say_after_an_error_is_not_taken_for_it(handler, capsys, tmp_path):
    (tmp_path / "job.log").write_text(LEAKS)
    fields = {"rule_name": "train", "log": [str(tmp_path / "job.log")]}
    send(handler, capsys, LogEvent.RUN_INFO, stats={"train": 1, "total": 1}, msg="")
    shown = send(handler, capsys, LogEvent.JOB_ERROR, jobid=1, **fields)
    assert "leaked" not in shown
    handler.close()
    assert capsys.readouterr().out == "1 of 1 jobs failed:\n    train : error: the loss is nan\n"


def test_the_bracket_is_never_blank(handler, capsys, tmp_path):
    """It begins with what an earlier run took, or else with typical times, and says so."""
    send(handler, capsys, LogEvent.RESOURCES_INFO, cores=2)
    stats = {"train_classifier": 4, "collect": 1, "all": 1, "total": 6}
    send(handler, capsys, LogEvent.RUN_INFO, stats=stats, msg="")
    typical = (4 * plugin.TYPICAL["train_classifier"] + plugin.left.OTHER) / 2
    shown = start(handler, capsys, 1, "train_classifier")
    assert f"~ {typical:.0f} s left]" in shown

    handler.__post_init__()
    send(handler, capsys, LogEvent.RESOURCES_INFO, cores=2)
    send(handler, capsys, LogEvent.RUN_INFO, stats=stats, msg="")
    benchmarks = tmp_path / "benchmarks"
    for n, seconds in ((1, 90), (2, 110)):
        path = benchmarks / f"train_classifier/real/n{n}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\th:m:s\n{seconds}.0\t0:00:00\n")
    (benchmarks / "collect.tsv").write_text("s\th:m:s\n")  # of a job that was killed
    shown = start(
        handler, capsys, 1, "train_classifier", benchmark=str(benchmarks / "train_classifier/x.tsv")
    )
    assert "~ 3 min left]" in shown  # four of 100 s
    handler.now = 60.0
    done = send(handler, capsys, LogEvent.JOB_FINISHED, job_id=1)
    assert "~ 2 min left]" in done  # three of 60 s and one of 3, on two cores


@pytest.fixture
def foretold(handler, capsys, monkeypatch):
    """Ten trainings, of which n=1 takes 100 s by expectation and others 10; five maps of 20 s."""
    monkeypatch.setitem(plugin.TYPICAL, "train_classifier", 19)
    monkeypatch.setitem(plugin.TYPICAL, "encode", 20)
    of = {"train_classifier": lambda names: 100.0 if names["n"] == "1" else 10.0}
    expected = lambda rule, names: of[rule](names) if rule in of else None  # noqa: E731
    monkeypatch.setitem(plugin.EXPECTED, "s", expected)
    stats = {"train_classifier": 10, "encode": 5, "total": 15}
    send(handler, capsys, LogEvent.RUN_INFO, stats=stats, msg="")
    assert handler.left.work() == 290
    return handler


def test_the_first_job_that_ends_says_how_slow_the_machine_is(foretold, capsys):
    start(foretold, capsys, 2, "train_classifier")
    foretold.now = 30.0  # for 10
    send(foretold, capsys, LogEvent.JOB_FINISHED, job_id=2)
    assert foretold.left.work() == pytest.approx(3 * 280)


def test_a_long_job_does_not_make_the_short_ones_long(foretold, capsys):
    start(foretold, capsys, 1, "train_classifier")
    foretold.now = 100.0
    send(foretold, capsys, LogEvent.JOB_FINISHED, job_id=1)
    assert foretold.left.work() == pytest.approx(190)
    for job in (2, 3):
        start(foretold, capsys, job, "train_classifier")
        foretold.now += 20.0  # twice as long as was expected
        send(foretold, capsys, LogEvent.JOB_FINISHED, job_id=job)
    of_trainings = 140 / 120
    assert foretold.left.work() == pytest.approx(of_trainings * (70 + 100))


def test_a_job_that_runs_longer_than_expected_says_it_before_it_ends(foretold, capsys):
    start(foretold, capsys, 2, "train_classifier")
    foretold.now = 10.0
    assert foretold.left.work() == pytest.approx(290)
    foretold.now = 40.0
    assert foretold.left.work() == pytest.approx(4 * 290)
    assert foretold.left.seconds() == (pytest.approx(4 * 290 - 40), False)


def test_the_first_steps_of_a_job_say_how_slow_the_machine_is(foretold, capsys, tmp_path):
    log = tmp_path / "train.log"
    log.write_text("Building\nstep 10 of 100  loss 2\n")
    start(foretold, capsys, 1, "train_classifier", log=[str(log)])
    foretold.now = 53.0
    start(foretold, capsys, 20, "encode")
    assert foretold.left.work() == pytest.approx(290)  # a tenth of its steps says nothing yet
    log.write_text("step 10 of 100  loss 2\nstep 25 of 100  loss 1\n")
    start(foretold, capsys, 21, "encode")
    # 3 s to start, and 50 s for a quarter of the steps: 203 s, where 100 were expected.
    assert foretold.left.work() == pytest.approx(2.03 * 290)
    send(foretold, capsys, LogEvent.JOB_FINISHED, job_id=1)
    assert foretold.left.work() == pytest.approx(0.53 * 190)  # it ended early: that is known better


def test_a_stopped_job_has_not_failed(handler, capsys, tmp_path):
    (tmp_path / "job.log").write_text("Traceback\nKeyboardInterrupt\n")
    send(handler, capsys, LogEvent.RUN_INFO, stats={"train": 2, "total": 2}, msg="")
    start(handler, capsys, 1)
    # Snakemake may say why after the jobs' ends.
    fields = {"rule_name": "train", "log": [str(tmp_path / "job.log")]}
    shown = send(handler, capsys, LogEvent.JOB_ERROR, jobid=1, **fields)
    assert shown.endswith("stopped train n=1")
    handler.close()
    assert capsys.readouterr().out == "interrupted; the same command goes on from here\n"


def test_a_jobs_notes_are_shown(handler, capsys, tmp_path):
    log = tmp_path / "job.log"
    notes = [f"note: own font {i}.woff2: woff2 is not read" for i in range(12)]
    log.write_text("\n".join(["3 faces accepted", *notes]))
    send(handler, capsys, LogEvent.RUN_INFO, stats={"train": 1, "total": 1}, msg="")
    start(handler, capsys, 1, log=[str(log)])
    shown = send(handler, capsys, LogEvent.JOB_FINISHED, job_id=1).splitlines()
    assert shown[1:] == [f"    {note}" for note in notes[:10]] + [f"    ... 2 more: {log}"]


TABLE = "Job stats:\njob  count"
CHANGED = "Params have changed since last execution: Union of exclusive params: before:"
# Of each planned job what it reads and makes, and why, in Snakemake's words.
PLANNED = [
    ("draw_real", ["pool"], ["drawn"], "Missing output files: drawn"),
    (
        "train_classifier",
        ["drawn"],
        ["one"],
        "Missing output files: one; Input files updated by another job: drawn",
    ),
    (
        "train_classifier",
        ["pool"],
        ["two"],
        f"{CHANGED} '{{\"steps\": 5}}' now: '{{\"steps\": 6}}' ",
    ),
    ("train_judge", ["pool"], ["judge"], f"{CHANGED} 'e3b7c9251ff9' now: '0eb05aab5085' "),
    ("judge", ["judge", "two"], ["read"], "Input files updated by another job: judge, two"),
    ("map", ["pool"], ["plane"], "The moon is full: since Tuesday"),
    ("all", ["read", "one"], [], "Input files updated by another job: read, one"),
]
SUMMARY = """\
Time: about 44 s on one core, 22 s on two
First:
    draw_real n=0
    train_classifier n=2
    train_judge n=3
    map n=5
Why:
    not made yet: 1 draw_real, 1 train_classifier
    their settings have changed: 1 train_classifier
    their code has changed: 1 train_judge
    they read what is made anew: 1 judge
    The moon is full: 1 map
Nothing was made. With -p, a dry run lists each job."""


def dry_run(handler, capsys):
    """All that a dry run writes, of the records that Snakemake makes."""
    stats = {"train_classifier": 2, "draw_real": 1, "train_judge": 1, "judge": 1, "map": 1}
    stats |= {"all": 1, "total": 7}
    said = [send(handler, capsys, LogEvent.RUN_INFO, stats=stats, msg=TABLE)]
    for jobid, (rule, read, made, reason) in enumerate(PLANNED):
        said += [
            start(
                handler, capsys, jobid, rule, made, input=read, reason=reason, benchmark=None,
                msg=f"listed: {rule}",
            )
        ]  # fmt: skip
    said += [send(handler, capsys, LogEvent.RUN_INFO, stats=stats, msg=TABLE)]
    told = [
        "Reasons:\n    (check individual jobs above for details)",
        "Some jobs were triggered by provenance information, see above.",
        "Rules with provenance triggered jobs: train_judge\n",
        "3 jobs have missing provenance/metadata",
        "This was a dry-run (flag -n). The order of jobs does not reflect the order of execution.",
    ]
    said += [send(handler, capsys, None, msg=text) for text in told]
    return [text for text in said if text]


def test_a_dry_run_says_what_comes_first_and_why(monkeypatch, capsys):
    """Reasons that Snakemake may yet learn stand in its own words."""
    said = dry_run(handler_of(monkeypatch, dryrun=True), capsys)
    assert said == [TABLE, "3 jobs have missing provenance/metadata", SUMMARY]


@pytest.mark.parametrize("option", ["verbose", "printshellcmds"])
def test_a_dry_run_can_still_list_all_jobs(monkeypatch, capsys, option):
    said = dry_run(handler_of(monkeypatch, dryrun=True, **{option: True}), capsys)
    assert [text for text in said if text.startswith("listed: ")] == [
        f"listed: {rule}" for rule, *_ in PLANNED
    ]
    assert said[-1].startswith("This was a dry-run")


def test_of_many_reasons_and_jobs_a_few_are_named(monkeypatch, capsys):
    handler = handler_of(monkeypatch, dryrun=True)
    send(handler, capsys, LogEvent.RUN_INFO, stats={"total": 8}, msg=TABLE)
    for jobid in range(8):
        fields = {"input": [], "reason": "Missing output files: x", "benchmark": None}
        start(handler, capsys, jobid, f"rule{jobid}", [f"{jobid}"], **fields)
    said = send(handler, capsys, None, msg="This was a dry-run (flag -n).").splitlines()
    assert said[6:9] == ["    rule4 n=4", "    ... 3 more", "Why:"]
    assert "    not made yet: 8 jobs of 8 kinds" in said


def test_an_error_of_a_dry_run_is_shown(monkeypatch, capsys):
    handler = handler_of(monkeypatch, dryrun=True)
    handler.parsed = True
    text = "MissingInputException in rule prepare_real"
    assert send(handler, capsys, LogEvent.ERROR, msg=text, levelno=logging.ERROR) == text


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", None),
        ("utf-8-sig", None),
        (
            "utf-16",
            "mine.yaml is in UTF-16: save it as UTF-8, in an .* -f UTF-16 ",
        ),
        ("utf-16-le", "mine.yaml is in UTF-16: .* -f UTF-16LE"),
        ("utf-16-be", "mine.yaml is in UTF-16: .* -f UTF-16BE"),
        ("utf-32", "mine.yaml is in UTF-32: .* -f UTF-32 "),
        ("utf-32-le", "mine.yaml is in UTF-32: .* -f UTF-32LE"),
        ("utf-32-be", "mine.yaml is in UTF-32: .* -f UTF-32BE"),
        ("cp1252", "mine.yaml, line 2, is not in UTF-8, .*cp1252: save it as UTF-8, .* -f CP1252 "),
    ],
)
def test_a_config_in_another_encoding_is_named_with_the_remedy(
    tmp_path, monkeypatch, encoding, said
):
    monkeypatch.chdir(tmp_path)
    text = "study: mine\nreal: {directory: Prüfung}\n"
    Path("mine.yaml").write_bytes(text.encode(encoding))
    fault = plugin.configs.fault(["--cores", "1", "--configfile", "mine.yaml"])
    assert (fault is None) if said is None else re.match(said, fault)
    if said is not None:
        subprocess.run(fault.partition("or by: ")[2], shell=True, check=True)
        assert Path("mine.yaml").read_text(encoding="utf-8") == text
        assert plugin.configs.fault(["--configfile", "mine.yaml"]) is None


def test_it_loads_no_realink_before_the_snakefile_says_which(tmp_path):
    (tmp_path / "mine.yaml").write_text("study: mine\n")
    script = (
        "import sys, snakemake_logger_plugin_realink as plugin\n"
        "assert plugin.configs.fault(['--configfile', 'mine.yaml']) is None\n"
        "print([name for name in sys.modules if name.partition('.')[0] == 'realink'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout == "[]\n", done.stderr


def test_where_the_user_has_no_name_its_number_is_taken(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    monkeypatch.setattr(os, "environ", {"XDG_CACHE_HOME": str(tmp_path)})
    plugin.surroundings.settle()
    assert os.environ == {"USER": "54321", "XDG_CACHE_HOME": str(tmp_path)}
    monkeypatch.setattr(os, "environ", {"USER": "me", "HOME": "/dev/null"})
    plugin.surroundings.settle()
    cache = str(tmp_path / ".snakemake/cache")
    assert os.environ["XDG_CACHE_HOME"] == cache
    assert os.environ["MPLCONFIGDIR"] == f"{cache}/matplotlib"


def test_a_state_that_cannot_be_written_is_named(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert plugin.surroundings.fault() is None
    Path(".snakemake").touch()
    assert f"{tmp_path}/.snakemake cannot be written" in plugin.surroundings.fault()
