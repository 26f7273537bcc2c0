"""Run a study of thousands of classifiers, each made trivially small, and measure what it takes.

    PYTHONPATH=workflow python -m tests.scale [--classifiers 10000] [--cores 2] [--folder FOLDER]

Started again with the same folder it goes on. FOLDER/measured.json holds seconds on the clock and
of processor time, memory, files, and how large the page is and how long a browser takes to draw it;
of snakemake a look every 15 s, of which the last is printed. Jobs are forks of one process that has
imported torch; the import, two seconds of each job, is not in these numbers.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import yaml
from playwright.sync_api import sync_playwright

from tests import preloaded
from tests.workflow.conftest import Project

MIXES = "rendered", "real", "real-rendered", "real-aug", "real-rendered-aug"
COUNTS = 50
CONFIG = {
    "study": "scale",
    "real": {"source": "embedded"},
    "rendered": {"families": "resources/fonts/few.txt", "count": 600},
    "counts": [10 * (place + 1) for place in range(COUNTS)],
    "synthetic": {"total": 600},
    "rendered_counts": [],
    "mixes": [*MIXES],
    "learner_settings": {"small": {"steps": 10, "batch_size": 16, "width": 2}},
    "device": "cpu",
}
EVERY = 15.0  # seconds between two looks at snakemake


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.scale", description=__doc__.split("\n")[0])
    parser.add_argument("--classifiers", type=int, default=10_000)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="where the study is, or is made")
    asked = parser.parse_args()
    replicates, rest = divmod(asked.classifiers, len(MIXES) * COUNTS)
    if rest or replicates < 1:
        parser.error(f"--classifiers: a multiple of {len(MIXES) * COUNTS}")
    if shutil.which("chromium") is None:
        parser.error("needs chromium (a Debian package) on the PATH, for the page")
    root = (asked.folder or Path(tempfile.mkdtemp(prefix="scale-"))).resolve()
    print(root, flush=True)
    measured = _read(root)
    if (root / "scale.yaml").exists():
        replicates = yaml.safe_load((root / "scale.yaml").read_text())["replicates"]
    else:
        root.mkdir(parents=True, exist_ok=True)
        Project.create(root, ["scale.yaml"])
        (root / "scale.yaml").write_text(yaml.safe_dump(CONFIG | {"replicates": replicates}))
    arguments = ["-m", "snakemake", "--configfile", "scale.yaml"]
    snakemake = [sys.executable, *arguments]
    cores = ["--cores", str(asked.cores)]

    if "plan" not in measured:
        measured["plan"] = timed(root, [*snakemake, "--dry-run", "--quiet", "all"])
        _write(root, measured)
    with preloaded.serving(root / "environment", root / "workflow") as (python, server):
        command = [str(python), *arguments, *cores]
        measured.setdefault("runs", []).append(watched(root, command, server))
        _write(root, measured)
    if measured["runs"][-1]["status"]:
        raise SystemExit(f"snakemake did not end well; see {root}/run.log")
    measured["nothing to do"] = timed(root, [*snakemake, *cores])
    more = ["--config", f"replicates={replicates + 1}"]
    plan = [*snakemake, "--dry-run", "--quiet", "all", *more]
    measured["plan one more replicate"] = timed(root, plan)
    measured["files"] = files(root)
    measured["page"] = page(root / "results/scale/report.html")
    _write(root, measured)
    runs = [run | {"looks": run["looks"][-1:]} for run in measured["runs"]]
    print(json.dumps(measured | {"runs": runs}, indent=1))


def timed(root: Path, command: Sequence[str]) -> dict[str, float]:
    """Run a command to its end; what it took."""
    began = time.monotonic()
    with (root / "timed.log").open("a") as log:
        run = subprocess.Popen(command, cwd=root, stdout=log, stderr=log)
        _, status, took = os.wait4(run.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)}: exit status {status}; see {root}/timed.log")
    return {
        "seconds": round(time.monotonic() - began, 1),
        "processor seconds": round(took.ru_utime + took.ru_stime, 1),
        "MB": round(took.ru_maxrss / 1024),
    }


def watched(root: Path, command: Sequence[str], server: psutil.Process) -> dict[str, Any]:
    """Run snakemake to its end; what it and its jobs took, and how that grew."""
    began, before = time.monotonic(), server.cpu_times()
    looks: list[dict[str, float]] = []
    with (root / "run.log").open("a") as log:
        run = psutil.Popen(command, cwd=root, stdout=log, stderr=log)
    while run.poll() is None:
        try:
            run.wait(EVERY)
        except psutil.TimeoutExpired:
            looks.append(_look(root, run, server, before) | {"seconds": time.monotonic() - began})
    told = {"status": run.returncode, "seconds": round(time.monotonic() - began)}
    return told | {
        "looks": [{key: round(value, 1) for key, value in look.items()} for look in looks]
    }


def _look(root: Path, run: psutil.Process, server: psutil.Process, before: Any) -> dict[str, float]:
    own, now = run.cpu_times(), server.cpu_times()
    done = sum(1 for _ in (root / "results/scale/classifier").glob("*/*/*/*/metrics.json"))
    return {
        "classifiers": done,
        # Of snakemake itself; of the shells and clients that it started; of the jobs.
        "snakemake": own.user + own.system,
        "shells": own.children_user + own.children_system,
        "jobs": sum(now[2:4]) - sum(before[2:4]),
        "MB": run.memory_info().rss / 2**20,
    }


def files(root: Path) -> dict[str, float]:
    """How many files the study has, and how many MB they hold, by where they are."""
    found = {}
    for name in "results/scale", ".snakemake":
        sizes = [path.stat().st_size for path in (root / name).rglob("*") if path.is_file()]
        found[name] = {"files": len(sizes), "MB": round(sum(sizes) / 2**20)}
    return found


def page(path: Path) -> dict[str, float]:
    """How large the page is, and how long a browser takes until all of it is drawn."""
    took = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for _ in range(5):
            opened = browser.new_page()
            began = time.monotonic()
            opened.goto(path.as_uri())
            opened.wait_for_selector("html[data-drawn]", state="attached")
            took.append(time.monotonic() - began)
            opened.close()
        browser.close()
    return {
        "MB": round(path.stat().st_size / 2**20, 2),
        "seconds to draw, median of 5": round(statistics.median(took), 2),
    }


def _read(root: Path) -> dict[str, Any]:
    path = root / "measured.json"
    return json.loads(path.read_text()) if path.exists() else {}


def _write(root: Path, measured: dict[str, Any]) -> None:
    (root / "measured.json").write_text(json.dumps(measured, indent=1) + "\n")


if __name__ == "__main__":
    main()
