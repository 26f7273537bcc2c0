"""How long a run still takes: by what is expected of its jobs, and by those that have ended."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import mean

# Seconds of a job on one core, start included, for want of an earlier run's
# (docs/lab/performance.md). The workflow adds those that depend on the study.
TYPICAL: dict[str, float] = {"prepare_rendered": 20, "report": 10}
OTHER = 3
# By study: seconds of a job by its rule and wildcards, None where all jobs of a rule are alike.
EXPECTED: dict[str, Callable[[str, Mapping[str, str]], float | None]] = {}
START = 3  # seconds before a job's first step
LEAST = 0.2  # of a job's steps, from which on they say how long it takes
FEWER = 4  # what is left of a rule takes a quarter of its mean job at least
MOST_READ = 20  # an earlier run's times of one rule


class TimeLeft:
    """The jobs of a run that have not ended, and how many times as long as expected they take.

    Attributes
    ----------
    remaining : jobs by rule
    cores : of the run, 0 if not known
    """

    def __init__(self) -> None:
        self.remaining: Counter[str] = Counter()
        self.cores = 0
        self._slots = 1
        self._earlier: dict[str, float] | None = None  # mean seconds of each rule in earlier runs
        self._running: dict[int, tuple[str, float, float]] = {}  # rule, what is expected, start
        self._reached: dict[int, float] = {}  # by running job: the share of its steps
        # Of jobs that have ended: how many of a rule, what they took, and what was expected.
        self._ended: Counter[str] = Counter()
        self._took: Counter[str] = Counter()
        self._expected: Counter[str] = Counter()

    def plan(self, stats: Mapping[str, int]) -> None:
        """Jobs by rule, as a run begins."""
        self.remaining = Counter(stats)

    def know(self, benchmark: str | None) -> None:
        """Look once for what earlier runs took, beside a job's benchmark."""
        if self._earlier is None:
            self._earlier = earlier(benchmark)

    def start(self, job: int, rule: str, wildcards: Mapping[str, str] | None) -> None:
        """A job starts; so it has not ended, though it may have before."""
        typical, own = self._typical(rule), _expected(rule, wildcards or {})
        if own is None:
            own = typical
        elif rule in TYPICAL:
            own *= typical / TYPICAL[rule]
        self._running[job] = rule, own, time.monotonic()
        self._slots = max(self._slots, len(self._running))

    def reached(self, job: int, share: float) -> None:
        """A running job has done this share of its steps, in 0..1."""
        self._reached[job] = share

    def end(self, job: int) -> float:
        """A job has ended well: the seconds that it took."""
        self._reached.pop(job, None)
        if job not in self._running:
            return 0.0
        rule, expected, started = self._running.pop(job)
        seconds = time.monotonic() - started
        self._ended[rule] += 1
        self._took[rule] += seconds
        self._expected[rule] += expected
        self.remaining[rule] -= 1
        return seconds

    def fail(self, job: int, rule: str) -> None:
        """A job has ended, but not well: it says nothing of others."""
        self._running.pop(job, None)
        self._reached.pop(job, None)
        self.remaining[rule] -= 1

    def seconds(self) -> tuple[float, bool]:
        """Seconds of the clock, and whether jobs of every rule that is left have ended already."""
        left = {rule: n for rule, n in self.remaining.items() if n > 0}
        pace, work = self._pace(), self.work()
        for rule, expected, started in self._running.values():
            whole = expected * self._pace_of(rule, pace)
            work -= min(time.monotonic() - started, whole)
        at_once = max(self._slots, min(self.cores, sum(left.values())))
        return max(work, 0.0) / at_once, all(self._ended[rule] for rule in left if rule != "all")

    def work(self) -> float:
        """Seconds of all jobs that have not ended, one after another."""
        pace, work = self._pace(), 0.0
        for rule, n in self.remaining.items():
            typical, ended = self._typical(rule), self._ended[rule]
            # Those that have ended may have been the long ones, or the short ones.
            expected = (n + ended) * typical - self._expected[rule]
            if n > 0:
                work += max(expected, n * typical / FEWER) * self._pace_of(rule, pace)
        return work

    def _typical(self, rule: str) -> float:
        if rule == "all":
            return 0.0
        return (self._earlier or {}).get(rule, TYPICAL.get(rule, OTHER))

    def _pace_of(self, rule: str, pace: float) -> float:
        """How many times as long as expected the jobs of a rule take, as far as any has ended."""
        if expected := self._expected[rule]:
            return self._took[rule] / expected
        return pace if rule in TYPICAL else 1.0

    def _pace(self) -> float:
        """The same of all rules whose jobs are foretold; 1 before any job.

        A running job counts by the steps that it has done; where these say nothing and it runs
        longer than expected, as if it ended now.
        """
        rules = [rule for rule in self._ended if rule in TYPICAL]
        took = sum(self._took[rule] for rule in rules)
        expected = sum(self._expected[rule] for rule in rules)
        for job, (rule, own, started) in self._running.items():
            ran, whole = time.monotonic() - started, self._by_steps(job)
            if rule in TYPICAL and (whole or ran > own):
                took, expected = took + ran, expected + own * (ran / whole if whole else 1.0)
        return took / expected if expected else 1.0

    def _by_steps(self, job: int) -> float:
        """Seconds that a running job takes in all, by the steps that it has done; 0 if too few."""
        share, ran = self._reached.get(job, 0.0), time.monotonic() - self._running[job][2]
        return START + (ran - START) / share if share >= LEAST and ran > START else 0.0


def earlier(benchmark: str | None) -> dict[str, float]:
    """Mean seconds of each rule's jobs in earlier runs of a study, by Snakemake's benchmarks."""
    root = next((path for path in Path(benchmark or "").parents if path.name == "benchmarks"), None)
    seconds: dict[str, list[float]] = defaultdict(list)
    for path in root.rglob("*.tsv") if root else []:
        rule = path.relative_to(root).parts[0].removesuffix(".tsv")
        if len(seconds[rule]) < MOST_READ:
            try:
                rows = path.read_text(errors="replace").splitlines()[1:2]
            except OSError:
                continue
            seconds[rule] += [float(row.split("\t")[0]) for row in rows]
    return {rule: mean(each) for rule, each in seconds.items() if each}


def _expected(rule: str, wildcards: Mapping[str, str]) -> float | None:
    expected = EXPECTED.get(wildcards.get("study", ""))
    return expected and expected(rule, wildcards)
