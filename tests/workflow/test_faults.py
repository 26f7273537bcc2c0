"""What breaks under a workflow on one machine: said clearly, nothing lost, healed by one more call.

Faults of a cluster are in tests/cluster.
"""

import os
import re
import shutil
import subprocess
import time

import pytest

from .conftest import interrupted


def test_after_ctrl_c_the_next_call_goes_on(project):
    whole = project.numbers()
    for kind in "classifier", "logs/train_classifier":
        shutil.rmtree(project.results / f"{kind}/warp")
    run = project.start("--cores", "2", "all_classifiers")
    logs, limit = project.results / "logs/train_classifier/warp", time.monotonic() + 600
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
        shutil.rmtree(project.results / f"classifier/{mix}")
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
        ("classifier/real/n20/rep1/metrics.json", "collect", "metrics.csv"),
        ("metrics.csv", "plot_rendered_error", "figures/rendered_error.svg"),
    ],
)
def test_a_result_cut_off_afterwards_is_named(project, file, reader, target):
    whole = project.numbers()
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
