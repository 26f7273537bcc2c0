"""A study where the machine, or the pictures' dates, are not as Snakemake takes for granted."""

import os
import shutil
import subprocess
import sys
import time

import pandas as pd
import pytest

from tests import HANGS, drawn

from .conftest import Project

POOL = "--cores", "2", "results/mine/real/pool.safetensors"


@pytest.fixture
def fresh(tmp_path) -> Project:
    """A study of pictures before anything has run."""
    project = Project.create(tmp_path, ("config/mine.yaml", "shapes.yaml"))
    drawn.write_real(tmp_path / "data/real")
    drawn.write_rendered(tmp_path / "data/rendered")
    done = project.init("--group", "^camera..", "--output", "config/mine.yaml")
    assert done.returncode == 0, done.stdout
    return project


def test_a_picture_of_tomorrow_is_read_and_its_change_noticed(fresh):
    picture, other = sorted((fresh.root / "data/real").rglob("*.png"))[:2]
    tomorrow = time.time() + 86400
    os.utime(picture, (tomorrow, tomorrow))
    done = fresh.run(*POOL)
    assert done.returncode == 0, done.stdout
    table = pd.read_csv(fresh.results / "real/images.csv", keep_default_na=False)
    file = str(picture.relative_to(fresh.root / "data/real"))
    assert table.set_index("file").loc[file, "left_out"] == ""
    assert "Nothing to be done" in fresh.run(*POOL, "--dry-run").stdout
    shutil.copyfile(other, picture)
    os.utime(picture, (tomorrow, tomorrow))
    assert "1 prepare_real" in fresh.run(*POOL, "--dry-run").stdout


@pytest.fixture
def nobody() -> list[str]:
    """What runs a command as a user without a name, as in a container with --user 12345."""
    command = ["unshare", "-U", "--map-user=12345", "--map-group=12345"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*command, "true"], check=False).returncode
    ):
        pytest.skip("there are no user namespaces")
    return command


def test_a_user_without_a_name_and_a_home_that_cannot_be_written(fresh, nobody):
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    done = subprocess.run(
        [*nobody, *fresh.command(*POOL)],
        cwd=fresh.root,
        # A file, in which no folder can be made by anyone.
        env=kept | {"HOME": "/dev/null", "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=HANGS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (fresh.results / "real/pool.safetensors").is_file()


def test_a_state_that_cannot_be_written_is_one_line(fresh):
    (fresh.root / ".snakemake").touch()
    done = fresh.run(*POOL)
    assert done.returncode != 0
    assert f"error: {fresh.root}/.snakemake cannot be written" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize("command", ["snakemake", "init"])
def test_a_locale_of_other_letters_is_one_line(fresh, tmp_path_factory, command):
    locales = tmp_path_factory.mktemp("locales")
    made = ["localedef", "-i", "de_DE", "-f", "ISO-8859-1", locales / "de_DE.ISO-8859-1"]
    if shutil.which("localedef") is None or subprocess.run(made, check=False).returncode:
        pytest.skip("no such locale can be made")
    init = [sys.executable, "-m", "realink", "init", "--real", "data/real", "--output", "new.yaml"]
    done = subprocess.run(
        fresh.command(*POOL) if command == "snakemake" else init,
        cwd=fresh.root,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": "workflow"}
        | {"LOCPATH": str(locales), "LC_ALL": "de_DE.ISO-8859-1", "HOME": os.environ["HOME"]},
        capture_output=True,
        text=True,
        timeout=HANGS,
        check=False,
    )
    assert done.returncode != 0
    assert "names of files would be read as iso8859-1" in done.stderr
    assert "LC_ALL=C.UTF-8" in done.stderr
    assert "Traceback" not in done.stderr
