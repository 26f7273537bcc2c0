"""What breaks under a workflow on one machine: said clearly, nothing lost, healed by one more call.

Faults of a cluster are in tests/cluster.
"""

import os
import re
import shutil
import subprocess
import time

import psutil
import pytest

from tests import HANGS

from .conftest import interrupted


def test_after_ctrl_c_the_next_call_goes_on(project):
    whole = project.numbers()
    for kind in "classifier", "logs/train_classifier":
        shutil.rmtree(project.results / f"{kind}/small/warp")
    run = project.start("--cores", "2", "all_classifiers")
    logs, limit = project.results / "logs/train_classifier/small/warp", time.monotonic() + HANGS
    while not any("step " in log.read_text() for log in logs.glob("*/rep1.log")):
        assert time.monotonic() < limit
        time.sleep(0.05)
    output = interrupted(run)
    assert run.returncode != 0
    assert "Traceback" not in output
    now = project.numbers()
    assert now == {name: whole[name] for name in now}
    assert now != whole
    done = project.run("--cores", "2", "all_classifiers")
    assert done.returncode == 0, done.stdout
    assert project.numbers() == whole


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a file system of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64M", "tmpfs", folder]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not permitted")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk(finished, small_disk, tmp_path):
    project = finished.copy(tmp_path / "project")
    shutil.move(project.results, small_disk / "small")
    project.results.symlink_to(small_disk / "small")
    whole = finished.numbers()
    for mix in "real", "rendered":
        shutil.rmtree(project.results / f"classifier/small/{mix}")
    room = os.statvfs(small_disk)
    filler = small_disk / "filler"
    # One classifier fits, or none.
    filler.write_bytes(bytes(room.f_bavail * room.f_frsize - 60_000))
    done = project.run("--cores", "1", "all_classifiers")
    assert done.returncode != 0
    assert re.search(
        r"FAILED  train_classifier .*\n(    .*\n)*.*(No space left|disk is full)", done.stdout
    )
    now = project.numbers()
    assert now == {name: whole[name] for name in now}
    filler.unlink()
    done = project.run("--cores", "1", "all_classifiers")
    assert done.returncode == 0, done.stdout
    assert project.numbers() == whole


@pytest.mark.parametrize(
    ("file", "reader", "target"),
    [
        (
            "translated/warp/n20/rep1/images.safetensors",
            "judge",
            "translated/warp/n20/rep1/retention.json",
        ),
        ("classifier/small/real/n20/rep1/metrics.json", "collect", "metrics.csv"),
        ("metrics.csv", "plot_rendered_error", "figures/rendered_error.svg"),
    ],
)
def test_without_sums_a_result_cut_off_afterwards_is_named_by_its_reader(
    project, file, reader, target
):
    whole = project.numbers()
    shutil.rmtree(project.results / "sums")  # a study of before there were any
    path = project.results / file
    path.write_bytes(path.read_bytes()[:-20])
    done = project.run("--cores", "2", f"results/small/{target}")
    assert done.returncode != 0
    assert f"FAILED  {reader}" in done.stdout
    assert f"error: results/small/{file}: " in done.stdout
    assert "delete it and run snakemake again" in done.stdout
    path.unlink()
    done = project.run("--cores", "2", f"results/small/{target}")
    assert done.returncode == 0, done.stdout
    assert project.numbers() == whole


def damage(path, how: str) -> None:
    content = path.read_bytes()
    if how == "cut":  # a table, exactly between two of its lines
        path.write_bytes(b"".join(content.splitlines(keepends=True)[:-1]))
    else:
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])


def test_results_changed_afterwards_are_named_when_snakemake_is_started_again(project):
    whole = project.numbers()
    damaged = {
        "gap.csv": "cut",
        "answer/worth.csv": "changed",
        "classifier/small/real/n20/rep1/metrics.json": "changed",
        "figures/error.svg": "changed",
        "report.html": "changed",
    }
    for file, how in damaged.items():
        damage(project.results / file, how)
    (project.results / "translators.csv").touch()
    done = project.run("--cores", "2")
    assert done.returncode == 1
    (remove,) = re.findall(
        r"^5 results were changed .*run snakemake again: (rm .*)$", done.stdout, re.M
    )
    assert sorted(remove.split()[1:]) == sorted(f"results/small/{file}" for file in damaged)
    subprocess.run(remove, cwd=project.root, shell=True, check=True)
    done = project.run("--cores", "2")
    assert done.returncode == 0, done.stdout
    assert project.numbers() == whole
    assert project.run("--cores", "2").returncode == 0


def test_a_result_changed_while_others_are_made_does_not_end_in_success(project):
    shutil.rmtree(project.results / "classifier/small/warp")
    run = project.start("--cores", "1", "all_classifiers")
    while not list(project.results.glob("classifier/small/warp/*/*/metrics.json")):
        assert run.poll() is None
        time.sleep(0.05)
    damage(project.results / "answer/worth.csv", "cut")
    output = run.communicate(timeout=HANGS)[0]
    assert run.returncode == 1
    assert "run snakemake again: rm results/small/answer/worth.csv\n" in output


def test_a_killed_snakemake_leaves_no_accusation_no_job_and_no_hidden_file(project):
    whole = project.numbers()
    for kind in "classifier", "logs/train_classifier":
        shutil.rmtree(project.results / f"{kind}/small/warp")
    project.edit("workflow/realink/running/orphans.py", "PATIENCE = 10", "PATIENCE = 1")
    run = project.start("--cores", "1", "all_classifiers")
    logs = project.results / "logs/train_classifier/small/warp"
    while not any("step " in log.read_text() for log in logs.glob("*/*")):
        assert run.poll() is None
        time.sleep(0.05)
    job = psutil.Process(run.pid).children(recursive=True)[-1]
    job.suspend()  # so that it is still there, however long the next start takes
    run.kill()
    run.wait()  # not for all that it said, for which the job's shell has the pipe still open
    run.stdout.close()
    # What a job killed while it writes would leave.
    hidden = project.results / "classifier/small/warp/n20/rep1/.metrics.a1b2c3d4.json"
    hidden.parent.mkdir(parents=True, exist_ok=True)
    hidden.touch()
    assert project.run("--unlock").returncode == 0
    done = project.run("--cores", "1", "all_classifiers")
    assert done.returncode == 0, done.stdout
    assert f"that snakemake left: {job.pid}\n" in done.stdout
    assert not job.is_running()
    assert project.numbers() == whole
    assert not hidden.exists()
