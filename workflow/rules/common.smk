"""Checks of the config, wildcards, and the only helper functions of the rules."""

import json
import os
import re
import shlex
import sys
import threading
from functools import cache
from pathlib import Path

from snakemake.common.configfile import load_configfile
from snakemake.exceptions import WorkflowError
from snakemake.utils import update_config

# Not `workflow.basedir`, which is that of the workflow that uses this one as a module.
PACKAGE = Path(str(workflow.current_basedir.get_path_or_uri(secret_free=True))).parent
if not PACKAGE.is_dir():
    raise WorkflowError(
        f"realink runs from a clone of its repository, not from {PACKAGE}: clone it, and name the "
        "clone's Snakefile as the module's `snakefile`"
    )
sys.path.insert(0, str(PACKAGE))

from realink.errors import InputError
from realink.plan import durations, grid, schema, sources
from realink.running import orphans, outputs, provenance, slurm
from realink.plan.mixes import JUDGED, Mix
from realink.translation import settings as translators
import snakemake_logger_plugin_realink as progress

if not workflow.modifier.is_main_snakefile():
    # A module's `configfile:` is not read: its config, too, need only hold what differs.
    defaults = load_configfile(str(PACKAGE.parent / "config/config.yaml"))
    for key in ("families", "folder"):
        defaults["rendered"][key] = os.path.relpath(PACKAGE.parent / defaults["rendered"][key])
    update_config(defaults, config)
    config.update(defaults)
    moved = workflow.modifier.path_modifier
    if moved.prefix or moved.modifies_prefixes:
        raise WorkflowError("realink as a module takes no `prefix`: `study` names its directory")

try:
    schema.check(config)
    sources.check(config)
    # Jobs, and the page, get all of them: those that the config does not name have defaults.
    config["translators"] = sources.settings_of_translators(config)
except InputError as error:
    raise WorkflowError(str(error)) from None

# What the time left is reckoned by until jobs have ended.
progress.TYPICAL.update(durations.by_rule(config))

# The package lies beside the rules: a job runs the code of this checkout, wherever it runs. And it
# finds the Python that runs Snakemake, though its environment may not have been activated. Not by
# `shell.prefix`, which holds for a whole workflow of which this may be a part.
ENVIRONMENT = [f"PYTHONPATH={shlex.quote(str(PACKAGE))}"]
if not workflow.deployment_settings.deployment_method:
    ENVIRONMENT.append(f'PATH={shlex.quote(str(Path(sys.executable).parent))}:"$PATH"')
# Training allocates and frees the same megabytes in every step. By default glibc gives them back to
# the system each time, and the page faults cost a tenth of a classifier's time.
ENVIRONMENT += [
    "MALLOC_MMAP_THRESHOLD_=33554432",
    "MALLOC_TRIM_THRESHOLD_=10000000000",
    "MALLOC_TOP_PAD_=100000000",
]
START = f"env {' '.join(ENVIRONMENT)}"

STUDY = config["study"]
RESULTS = Path(f"results/{STUDY}")
CELLS = grid.cells(config)
TRANSLATOR_CELLS = grid.translator_cells(config)
TEACHERS = [mix.supervised.name for mix in map(Mix.parse, grid.mixes(config)) if mix.pseudo]
UNLABELLED = sources.unlabelled(config)
# What commands are told that speak of them.
UNLABELLED_THERE = {"unlabelled": UNLABELLED} if UNLABELLED else {}
# What trains or reads images takes a GPU if the study says so; all else takes seconds. On a cluster
# that is a `localrule`, run where Snakemake runs: submitting it would cost more than it does, and
# `prepare_real` may need the network, which compute nodes need not have.
GPU = int(config["device"] == "cuda")
# Megabytes of such a job, which took up to 1,100 by measure, and up to 1,800 on a GPU.
MEMORY = 2500 if GPU else 1500


SLURM_RUN = RESULTS / "logs/slurm_run"


# Not in `onstart`, which is not called where nothing is to be done.
if workflow.is_main_process and not {"--unlock", "--delete-all-output"} & set(sys.argv):
    if changed := outputs.changed(RESULTS):
        raise WorkflowError(outputs.complaint(changed))


# Snakemake holds the lock of this study's files by now, so no other one is at work on them: jobs
# that the last one left are orphans. All SLURM jobs of one snakemake bear the executor's `run_uuid`.
# Functions, since Snakemake runs these blocks of the main workflow only, not of a module.
def begin():
    """Before the first job starts."""
    # Each job that ends while others wait would leave one more timer that wakes the scheduler every
    # second until the end: after 170 jobs these took 0.4 of a core (Snakemake 9.27).
    workflow.scheduler.job_rate_limiter = None
    # A SIGTERM is handled in the main thread, which may hold this lock: with one that a thread cannot
    # take twice, snakemake would hang for good (Snakemake 9.27).
    workflow.scheduler._lock = threading.RLock()
    try:
        slurm.take_over(SLURM_RUN, getattr(workflow.scheduler._executor, "run_uuid", None))
    except slurm.ClusterError as error:
        raise WorkflowError(str(error)) from None
    orphans.end(RESULTS)


def succeed():
    """After all jobs ended well."""
    SLURM_RUN.unlink(missing_ok=True)
    if changed := outputs.changed(RESULTS):
        raise WorkflowError(outputs.complaint(changed))
    for what, path in ("answer", "report.html"), ("classifier", "final"):
        if (RESULTS / path).exists():
            print(f"The {what}: {RESULTS / path}", file=sys.stderr)


def fail():
    """After a job failed, or Ctrl-C."""
    # The plugin cancels nothing if Ctrl-C comes while it looks at the queue.
    try:
        slurm.take_over(SLURM_RUN, None)
    except slurm.ClusterError as error:  # the next run will ask again
        print(error, file=sys.stderr)
    # After Ctrl-C Snakemake waits for running jobs, and then forgets those that it saw finish: it
    # would make their results anew (Snakemake 9.27).
    with workflow.scheduler._lock:
        if workflow.scheduler._tofinish:
            workflow.scheduler._finish_jobs()


onstart:
    begin()


onsuccess:
    succeed()


onerror:
    fail()


wildcard_constraints:
    study=re.escape(STUDY),
    mix="|".join(map(re.escape, [*grid.mixes(config), *TEACHERS, "rendered"])),
    translator="|".join(map(re.escape, config["translators"])) or "none",
    n=r"\d+",
    replicate=r"\d+",


# What every rule runs. The code that it has to find is in its environment.
RUN = "REALINK_CODE={params.code} {params.call} >{log:q} 2>&1"
code_hash = cache(provenance.code_hash)  # every job of a rule asks for it


def call(command, *placed, package=None, **settings):
    """Params that run a command of realink: the hash of its code, its settings, how it is called.

    First comes what it takes by its place. Its options are named as the inputs, outputs and
    wildcards, and as `settings`, whose values may be functions of the wildcards. What has no name is
    not handed over, but for an only output, which is `output`; nor are wildcards that the command
    does not ask for. `package` is the directory of another Python package that has the command, of a
    workflow that uses realink as a module.
    """
    asked = provenance.parameters(command, package)
    start, program = START, "realink"
    if package:
        start += f" PYTHONPATH={shlex.quote(os.pathsep.join(map(str, (PACKAGE, package.parent))))}"
        program = package.name

    def code(wildcards):
        named = wildcards.get("translator") if "translator" in asked else None
        return code_hash(command, named, package)

    def values(wildcards):
        return {n: v(wildcards) if callable(v) else v for n, v in settings.items()}

    # Apart from the call, whose changes Snakemake does not look at because it has paths in it.
    recorded = lambda wildcards: json.dumps(values(wildcards), sort_keys=True)

    def line(wildcards, input, output):
        options = {name: value for name, value in wildcards.items() if name in asked}
        options |= values(wildcards) | dict(input.items())
        options |= dict(output.items()) or {"output": list(output)}
        words = [command.replace("_", "-"), *placed]
        for name, value in options.items():
            for one in value if isinstance(value, list) else [value]:
                text = one if isinstance(one, str) else json.dumps(one, sort_keys=True)
                words.append(f"--{name.replace('_', '-')}={text}")
        # A training's state is no output, but left behind like one.
        writes = shlex.join([*output, *([options["state"]] if "state" in options else [])])
        return f"{start} {outputs.WRITES}={shlex.quote(writes)} python -m {program} {shlex.join(words)}"

    return {"code": code, "settings": recorded, "call": line}


def of_classifiers(pattern):
    """The paths of a pattern for every classifier of the grid."""
    return grid.paths(pattern, CELLS, study=STUDY)


def of_translators(pattern):
    """The paths of a pattern for every translator of the grid."""
    return grid.paths(pattern, TRANSLATOR_CELLS, study=STUDY)


def of_references(pattern):
    """The paths of a pattern for all images that translated ones are compared with."""
    return grid.paths(pattern, grid.references(config), study=STUDY)


def shown(path, category):
    """A result that Snakemake's report shows, with the caption of its name."""
    return report(path, caption=f"../report/{Path(path).stem}.rst", category=category)


def growing(amount):
    """A memory or time limit that a job which went over it finds raised when it is tried again."""
    return lambda wildcards, attempt: amount * attempt


def real_of(wildcards):
    """The real images of a mix, if it has any."""
    if not Mix.parse(wildcards.mix).real:
        return []
    return "results/{study}/real/n{n}/rep{replicate}/images.safetensors"


def unlabelled_seen_of(wildcards):
    """The unlabelled images, for a translator that may see them."""
    seen = n_unlabelled_seen(wildcards.translator)
    return "results/{study}/unlabelled/images.safetensors" if seen else []


def n_unlabelled_seen(translator):
    """How many unlabelled images a translator sees."""
    return UNLABELLED if UNLABELLED and translators.sees_unlabelled(translator) else 0


def n_unlabelled_seen_of(wildcards):
    """The same of the translator that is asked for."""
    return n_unlabelled_seen(wildcards.translator)


def unlabelled_of(wildcards):
    """The unlabelled images of a mix, if it learns from them."""
    pseudo = Mix.parse(wildcards.mix).pseudo
    return "results/{study}/unlabelled/images.safetensors" if pseudo else []


def teacher_of(wildcards):
    """The classifier that labels a mix's unlabelled images, if it has any."""
    mix = Mix.parse(wildcards.mix)
    folder = f"results/{{study}}/classifier/{mix.supervised.name}/n{{n}}/rep{{replicate}}"
    return f"{folder}/model.safetensors" if mix.pseudo else []


def real_shown(n):
    """Real images to show of the first replicate: the labelled ones, if there are any."""
    shown = f"real/n{n}/rep1" if n else "unlabelled"
    return f"results/{{study}}/{shown}/images.safetensors"


def real_shown_of(wildcards):
    """The same of a translator's count."""
    return real_shown(int(wildcards.n))


def synthetic_of(wildcards):
    """The synthetic images of a mix, if it has any."""
    mix = Mix.parse(wildcards.mix)
    if mix.source is None:
        return []
    if mix.translator is None:
        return "results/{study}/rendered/images.safetensors"
    return (
        f"results/{{study}}/translated/{mix.translator}/n{{n}}/rep{{replicate}}/images.safetensors"
    )


def judged_of(wildcards):
    """What the judge read in the synthetic images of a mix, if it is a control that needs it."""
    mix = Mix.parse(wildcards.mix)
    if mix.control not in JUDGED:
        return []
    return f"results/{{study}}/translated/{mix.source}/n{{n}}/rep{{replicate}}/read.safetensors"


def classifier_of(wildcards):
    """The classifier's settings, with the steps and the batch size of a mix."""
    mix, settings = Mix.parse(wildcards.mix), config["classifier"]
    batch = settings["batch_size"]
    steps = mix.steps(
        int(wildcards.n),
        config["total"],
        steps=settings["steps"],
        epochs=config["epochs"],
        batch=batch,
    )
    return settings | {"steps": steps, "batch_size": mix.batch(batch, real_share_of(wildcards))}


def real_share_of(wildcards):
    """Fraction of real images in a training batch of a mix."""
    mix, shares = Mix.parse(wildcards.mix), config["real_share"]
    share = shares.get(mix.standard.name, shares["default"])
    return mix.real_share(int(wildcards.n), config["total"], share)


def n_synthetic_of(wildcards):
    """How many synthetic images a mix holds beside its real ones."""
    return Mix.parse(wildcards.mix).n_synthetic(int(wildcards.n), config["total"])


def augmentation_of(wildcards):
    """The augmentation's settings, for the mixes that need them: no other reruns with them."""
    mix = Mix.parse(wildcards.mix)
    return config["augmentation"] if mix.augmented or mix.pseudo else None
