"""Try damaged input of every kind, and print what became of it.

    python -m tests.fuzz [--count 1000] [--seed 0] [--kinds pictures fonts ...]

Ends with status 1 if there was a fault; each can be tried again by its number.
"""

import argparse
import logging
import sys
import time
from collections import Counter

from tests.fuzz.kind import GOOD
from tests.fuzz.kinds import KINDS
from tests.fuzz.watching import outcomes

SHOWN = 8  # faults of a kind that are named, at most


def main() -> None:
    known = {kind.name: kind for kind in KINDS}
    parser = argparse.ArgumentParser("python -m tests.fuzz", description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=1000, help="inputs of each kind")
    parser.add_argument("--first", type=int, default=0, help="number of the first one")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", default=list(known), metavar="KIND", choices=known)
    asked = parser.parse_args()
    logging.disable(logging.INFO)
    print(f"{'kind':18}" + "".join(f"{name:>9}" for name in (*GOOD, "faults", "seconds")))
    faulty = False
    for name in asked.kinds:
        started = time.monotonic()
        found, faults = run(known[name], asked.seed, range(asked.first, asked.first + asked.count))
        counts = "".join(f"{found[good]:9,}" for good in GOOD)
        print(f"{name:18}{counts}{len(faults):9,}{time.monotonic() - started:9.0f}", flush=True)
        for number, outcome in faults[:SHOWN]:
            print(f"    {number}: {outcome}")
        for fault, n in Counter(outcome.split(":")[0] for _, outcome in faults).items():
            print(f"    {n:,} {fault}")
        faulty |= bool(faults)
    sys.exit(faulty)


def run(kind: type, seed: int, numbers: range) -> tuple[Counter, list[tuple[int, str]]]:
    """Counts by outcome, and each fault with its number."""
    made = kind()
    found, faults = Counter(), []
    for number, outcome in outcomes(lambda number: made.attempt(seed, number), numbers):
        found[outcome] += 1
        if outcome not in GOOD:
            faults.append((number, outcome))
    return found, faults


main()
