"""The real Snakefile on tiny studies, in copies of the project that tests may edit and break."""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import HANGS, drawn, preloaded

ROOT = Path(__file__).parents[2]
FAMILIES = ["fontpkg-abel", "fontpkg-arvo", "fontpkg-roboto"]


class Project:
    """A copy of the project, with a tiny study: `small`, of digits, unless it says otherwise."""

    def __init__(self, root: Path, configs: Sequence[str] = ("small.yaml",)) -> None:
        self.root = root
        self.configs = list(configs)
        self.results = root / "results" / Path(configs[0]).stem

    @classmethod
    def create(cls, root: Path, configs: Sequence[str] = ("small.yaml",)) -> "Project":
        ignore = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copy(ROOT / "Snakefile", root)
        for name in ("profiles", "workflow", "config", "studies", "envs", "resources"):
            shutil.copytree(ROOT / name, root / name, ignore=ignore)
        (root / "resources/fonts/few.txt").write_text("\n".join(FAMILIES))
        for path in Path(__file__).parent.glob("*.yaml"):
            shutil.copy(path, root)
        return cls(root, configs)

    def copy(self, root: Path) -> "Project":
        # copytree keeps modification times, which Snakemake looks at.
        shutil.copytree(self.root, root, dirs_exist_ok=True, symlinks=True)
        return Project(root, self.configs)

    def command(
        self, *arguments: str, config: str = "", python: str | Path = sys.executable
    ) -> list[str]:
        overlay = ["--config", *config.split(" ")] if config else []
        snakemake = [str(python), "-m", "snakemake", *arguments]
        return [*snakemake, "--configfile", *self.configs, *overlay]

    def run(
        self,
        *arguments: str,
        config: str = "",
        python: str | Path = sys.executable,
        **environment: str,
    ):
        """Run snakemake to its end; give the finished process, with stdout and stderr as one."""
        return subprocess.run(
            self.command(*arguments, config=config, python=python),
            cwd=self.root,
            env=os.environ | {"REALINK_MNIST": ""} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=HANGS,
            check=False,
        )

    @contextmanager
    def forks(self) -> Iterator[Path]:
        """Serve jobs as forks of one process, that import nothing; gives the Python to run."""
        with (
            tempfile.TemporaryDirectory(prefix="forks-") as place,
            preloaded.serving(Path(place) / "environment", self.root / "workflow") as (python, _),
        ):
            yield python

    def run_in_forks(self, *arguments: str, config: str = ""):
        """Run snakemake, as `run` does, with its jobs as forks.

        Tests of faults, and of how jobs start, take `run`.
        """
        with self.forks() as python:
            return self.run(*arguments, config=config, python=python)

    def init(self, *arguments: str) -> subprocess.CompletedProcess:
        """Run `realink init` on the folders of pictures in data."""
        folders = "--real", "data/real", "--rendered", "data/rendered"
        return subprocess.run(
            [sys.executable, "-m", "realink", "init", *folders, *arguments],
            cwd=self.root,
            env=os.environ | {"PYTHONPATH": "workflow"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=HANGS,
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

    def planned(self, config: str = "", why: str = "") -> dict[str, int]:
        """Jobs of each rule that a dry run would do, `all` aside; and `why`, as it must say."""
        done = self.run("--dry-run", "--cores", "2", config=config)
        assert done.returncode == 0, done.stdout
        assert why in done.stdout
        assert len(done.stdout.splitlines()) < 60
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
            if path.name in ("metrics.json", "training.json"):
                record = json.loads(path.read_text())
                record.pop("train_seconds", None)
                kept[name] = json.dumps(record).encode()
            elif path.suffix in (".safetensors", ".json", ".onnx") or name.startswith("answer/"):
                kept[name] = path.read_bytes()
        return kept


def interrupted(run: subprocess.Popen) -> str:
    """Press Ctrl-C, which a terminal sends to all processes of the session; give the output."""
    os.killpg(run.pid, signal.SIGINT)
    return run.communicate(timeout=HANGS)[0]


@pytest.fixture(scope="session")
def once(tmp_path_factory) -> Callable[[str, Callable[[Path], None]], Path]:
    """A function that makes a folder once for all processes of pytest-xdist; others wait for it."""
    base = tmp_path_factory.getbasetemp()
    common = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def folder(name: str, make: Callable[[Path], None]) -> Path:
        root, whole = common / name, common / f"{name}.whole"
        with (common / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not whole.exists():
                shutil.rmtree(root, ignore_errors=True)  # of a process that failed
                root.mkdir()
                make(root)
                whole.touch()
        return root

    return folder


@pytest.fixture(scope="session")
def finished(once) -> Project:
    """The small study, run to its end on two cores. Read it; copy it to change it, or to run it."""

    def make(root: Path) -> None:
        done = Project.create(root).run("--cores", "2")
        assert done.returncode == 0, done.stdout
        where = "The answer: results/small/report.html\nThe classifier: results/small/final\n"
        assert where in done.stdout

    return Project(once("finished", make))


@pytest.fixture(scope="session")
def pictured(once) -> Project:
    """A small study of two folders of pictures, from `realink init` on. Read it, or copy it."""
    configs = "config/mine.yaml", "shapes.yaml"

    def make(root: Path) -> None:
        project = Project.create(root, configs)
        drawn.write_real(root / "data/real")
        drawn.write_rendered(root / "data/rendered")
        done = project.init("--group", "^camera..", "--output", "config/mine.yaml")
        assert done.returncode == 0, done.stdout
        done = project.run_in_forks("--cores", "2")
        assert done.returncode == 0, done.stdout

    return Project(once("pictured", make), configs)


@pytest.fixture(scope="session")
def ran(once) -> Callable[[str, Sequence[str]], Project]:
    """A function that runs a study to its end, once. Read it; copy it to change it."""

    def study(name: str, configs: Sequence[str]) -> Project:
        def make(root: Path) -> None:
            done = Project.create(root, configs).run_in_forks("--cores", "2")
            assert done.returncode == 0, done.stdout

        project = Project(once(name, make), configs)
        project.results = project.root / "results" / name
        return project

    return study


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """A copy of the finished small study."""
    return finished.copy(tmp_path)
