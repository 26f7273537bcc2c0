"""What realink uses of torch, Snakemake and fontTools that these do not promise to keep.

Each fails with what to do when an upgrade has removed it; docs/lab/reliability.md lists them.
"""

import inspect
import re
import tomllib
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["_fused_sgd_", "_fused_adam_", "_foreach_add_"])
def test_torch_has_its_fused_optimisers(name):
    assert hasattr(torch, name), (
        f"torch.{name} is gone: in training/optimisers.py take torch.optim.SGD or Adam with "
        "fused=True, whose numbers are the same; each training's start takes a second more"
    )


def test_snakemakes_scheduler_has_a_rate_limiter_that_may_be_none():
    from snakemake.scheduling.job_scheduler import JobScheduler

    source = inspect.getsource(JobScheduler)
    assert "self.job_rate_limiter is None" in source, (
        "Snakemake's scheduler has no job_rate_limiter that may be None: see whether its idle "
        "scheduler still takes processor time after some hundred jobs, and drop or move the line "
        "in onstart of workflow/rules/running.smk"
    )


def test_snakemakes_scheduler_has_a_lock_that_its_thread_cannot_take_twice():
    from snakemake.scheduling.job_scheduler import JobScheduler

    assert "self._lock = threading.Lock()" in inspect.getsource(JobScheduler), (
        "Snakemake's scheduler has another lock: see whether its handler of SIGTERM can take it "
        "in the thread that holds it, and drop or move the line in onstart of "
        "workflow/rules/running.smk"
    )


def test_snakemakes_scheduler_holds_the_slurm_executor_and_that_its_run():
    import snakemake_executor_plugin_slurm as slurm
    from snakemake.scheduling.job_scheduler import JobScheduler

    found = "self._executor =" in inspect.getsource(JobScheduler)
    assert found and "self.run_uuid =" in inspect.getsource(slurm.Executor), (  # noqa: PT018
        "the name that all SLURM jobs of a run bear is no longer scheduler._executor.run_uuid: "
        "find it, for onstart of workflow/rules/running.smk, or jobs of a killed snakemake stay"
    )


def test_snakemakes_scheduler_keeps_the_jobs_that_ended_until_it_finishes_them():
    from snakemake.scheduling.job_scheduler import JobScheduler

    source = inspect.getsource(JobScheduler)
    assert "self._tofinish.append(job)" in source and "self._tofinish.clear()" in source, (  # noqa: PT018
        "Snakemake's scheduler notes ended jobs in another way: see whether after Ctrl-C it still "
        "forgets those that ended while it waited, and drop or move the lines in `fail` of "
        "workflow/rules/running.smk"
    )
    assert list(inspect.signature(JobScheduler._finish_jobs).parameters) == ["self"]


def test_snakemake_gives_a_module_s_names_to_the_workflow_that_uses_it():
    from snakemake.modules import WorkflowModifier

    assert "workflow.globals[self.namespace] = " in inspect.getsource(WorkflowModifier.__exit__), (
        "`realink.call` and `realink.begin` of studies/talk need another way to the names of "
        "workflow/rules"
    )


def test_all_that_rules_use_of_the_scheduler_is_looked_at_here():
    rules = [*(ROOT / "workflow/rules").glob("*.smk"), *(ROOT / "studies").rglob("*.smk")]
    used = {name for path in rules for name in re.findall(r"scheduler\.(\w+)", path.read_text())}
    assert used == {"job_rate_limiter", "_lock", "_executor", "_tofinish", "_finish_jobs"}


def test_fonttools_gives_a_files_directory():
    from fontTools.ttLib import TTFont

    with TTFont(ROOT / "resources/segments/Segments.ttf", lazy=True) as font:
        entry = font.reader.tables["glyf"]
    assert {"offset", "length", "checkSum"} <= vars(entry).keys(), (
        "fontTools gives no directory of a font's tables: in images/faces.py read it by struct, "
        "or a damaged font draws other shapes unnoticed"
    )


def test_versions_are_bounded_by_what_is_private():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["workflow"]]
    for package, bound in {
        "torch": r"==[\d.]+",
        "snakemake": r">=[\d.]+,<\d+",
        "snakemake-executor-plugin-slurm": r">=[\d.]+,<\d+",
    }.items():
        assert any(re.fullmatch(package + bound, one) for one in asked), (
            f"{package} needs a version that this file was run with, and no higher major one"
        )
