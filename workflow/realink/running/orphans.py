"""Jobs that a snakemake which was killed leaves on this machine; study/slurm.py has a cluster's."""

import os
import sys
from pathlib import Path

import psutil  # Snakemake needs it, so it is there; jobs do not import this module

from realink.running.outputs import WRITES

PATIENCE = 10  # seconds


def end(study: Path) -> None:
    """End all jobs of a study that no snakemake waits for, before new ones write the same files."""
    if not (left := [process for process in psutil.process_iter() if _orphan(process, study)]):
        return
    numbers = " ".join(str(process.pid) for process in left)
    print(f"Ending {len(left)} processes that snakemake left: {numbers}", file=sys.stderr)
    for process in left:
        process.terminate()
    _, stubborn = psutil.wait_procs(left, timeout=PATIENCE)
    for process in stubborn:
        process.kill()
    psutil.wait_procs(stubborn, timeout=PATIENCE)


def _orphan(process: psutil.Process, study: Path) -> bool:
    try:
        return (
            f"{study}/" in process.environ().get(WRITES, "")
            and process.cwd() == os.getcwd()
            and not any(map(_is_snakemake, process.parents()))
        )
    except psutil.Error:  # it has ended, or is another person's
        return False


def _is_snakemake(process: psutil.Process) -> bool:
    # By a whole word: a folder's name may hold it, too.
    return any(Path(word).name == "snakemake" for word in process.cmdline())
