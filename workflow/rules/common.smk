"""Checks of the config, wildcards, and the only helper functions of the rules."""

import json
import os
import re
import shlex
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import validate

sys.path.insert(0, str(workflow.basedir))

from realink import grid, mixes, slurm
from realink.errors import InputError
from realink.provenance import code_hash

try:
    validate(config, "../schemas/config.schema.yaml")
    grid.check(config)
except InputError as error:
    raise WorkflowError(str(error)) from None
except WorkflowError as error:
    # The rest of it is the whole schema and the whole config, some hundred lines.
    reason, _, rest = str(error).partition("\n\n")
    place = re.search(r"On instance((\[[^]]+\])*)", rest)
    raise WorkflowError(f"{reason} (in config{place[1] if place else ''})") from None

# The package lies beside the rules: a job runs the code of this checkout, wherever it runs. And it
# finds the Python that runs Snakemake, though its environment may not have been activated.
ENVIRONMENT = [f"PYTHONPATH={shlex.quote(str(workflow.basedir))}"]
if not workflow.deployment_settings.deployment_method:
    ENVIRONMENT.append(f"PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH")
# Training allocates and frees the same megabytes in every step. By default glibc gives them back to
# the system each time, and the page faults cost a tenth of a classifier's time.
ENVIRONMENT += [
    "MALLOC_MMAP_THRESHOLD_=33554432",
    "MALLOC_TRIM_THRESHOLD_=10000000000",
    "MALLOC_TOP_PAD_=100000000",
]
shell.prefix(f"export {' '.join(ENVIRONMENT)}; ")

STUDY = config["study"]
CELLS = grid.cells(config)
TRANSLATOR_CELLS = grid.translator_cells(config)
# What trains or reads images takes a GPU if the study says so; all else takes seconds.
GPU = int(config["device"] == "cuda")


# On a cluster, run where Snakemake runs: submitting them would cost more than they do, and
# `prepare_real` may need the network, which compute nodes need not have.
localrules:
    catalogue_fonts,
    render_fonts,
    prepare_real,
    draw_real,
    collect,
    analyse,
    report,
    plot_error,
    plot_font_error,
    plot_gain,
    plot_fonts,
    plot_translations,


SLURM_RUN = Path(f"results/{STUDY}/logs/slurm_run")


# Snakemake holds the lock of this study's files by now, so no other one is at work on them: jobs
# that the last one left are orphans. All SLURM jobs of one snakemake bear the executor's `run_uuid`.
onstart:
    # Each job that ends while others wait would leave one more timer that wakes the scheduler every
    # second until the end: after 170 jobs these took 0.4 of a core (Snakemake 9.27).
    workflow.scheduler.job_rate_limiter = None
    try:
        slurm.take_over(SLURM_RUN, getattr(workflow.scheduler._executor, "run_uuid", None))
    except slurm.ClusterError as error:
        raise WorkflowError(str(error)) from None


onsuccess:
    SLURM_RUN.unlink(missing_ok=True)


# The plugin cancels nothing if Ctrl-C comes while it looks at the queue.
onerror:
    try:
        slurm.take_over(SLURM_RUN, None)
    except slurm.ClusterError as error:  # the next run will ask again
        print(error, file=sys.stderr)


wildcard_constraints:
    study=re.escape(STUDY),
    mix="|".join(map(re.escape, config["mixes"] + ["font"])),
    translator="|".join(map(re.escape, config["translators"])) or "none",
    n=r"\d+",
    replicate=r"\d+",


def of_classifiers(pattern):
    """The paths of a pattern for every classifier of the grid."""
    return grid.paths(pattern, CELLS, study=STUDY)


def of_translators(pattern):
    """The paths of a pattern for every translator of the grid."""
    return grid.paths(pattern, TRANSLATOR_CELLS, study=STUDY)


def of_references(pattern):
    """The paths of a pattern for all digits that translated ones are compared with."""
    return grid.paths(pattern, grid.references(config), study=STUDY)


def real_of(wildcards):
    """The real images of a mix, if it has any."""
    if not mixes.uses_real(wildcards.mix):
        return []
    return "results/{study}/real/n{n}/rep{replicate}/digits.safetensors"


def synthetic_of(wildcards):
    """The synthetic images of a mix, if it has any."""
    synthetic = mixes.synthetic_of(wildcards.mix)
    if synthetic == "none":
        return []
    if synthetic == "font":
        return "results/{study}/fonts/digits.safetensors"
    return f"results/{{study}}/translated/{synthetic}/n{{n}}/rep{{replicate}}/digits.safetensors"


def n_synthetic_of(wildcards):
    """How many synthetic images a mix holds beside its real ones."""
    return mixes.n_synthetic(wildcards.mix, int(wildcards.n), config["total"])


def real_share_of(wildcards):
    """Fraction of real images in a training batch of a mix."""
    shares = config["real_share"]
    share = shares.get(mixes.images_of(wildcards.mix), shares["default"])
    return mixes.real_share(wildcards.mix, int(wildcards.n), config["total"], share)


def augmentation_of(wildcards):
    """The augmentation's settings, for the mixes that have any: no other reruns with them."""
    used = config["augmentation"] if mixes.augments(wildcards.mix) else None
    return json.dumps(used, sort_keys=True)


def translator_code(command):
    """Hash of a command's code and of the one translator that it loads by name."""
    hashes = {
        name: code_hash(command, f"realink.translators.{name}") for name in config["translators"]
    }
    return lambda wildcards: hashes[wildcards.translator]


def growing(amount):
    """A memory or time limit that a job which went over it finds raised when it is tried again."""
    return lambda wildcards, attempt: amount * attempt
