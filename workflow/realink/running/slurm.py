"""Jobs that a snakemake which was killed or interrupted leaves on a SLURM cluster."""

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

    Raises
    ------
    ClusterError
        The jobs do not end, or SLURM does not say whether there are any.
    """
    if record.is_file():
        _end(record.read_text().strip(), record)
    if run is None:
        record.unlink(missing_ok=True)
        return
    record.parent.mkdir(parents=True, exist_ok=True)
    # Whole or not at all: half a name would not be found, and no name would be anyone's jobs.
    unfinished = record.with_suffix(".new")
    unfinished.write_text(run)
    unfinished.replace(record)


def _end(run: str, record: Path) -> None:
    """Cancel all jobs of a run, and wait until the last of its processes is gone."""
    limit = time.monotonic() + PATIENCE
    told = False
    while jobs := _jobs(run, record):
        if time.monotonic() > limit:
            raise ClusterError(f"jobs of an earlier run do not end: {' '.join(jobs)}")
        if not told:
            told = True
            print(
                f"Cancelling {len(jobs)} jobs that snakemake left: {' '.join(jobs)}",
                file=sys.stderr,
                flush=True,
            )
        # It fails for those that have just ended by themselves.
        subprocess.run(["scancel", f"--name={run}"], check=False)
        time.sleep(1)


def _jobs(run: str, record: Path) -> list[str]:
    """SLURM's numbers of a run's jobs that wait, run, or have not been cleaned up yet."""
    try:
        if not run:
            raise ValueError("no name")
        return subprocess.run(
            ["squeue", "--noheader", "--format=%i", f"--name={run}"],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout.split()
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        raise ClusterError(
            f"cannot tell whether jobs of an earlier, killed run still write results ({error}); "
            f"if there are none, delete {record}"
        ) from None
