"""What several commands share."""

import gc
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from realink.errors import InputError

Json = Annotated[str, Parameter(help="a JSON object, the config's settings")]
Paths = Annotated[str, Parameter(help="a path for each cell of the grid, with {mix}, {n}, ...")]
Device = Annotated[str, Parameter(help="cpu, cuda, or auto: cuda where there is one")]
# The workflow hands its jobs the hash of the code that it found when it started.
CODE = "REALINK_CODE"

log = logging.getLogger("realink")


def recorded_code() -> str:
    """Hash of the code that the workflow recorded for this job; empty for a command by hand."""
    return os.environ.get(CODE, "")


def check_code(arguments: Sequence[str], package: Path | None = None) -> None:
    """Refuse to run code other than what the workflow recorded when it started.

    Parameters
    ----------
    arguments : of the command line
    package : directory of the package that has the command, if not realink

    Raises
    ------
    InputError
        The code was edited since.
    """
    if not (recorded := recorded_code()):
        return
    from realink.running.provenance import LOADED, code_hash

    command = arguments[0].replace("-", "_")
    options = [argument.partition("=")[::2] for argument in arguments]
    loaded = {
        kind: [value for name, value in options if name in (f"--{kind}", f"--every-{kind}")]
        for kind in LOADED
    }
    if (found := code_hash(command, package, **loaded)) != recorded:
        raise InputError(
            f"the code of {command} is {found}, not {recorded}: it was edited since this run "
            "started; start snakemake again"
        )


def device_for(name: str) -> str:
    """Resolve ``auto``, and hold torch to the one thread that the rules ask for.

    Raises
    ------
    InputError
        A CUDA device is asked for, and there is none.
    """
    import torch

    # The libraries are there by now, and never garbage; what the job itself makes may be.
    gc.freeze()
    gc.enable()
    torch.set_num_threads(1)
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("config key `device`: cuda asked for, but torch finds no CUDA device")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    # The same seed should give the same bytes on a GPU too, wherever torch has such an operation.
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    return name


def report_step(step: int, steps: int, row: dict[str, float]) -> None:
    """Write a training's progress to the job's log."""
    losses = "  ".join(f"{name} {value:.4g}" for name, value in row.items() if name != "step")
    log.info("step %d of %d  %s", step, steps, losses)
