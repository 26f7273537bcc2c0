"""Checks of the config, wildcards, and the only helper functions of the rules."""

import json
import math
import os
import re
import shlex
import sys
import threading
from functools import cache, partial
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

from realink import learners
from realink.errors import InputError
from realink.images.listing import RENDERED
from realink.images.names import LABELLED, TEST, TRAIN, VALIDATION
from realink.plan import doses, durations, grid, schema, sizes, sources
from realink.seeds import seed_for
from realink.running import configs, locales, orphans, outputs, provenance, slurm
from realink.plan.mixes import JUDGED
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
    locales.check()
    schema.check(config)
    sources.check(config)
    # Jobs, and the page, get all settings: those that the config does not name have defaults.
    config.update(sources.complete(config))
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
    # Another node may have another locale.
    "PYTHONUTF8=1",
]
START = f"env {' '.join(ENVIRONMENT)}"

STUDY = config["study"]
RESULTS = Path(f"results/{STUDY}")
progress.EXPECTED[STUDY] = partial(durations.of_job, config)
CELLS = grid.cells(config)
TRANSLATOR_CELLS = grid.translator_cells(config)
TEACHERS = [cell.teacher for cell in CELLS if cell.teacher]
UNLABELLED = sources.unlabelled(config)
# Where a replicate's pool, validation and test images are, and what follows from them: with
# `real: split: rotate`, each replicate has its own.
ROTATED = bool(sources.rotates(config))
OWN = f"{os.sep}rep{{replicate}}" if ROTATED else ""
SPLIT = f"results/{{study}}/real{OWN}"
JUDGE = f"results/{{study}}/judge{OWN}"
WITHOUT_LABELS = f"results/{{study}}/unlabelled{OWN}"
ALL_LABELLED = "results/{study}/real/all.safetensors"
# All images that any classifier is tested on, in the order of predictions.safetensors.
TESTED = ALL_LABELLED if ROTATED else f"{SPLIT}/test.safetensors"
# All labelled images but those that nothing but tests may see, by their split in real/images.csv.
KNOWN = (
    {LABELLED: ALL_LABELLED}
    if ROTATED
    else {TRAIN: f"{SPLIT}/pool.safetensors", VALIDATION: f"{SPLIT}/validation.safetensors"}
)
# What commands are told that speak of them.
UNLABELLED_THERE = {"unlabelled": UNLABELLED} if UNLABELLED else {}
# What trains or reads images takes a GPU if the study says so; all else takes seconds. On a cluster
# that is a `localrule`, run where Snakemake runs: submitting it would cost more than it does, and
# `prepare_real` may need the network, which compute nodes need not have.
GPU = int(config["device"] == "cuda")
# Megabytes of such a job, which took up to 1,100 by measure, and up to 1,800 on a GPU.
MEMORY = 2500 if GPU else 1500


wildcard_constraints:
    study=re.escape(STUDY),
    mix="|".join(map(re.escape, [*grid.mixes(config), *TEACHERS, "rendered"])),
    translator="|".join(map(re.escape, config["translators"])) or "none",
    learner="|".join(map(re.escape, config["learners"])),
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
        chosen = {name: wildcards.get(name) for name in ("translator", "learner") if name in asked}
        # Of a command that may load any of several.
        every = {name: settings.get(f"every_{name}") for name in ("translator", "learner")}
        chosen |= {name: tuple(names) for name, names in every.items() if names}
        return code_hash(command, package, **chosen)

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


def of_each(path):
    """What is of each replicate, of all of them; what is of all, once."""
    replicates = range(1, config["replicates"] + 1)
    return list(dict.fromkeys(path.replace("{replicate}", str(n)) for n in replicates))


def of_first(path):
    """What is of each replicate, of the first; what is of all stays."""
    return path.replace("{replicate}", "1")


def seed_of_judge(wildcards):
    """The root of a judge's random streams: where each replicate has one, they differ."""
    return seed_for(config["seed"], "judge", wildcards.replicate) if ROTATED else config["seed"]


def growing(amount):
    """A memory or time limit that a job which went over it finds raised when it is tried again."""
    return lambda wildcards, attempt: amount * attempt


def unlabelled_seen_of(wildcards):
    """The unlabelled images, for a translator that may see them."""
    seen = n_unlabelled_seen(wildcards.translator)
    return f"{WITHOUT_LABELS}/images.safetensors" if seen else []


def n_unlabelled_seen(translator):
    """How many unlabelled images a translator sees."""
    return UNLABELLED if UNLABELLED and translators.sees_unlabelled(translator) else 0


def n_unlabelled_seen_of(wildcards):
    """The same of the translator that is asked for."""
    return n_unlabelled_seen(wildcards.translator)


def real_shown(n):
    """Real images to show of the first replicate: the labelled ones, if there are any."""
    shown = f"results/{{study}}/real/n{n}/rep1" if n else of_first(WITHOUT_LABELS)
    return f"{shown}/images.safetensors"


def real_shown_of(wildcards):
    """The same of a translator's count."""
    return real_shown(int(wildcards.n))
