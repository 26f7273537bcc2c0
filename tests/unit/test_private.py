"""What realink uses of torch, Snakemake and fontTools that these do not promise to keep.

Each fails with what to do when an upgrade has removed it; docs/reliability.md lists them.
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
        "in onstart of workflow/rules/common.smk"
    )


def test_snakemakes_scheduler_has_a_lock_that_its_thread_cannot_take_twice():
    from snakemake.scheduling.job_scheduler import JobScheduler

    assert "self._lock = threading.Lock()" in inspect.getsource(JobScheduler), (
        "Snakemake's scheduler has another lock: see whether its handler of SIGTERM can take it "
        "in the thread that holds it, and drop or move the line in onstart of "
        "workflow/rules/common.smk"
    )


def test_snakemakes_scheduler_holds_the_slurm_executor_and_that_its_run():
    import snakemake_executor_plugin_slurm as slurm
    from snakemake.scheduling.job_scheduler import JobScheduler

    found = "self._executor =" in inspect.getsource(JobScheduler)
    assert found and "self.run_uuid =" in inspect.getsource(slurm.Executor), (  # noqa: PT018
        "the name that all SLURM jobs of a run bear is no longer scheduler._executor.run_uuid: "
        "find it, for onstart of workflow/rules/common.smk, or jobs of a killed snakemake stay"
    )


def test_snakemake_says_where_in_a_config_an_error_is(tmp_path):
    from snakemake.exceptions import WorkflowError
    from snakemake.utils import validate

    schema = tmp_path / "schema.yaml"
    schema.write_text(
        '$schema: "https://json-schema.org/draft/2020-12/schema"\n'
        "properties: {a: {properties: {b: {type: integer}}}}\n"
    )
    with pytest.raises(WorkflowError) as refused:
        validate({"a": {"b": "x"}}, str(schema))
    assert re.search(r"\n\n(.|\n)*On instance\['a'\]\['b'\]", str(refused.value)), (
        "Snakemake words a config's errors in another way: adapt how workflow/rules/common.smk "
        "shortens them, or they have hundreds of lines"
    )


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
