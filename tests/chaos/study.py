"""The undisturbed study, and what of another run of it must be the same."""

import csv
import io
import json
import re
import shutil
from pathlib import Path
from typing import NamedTuple

from tests.workflow.conftest import Project

CONFIG = "tiny.yaml"
# In report.html: what jobs took.
TIMES = re.compile(
    r"; all jobs with a record .*?MB|<summary>Seconds and memory by rule.*?</details>", re.DOTALL
)


class Job(NamedTuple):
    rule: str
    log: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


class Reference:
    """A study run to its end without any fault, in a folder that is kept for the next time."""

    def __init__(self, root: Path) -> None:
        if not (root / "finished").is_file():
            shutil.rmtree(root, ignore_errors=True)
            root.mkdir(parents=True)
            made = Project.create(root, [CONFIG])
            shutil.copy(Path(__file__).parent / CONFIG, root)
            done = made.run("--cores", "2")
            if done.returncode:
                raise RuntimeError(done.stdout)
            (root / "finished").touch()
        self.project = Project(root, [CONFIG])
        self.jobs = _jobs(self.project)
        self.files = comparable(self.project.results)

    def following(self, job: Job) -> set[Job]:
        """A job, and all that read what it or one of these wrote."""
        found, written = {job}, set(job.outputs)
        while more := {other for other in self.jobs if written & {*other.inputs}} - found:
            found |= more
            written |= {output for other in more for output in other.outputs}
        return found


def comparable(results: Path) -> dict[str, bytes]:
    """Every output without the times that it holds; logs, benchmarks, sums and states aside."""
    aside = {"logs", "benchmarks", "sums", "states"}
    return {
        str(path.relative_to(results)): _timeless(path)
        for path in sorted(results.rglob("*"))
        if path.is_file() and path.relative_to(results).parts[0] not in aside
    }


def _timeless(path: Path) -> bytes:
    content = path.read_bytes()
    try:
        if path.name == "metrics.json":
            content = json.dumps(json.loads(content) | {"train_seconds": None}).encode()
        elif path.name in ("metrics.csv", "translators.csv"):
            rows = [
                row | {"train_seconds": ""} for row in csv.DictReader(io.StringIO(content.decode()))
            ]
            content = json.dumps(rows).encode()
        elif path.name == "report.html":
            content = TIMES.sub("", content.decode()).encode()
    except ValueError:
        pass  # it was damaged
    return content


def _jobs(project: Project) -> list[Job]:
    lines = project.run("--detailed-summary").stdout.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("output_file\t"))
    found: dict[str, list[dict[str, str]]] = {}
    for row in csv.DictReader(lines[start:], delimiter="\t"):
        found.setdefault(row["log-file(s)"], []).append(row)
    return [
        Job(
            rows[0]["rule"],
            log,
            tuple(rows[0]["input-file(s)"].split(",")),
            tuple(row["output_file"] for row in rows),
        )
        for log, rows in found.items()
    ]
