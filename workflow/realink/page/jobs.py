"""What a study's jobs took, and on which machine."""

import csv
import os
import platform
import re
from pathlib import Path
from typing import Any

import pandas as pd


def read_benchmarks(root: Path) -> pd.DataFrame:
    """Snakemake's benchmark files under a directory, one row a job: its rule, seconds, memory."""
    rows = []
    for path in sorted(root.rglob("*.tsv")):
        rule = path.relative_to(root).parts[0].removesuffix(".tsv")
        # Not pandas, which takes a millisecond for each of thousands of files.
        with path.open() as file:
            rows += [
                (rule, job["s"], job["max_rss"]) for job in csv.DictReader(file, delimiter="\t")
            ]
    table = pd.DataFrame(rows, columns=["rule", "s", "max_rss"]).replace("NA", "nan")
    return table.astype({"s": float, "max_rss": float})


def by_rule(benchmarks: pd.DataFrame) -> list[dict[str, Any]]:
    """What the jobs of each rule took, those that took most in all first."""
    rows = [
        {
            "rule": rule,
            "jobs": len(own),
            "median": own["s"].median(),
            "hours": own["s"].sum() / 3600,
            "memory": own["max_rss"].max(),
        }
        for rule, own in benchmarks.groupby("rule")
    ]
    return sorted(rows, key=lambda row: -row["hours"])


def machine() -> str:
    """The processor, its cores and Python's version."""
    try:
        model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    except OSError:
        model = None
    name = model[1] if model else platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores, Python {platform.python_version()}"
