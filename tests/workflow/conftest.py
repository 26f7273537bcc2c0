"""The real Snakefile on a tiny study, in a copy of the project that tests may edit and break."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FAMILIES = ["fontpkg-abel", "fontpkg-arvo", "fontpkg-roboto"]


class Project:
    """A copy of the project, with the small study as its config."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.results = root / "results/small"

    @classmethod
    def create(cls, root: Path) -> "Project":
        ignore = shutil.ignore_patterns("__pycache__", "*.egg-info")
        for name in ("workflow", "config", "envs", "resources"):
            shutil.copytree(ROOT / name, root / name, ignore=ignore)
        (root / "resources/fonts/few.txt").write_text("\n".join(FAMILIES))
        shutil.copy(Path(__file__).parent / "small.yaml", root / "small.yaml")
        return cls(root)

    def copy(self, root: Path) -> "Project":
        # copytree keeps modification times, which Snakemake looks at.
        shutil.copytree(self.root, root, dirs_exist_ok=True)
        return Project(root)

    def command(self, *arguments: str, config: str = "") -> list[str]:
        overlay = ["--config", *config.split(" ")] if config else []
        python = [sys.executable, "-m", "snakemake", *arguments]
        return [*python, "--configfile", "small.yaml", *overlay]

    def run(self, *arguments: str, config: str = "", **environment: str):
        """Run snakemake to its end; give the finished process, with stdout and stderr as one."""
        return subprocess.run(
            self.command(*arguments, config=config),
            cwd=self.root,
            env=os.environ | {"REALINK_MNIST": ""} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen:
        """Start snakemake, as `run` does, in a session of its own, as a terminal does."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.root,
            env=os.environ | {"REALINK_MNIST": ""} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            # A shell has its background jobs ignore Ctrl-C, which their children inherit.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def planned(self, config: str = "") -> dict[str, int]:
        """Jobs of each rule that a dry run would do; `all` aside."""
        done = self.run("--dry-run", "--cores", "2", config=config)
        assert done.returncode == 0, done.stdout
        table = done.stdout.partition("Job stats:")[2].partition("\n\n")[0]
        jobs = dict(re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE))
        return {rule: int(n) for rule, n in jobs.items() if rule not in ("all", "total")}

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.root / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    def numbers(self) -> dict[str, bytes]:
        """Every result that must not depend on when and how often jobs ran, times aside."""
        kept = {}
        for path in sorted(self.results.rglob("*")):
            name = str(path.relative_to(self.results))
            if name.startswith(("logs/", "benchmarks/")) or not path.is_file():
                continue
            if path.name == "metrics.json":
                record = json.loads(path.read_text())
                record.pop("train_seconds", None)
                kept[name] = json.dumps(record).encode()
            elif path.suffix in (".safetensors", ".json") or name.startswith("answer/"):
                kept[name] = path.read_bytes()
        return kept


def interrupted(run: subprocess.Popen) -> str:
    """Press Ctrl-C, which a terminal sends to all processes of the session; give the output."""
    os.killpg(run.pid, signal.SIGINT)
    return run.communicate(timeout=600)[0]


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Project:
    """The small study, run to its end on two cores. Read it; copy it to change it."""
    project = Project.create(tmp_path_factory.mktemp("finished"))
    done = project.run("--cores", "2")
    assert done.returncode == 0, done.stdout
    return project


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """A copy of the finished small study."""
    return finished.copy(tmp_path)
