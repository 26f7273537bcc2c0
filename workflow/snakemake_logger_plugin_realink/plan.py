"""What a dry run would make first, and why it would make anything: a line a reason."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from logging import LogRecord

FIRST = 5  # jobs that are named
KINDS = 5  # rules that a reason names
# Why a job runs: Snakemake's words, and plainer ones.
REASONS = {
    # What was cut off is forced, too, as the profiles have `rerun-incomplete`.
    "^Forced execution": "cut off in an earlier run, or asked for by an option",
    "^Missing output files": "not made yet",
    "Incomplete output files": "left half-made by an earlier run",
    "Updated input files": "a file that they read has changed",
    "Set of input files has changed": "they read other files than before",
    # `call` of rules/common.smk has these two as params.
    r"Params have changed.*'\{": "their settings have changed",
    r"Params have changed.*'[0-9a-f]{12}'": "their code has changed",
}
FOLLOWING = "Input files updated by another job", "they read what is made anew"


def first(jobs: Sequence[LogRecord]) -> list[str]:
    """Name the jobs that wait for no other."""
    made = {file for job in jobs for file in job.output}
    free = [job for job in jobs if job.output and made.isdisjoint(job.input)]
    ready = [f"{job.rule_name} {axes(job)}".rstrip() for job in free]
    return ready[:FIRST] + [f"... {len(ready) - FIRST} more"] * (len(ready) > FIRST)


def why(jobs: Sequence[LogRecord]) -> list[str]:
    """Say each reason, and how many jobs of which rules have it."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for job in jobs:
        if job.output:  # others only name targets
            for reason in _reasons(job.reason):
                found[reason][job.rule_name] += 1
    return [
        f"{reason}: "
        + (
            ", ".join(f"{n} {rule}" for rule, n in sorted(rules.items(), key=_most_first))
            if len(rules) <= KINDS
            else f"{rules.total()} jobs of {len(rules)} kinds"
        )
        for reason, rules in found.items()
    ]


def axes(job: LogRecord) -> str:
    """Tell a job from the others of its rule."""
    wildcards = (job.wildcards or {}).items()
    return " ".join(f"{name}={value}" for name, value in wildcards if name != "study")


def _most_first(one: tuple[str, int]) -> tuple[int, str]:
    return -one[1], one[0]


def _reasons(text: str) -> list[str]:
    own = [said for words, said in REASONS.items() if re.search(words, text, re.DOTALL)]
    follows, said = FOLLOWING
    return own or [said if follows in text else text.partition(":")[0]]
