"""The environments, and the profiles, agree with one another."""

import os
import re
import subprocess
from pathlib import Path

import yaml

from tests import licences

ROOT = Path(__file__).parents[2]
CONDA_NAMES = {"pytorch": "torch"}


def test_conda_pins_the_versions_of_the_lock():
    lock = (ROOT / "envs/requirements.lock").read_text()
    # A later line of the same package is for a newer Python than the environment's.
    pins = dict(reversed(re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.MULTILINE)))
    *conda, pip = yaml.safe_load((ROOT / "envs/realink.yaml").read_text())["dependencies"]
    named = [re.split("==?", entry) for entry in [*conda, *pip["pip"]] if "=" in entry]
    versions = {CONDA_NAMES.get(name, name): version for name, version in named}
    assert versions.pop("python") == "3.11"
    assert versions == {name: pins[name] for name in versions}
    families = (ROOT / "resources/fonts/families.txt").read_text().split()
    assert set(families) <= set(versions)


def test_every_locked_package_has_hashes_and_no_address():
    lock = (ROOT / "envs/requirements.lock").read_text()
    assert "://" not in lock
    packages = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]
    assert len(packages) > 300
    assert all("--hash=sha256:" in package for package in packages)


def test_every_licence_goes_with_mit_and_stands_in_the_docs():
    listed = licences.TABLE.read_text()
    for package in licences.locked():
        if package.startswith("fontpkg-"):
            assert re.match("OFL-1.1|Apache-2.0", licences.licence(package)), package
            continue
        (named,) = re.findall(rf"^\| {package} \| (.+) \|$", listed, re.MULTILINE) or [None]
        assert named, f"THIRD_PARTY.md lacks {package}: run `python -m tests.licences`"
        free = re.search(licences.COMPATIBLE, named) and "GPL" not in named
        assert free or re.match(licences.UNFREE, package), f"{package}: {named}"
    assert len(re.findall("^\\| ", listed, re.MULTILINE)) > 100


def test_both_profiles_share_what_is_not_about_the_cluster():
    default, slurm = (
        yaml.safe_load((ROOT / f"profiles/{name}/config.yaml").read_text())
        for name in ("default", "slurm")
    )
    shared = {key: value for key, value in default.items() if key != "resources"}
    assert {key: slurm[key] for key in shared} == shared
    assert shared["scheduler"] == "greedy"  # the default takes four times as long


def test_a_pip_that_installs_at_home_does_not_stop_the_environment():
    made = subprocess.run(
        ["make", "--no-print-directory", "--eval", "told: ; @echo $$PIP_USER", "told"],
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if key != "MAKEFLAGS"}
        | {"PIP_USER": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout == "0\n"
