"""One round: a fault at a random moment, the same command again, and what came of it."""

import hashlib
import os
import random
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from realink.running import outputs
from tests.chaos.faults import FAULTS, processes
from tests.chaos.study import Reference, comparable

EMPTY = 0.1  # share of rounds that start from an empty study
STARTS = 6  # of snakemake until it is given up
LIMIT = 1800  # seconds that one start may take, where others use the machine too
AGAIN = re.compile(r"run snakemake again: rm (.+)$", re.MULTILINE)
# What a command says that cannot read a file which has no sum.
UNREADABLE = re.compile(r"error: (results/\S+): .*delete it and run snakemake again$", re.MULTILINE)


class Way(NamedTuple):
    """How snakemake runs: by which arguments, in which environment."""

    arguments: Sequence[str] = ("--cores", "1")
    environment: Mapping[str, str] = {}


class State(NamedTuple):
    """Of a job: whether its outputs are right, sums of its inputs, and when its log was written."""

    right: bool
    inputs: list[str]
    logged: int


class Round:
    """What a fault may lay hands on: `run` is the snakemake, `told` goes into the record."""

    def __init__(
        self, reference: Reference, root: Path, way: Way, fault: str, seed: int, number: int
    ) -> None:
        self.reference, self.root, self.way, self.fault = reference, root, way, fault
        self.random = random.Random(f"{seed} {fault} {number}")
        self.told: dict[str, Any] = {"fault": fault, "seed": seed, "number": number}
        shutil.rmtree(root, ignore_errors=True)
        self.project = reference.project.copy(root)
        self.results = self.project.results
        self.run: subprocess.Popen

    def outputs(self) -> list[Path]:
        return [self.root / output for job in self.reference.jobs for output in job.outputs]

    def move_results(self, place: Path) -> None:
        shutil.copytree(self.results, place)
        shutil.rmtree(self.results)
        self.results.symlink_to(place)

    def start(self, name: str, *arguments: str) -> subprocess.Popen:
        """Start snakemake, in a session of its own; its words go to a file."""
        with (self.root / f"{name}.txt").open("w") as words:
            return subprocess.Popen(
                self.project.command(*self.way.arguments, *arguments),
                cwd=self.root,
                env=os.environ | {"REALINK_MNIST": ""} | self.way.environment,
                stdout=words,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def said(self, name: str) -> str:
        return (self.root / f"{name}.txt").read_text(errors="replace")

    def play(self) -> dict[str, Any]:
        """Do it; give the record."""
        began = time.monotonic()
        fault = FAULTS[self.fault](self)
        try:
            todo = self._begin()
            next(fault, None)
            self.run = self.start("first")
            self._wait(todo)
            next(fault, None)
            self.told["first_status"] = self.run.wait(timeout=LIMIT)
            next(fault, None)
            self._go_on()
            self._look()
        finally:
            self._end()
            fault.close()
        self.told["seconds"] = round(time.monotonic() - began)
        return self.told

    def _begin(self) -> int:
        """Take away one job's results and all that follows from them, or all; how many jobs."""
        if self.random.random() < EMPTY:
            shutil.rmtree(self.results)
            shutil.rmtree(self.root / ".snakemake")
            self.results.mkdir()
            taken = {*self.reference.jobs}
            self.told["from"] = "nothing"
        else:
            first = self.random.choice(self.reference.jobs)
            taken = self.reference.following(first)
            self.told["from"] = first.log
        for output in (output for job in taken for output in job.outputs):
            (self.root / output).unlink(missing_ok=True)
        self.told["jobs"] = len(taken)
        return len(taken)

    def _wait(self, todo: int) -> None:
        """Until a random number of jobs have started, and a random time of the next one."""
        started = self.random.randint(0, todo)
        delay = self.random.uniform(0, 3)
        self.told |= {"moment": [started, round(delay, 2)]}
        while self.said("first").count("  start   ") < started and self.run.poll() is None:
            time.sleep(0.02)
        time.sleep(delay)

    def _go_on(self) -> None:
        """The same command, until it ends well; between, what its errors ask for."""
        self.told |= {"statuses": [], "unlocked": 0, "named": []}
        before = self._state()
        for attempt in range(STARTS):
            run = self.start(f"again{attempt}")
            self.told["statuses"].append(run.wait(timeout=LIMIT))
            said = self.said(f"again{attempt}")
            if self.told["statuses"][-1] == 0:
                break
            if "--unlock" in said:
                self.told["unlocked"] += 1
                self.start(f"unlock{attempt}", "--unlock").wait(timeout=LIMIT)
            named = [file for line in AGAIN.findall(said) for file in shlex.split(line)]
            for file in {*named, *UNREADABLE.findall(said)}:
                self.told["named"].append(file)
                (self.root / file).unlink(missing_ok=True)
        now = self._state()
        self.told["made_again"] = [
            log
            for log in before
            if before[log].right
            and before[log].logged != now[log].logged
            # Of other inputs it has to be.
            and before[log].inputs == now[log].inputs
        ]
        # What nothing needs any more is not made again until it is asked for.
        self.told["asked_for"] = [f for f in self.told["named"] if not (self.root / f).exists()]
        if self.told["asked_for"]:
            self.start("asked", *self.told["asked_for"]).wait(timeout=LIMIT)

    def _state(self) -> dict[str, "State"]:
        """State of each job, by its log."""
        files = comparable(self.results)
        right = {
            name for name, content in files.items() if content == self.reference.files.get(name)
        }

        def found(output: str) -> str:
            return str(Path(output).relative_to("results/tiny"))

        sums: dict[str, str] = {}
        for name in {name for job in self.reference.jobs for name in job.inputs}:
            path = self.root / name
            sums[name] = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        return {
            job.log: State(
                all(found(output) in right for output in job.outputs),
                [sums[name] for name in job.inputs],
                log.stat().st_mtime_ns if (log := self.root / job.log).exists() else 0,
            )
            for job in self.reference.jobs
        }

    def _look(self) -> None:
        """Compare with the undisturbed run; find what was left behind."""
        now, whole = comparable(self.results), self.reference.files
        self.told["different"] = sorted(
            name for name in now.keys() | whole.keys() if now.get(name) != whole.get(name)
        )
        self.told["hidden"] = sorted(
            str(path.relative_to(self.results))
            for path in self.results.rglob(".*")
            if path.name != ".snakemake_timestamp"
        )
        self.told["sums"] = sorted(
            {str(path.relative_to(self.results)) for path in outputs.changed(self.results)}
            | {name for name in whole if not (self.results / "sums" / f"{name}.sha256").is_file()}
        )

    def _end(self) -> None:
        left = processes(self.root)
        self.told["processes"] = [" ".join(process.cmdline())[:200] for process in left]
        for process in left:
            process.kill()


def good(record: dict[str, Any]) -> bool:
    """Whether a round ended as it should: all the same, nothing left, nothing wrongly accused."""
    return (
        not any(record.get(key, True) for key in ("different", "hidden", "sums", "processes"))
        and record["statuses"][-1] == 0
        and len(record["statuses"]) <= 1 + record["unlocked"] + len(record["named"])
    )
