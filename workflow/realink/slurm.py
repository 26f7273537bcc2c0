"""Jobs that a killed snakemake leaves on a SLURM cluster."""

import subprocess
import sys
import time
from pathlib import Path

PATIENCE = 900  # seconds; a node that died holds its jobs until SLURM notices


class ClusterError(Exception):
    """SLURM's answer makes it unsafe to go on."""


def take_over(record: Path, run: str | None) -> None:
    """End all jobs of the run that `record` names, then let it name `run`.

    Killed outright, snakemake cannot cancel its jobs. They would go on, and delete or overwrite
    what the jobs of the next snakemake write to the same paths.

    Parameters
    ----------
    record
        Holds the job name of the run that last worked on these results; gone once it ended well.
    run
        The name that all SLURM jobs of the new run bear; None if it does not run on SLURM.
    """
    if record.is_file():
        _end(record.read_text().strip(), record)
    if run is None:
        record.unlink(missing_ok=True)
    else:
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(f"{run}\n")


def _end(run: str, record: Path) -> None:
    """Cancel all jobs of a run, and wait until the last of its processes is gone."""
    limit = time.monotonic() + PATIENCE
    told = False
    try:
        while jobs := _slurm("squeue", "--noheader", "--format=%i", f"--name={run}").split():
            if not told:
                print(
                    f"Cancelling {len(jobs)} jobs that an earlier snakemake left: {' '.join(jobs)}",
                    file=sys.stderr,
                    flush=True,
                )
                told = True
            if time.monotonic() > limit:
                raise ClusterError(f"jobs of an earlier run do not end: {' '.join(jobs)}")
            _slurm("scancel", f"--name={run}")
            time.sleep(1)
    except (OSError, subprocess.CalledProcessError) as error:
        raise ClusterError(
            f"cannot tell whether jobs of an earlier, killed run still write results ({error}); "
            f"if there are none, delete {record}"
        ) from None


def _slurm(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
