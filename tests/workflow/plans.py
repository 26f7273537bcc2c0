"""Many dry runs in the time of a few: Snakemake is imported once, and each is a process's fork.

Reads a JSON list of lists of snakemake's arguments from stdin. Writes a JSON list to stdout: of
each its exit status and all that it wrote.
"""

import json
import multiprocessing
import os
import sys
import tempfile

from snakemake.cli import main


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


if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(2, maxtasksperchild=1) as pool:
        done = pool.map(plan, json.load(sys.stdin), chunksize=1)
    print(json.dumps(done))
