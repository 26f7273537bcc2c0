"""Many dry runs in the time of a few: what is the same in all is done once, and each is a fork.

Runs in a copy of the project. Reads a JSON list of lists of snakemake's arguments from stdin.
Writes a JSON list to stdout: of each its exit status and all that it wrote.
"""

import json
import multiprocessing
import os
import sys
import tempfile
from functools import cache
from itertools import product
from pathlib import Path

from snakemake.cli import main

sys.path.insert(0, str(Path("workflow").absolute()))
from realink.declared import LEARNERS, TRANSLATORS
from realink.running import provenance


def plan(arguments: list[str]) -> tuple[int, str]:
    """Do one dry run, in a process that does no other."""
    with tempfile.TemporaryFile("w+") as output:
        for descriptor in (1, 2):
            os.dup2(output.fileno(), descriptor)
        try:
            main(["--dry-run", "--printshellcmds", "--nolock", "--cores=1", *arguments])
        except SystemExit as stop:
            status = stop.code
        sys.stdout.flush()
        sys.stderr.flush()
        output.seek(0)
        return status, output.read()


def hash_code_once() -> None:
    """Half of a dry run's time goes into that."""
    provenance.code_hash = cache(provenance.code_hash)
    for command in provenance._commands(provenance.PACKAGE):
        asked = provenance.parameters(command)
        known = [family for family in (TRANSLATORS, LEARNERS) if family.kind in asked]
        for chosen in product(*(family.names() for family in known)):
            kinds = (family.kind for family in known)
            provenance.code_hash(command, **dict(zip(kinds, chosen, strict=True)))


if __name__ == "__main__":
    hash_code_once()
    with multiprocessing.get_context("fork").Pool(2, maxtasksperchild=1) as pool:
        done = pool.map(plan, json.load(sys.stdin), chunksize=1)
    print(json.dumps(done))
