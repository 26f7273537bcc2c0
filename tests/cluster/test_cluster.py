"""The small study on a SLURM of four nodes, undisturbed and through faults: the same bytes."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import HANGS
from tests.workflow.conftest import ROOT, Project, interrupted

pytestmark = pytest.mark.cluster
SCRIPT = Path(__file__).parent / "slurm.sh"
# The queue is asked more often than a real cluster would like.
ARGUMENTS = [
    "--workflow-profile=profiles/slurm",
    "--slurm-init-seconds-before-status-checks=3",
    "--max-status-checks-per-second=1",
    "--latency-wait=5",
]


class Frozen(NamedTuple):
    axes: str
    pid: int
    job: str


class Cluster:
    def __init__(self, root: str) -> None:
        self.root = root
        self.environment = {
            "SLURM_CONF": f"{root}/slurm.conf",
            "PATH": f"{ROOT}/profiles/slurm/no_accounting:{os.environ['PATH']}",
        }
        self.started: list[subprocess.Popen] = []

    def do(self, action: str, *arguments: str) -> None:
        subprocess.run([SCRIPT, action, self.root, *arguments], check=True, timeout=HANGS)

    def ask(self, *command: str) -> list[str]:
        environment = os.environ | self.environment
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return done.stdout.split()

    def start(
        self, project: Project, *arguments: str, target: str = "all_classifiers"
    ) -> subprocess.Popen:
        run = project.start(target, *ARGUMENTS, *arguments, **self.environment)
        self.started.append(run)
        return run

    def run(self, project: Project, *arguments: str, **options: str) -> subprocess.CompletedProcess:
        return project.run(*arguments, *ARGUMENTS, **options, **self.environment)


@pytest.fixture(scope="module")
def cluster():
    # Not pytest's folder: paths of Unix sockets must be short.
    with tempfile.TemporaryDirectory(prefix="slurm-") as root:
        cluster = Cluster(root)
        try:
            cluster.do("start")
            yield cluster
        finally:
            for run in cluster.started:  # of a test that failed; it would wait for ever
                run.kill()
            cluster.do("stop")


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> Project:
    """Part of the small study, run to its end without SLURM; its trainings take some seconds."""
    project = Project.create(tmp_path_factory.mktemp("local"))
    project.edit("small.yaml", "[20, 100, 200]", "[20, 200]")
    mixes = (project.root / "small.yaml").read_text().partition("mixes: ")[2].partition("\n")[0]
    project.edit("small.yaml", mixes, "[real, warp]")
    project.edit("small.yaml", "steps: 40", "steps: 150")
    project.edit("small.yaml", "steps: 3\n", "steps: 200\n")  # the warp's
    done = project.run("--cores", "2")
    assert done.returncode == 0, done.stdout
    return project


@pytest.fixture
def project(local, tmp_path) -> Project:
    """A copy of the study that lacks its classifiers."""
    project = local.copy(tmp_path)
    for folder in ("classifier", "logs/train_classifier"):
        shutil.rmtree(project.results / folder)
    return project


def wait_for(what, run: subprocess.Popen, seconds: int = HANGS):
    """Ask again and again until the answer is true; give it."""
    limit = time.monotonic() + seconds
    while not (answer := what()):
        assert run.poll() is None, run.communicate()[0]
        assert time.monotonic() < limit
        time.sleep(0.1)
    return answer


def frozen(project: Project, run: subprocess.Popen, n: int, kind: str = "classifier") -> Frozen:
    """A network in the middle of its training, which goes no further from there."""

    def find():
        made = {"classifier": "classifier/small", "translator": "translator"}[kind]
        for log in project.results.glob(f"logs/train_{made}/*/n{n}/rep1.log"):
            if "step " not in log.read_text():
                continue
            cell = f"{made}/{log.parts[-3]}/n{n}/rep1"
            for entry in filter(str.isdigit, os.listdir("/proc")):
                try:
                    arguments = Path(f"/proc/{entry}/cmdline").read_text().split("\0")
                    inside = Path(f"/proc/{entry}/cwd").readlink() == project.root
                    slurm = Path(f"/proc/{entry}/environ").read_bytes()
                except OSError:
                    continue
                if inside and arguments[-2].endswith(f"/{cell}/metrics.json"):
                    os.kill(int(entry), signal.SIGSTOP)
                    job = re.search(rb"SLURM_JOB_ID=(\d+)", slurm)[1].decode()
                    name = {"classifier": "learner=small mix", "translator": "translator"}[kind]
                    return Frozen(f"{name}={log.parts[-3]} n={n} replicate=1", int(entry), job)
        return None

    return wait_for(find, run)


def written(project: Project) -> dict[str, bytes]:
    """All numbers, less the hidden file that a job killed while it writes leaves behind."""
    numbers = project.numbers().items()
    return {name: content for name, content in numbers if not Path(name).name.startswith(".")}


def test_same_numbers_as_on_one_machine(cluster, local, tmp_path):
    project = Project.create(tmp_path)
    (project.root / "small.yaml").write_text((local.root / "small.yaml").read_text())
    done = cluster.run(project)
    assert done.returncode == 0, done.stdout
    assert project.numbers() == local.numbers()
    assert project.planned() == {}
    assert not (project.results / "logs/slurm_run").exists()


def test_snakemake_killed_and_started_again_while_its_jobs_run(cluster, local, project):
    run = cluster.start(project)
    frozen(project, run, 20)  # so that it still runs, however long the next start takes
    orphans = cluster.ask("squeue", "-h", "-o", "%i")
    run.kill()
    run.communicate()
    again = cluster.run(project, "all_classifiers")
    assert again.returncode != 0
    assert "--unlock" in again.stdout
    assert set(cluster.ask("squeue", "-h", "-o", "%i")) <= set(orphans)
    assert cluster.run(project, "--unlock").returncode == 0
    done = cluster.run(project, "all_classifiers")
    assert done.returncode == 0, done.stdout
    cancelled = re.search(r"that snakemake left: (.+)", done.stdout)[1].split()
    ended = cluster.ask("squeue", "-h", "-t", "all", "-o", "%T", "-j", ",".join(cancelled))
    assert set(ended) == {"CANCELLED"}
    assert written(project) == local.numbers()


def test_failed_jobs_are_named_and_all_else_is_kept(cluster, local, project):
    run = cluster.start(project, "--retries=0", "--set-resources", "train_classifier:runtime=1")
    killed, cancelled, slow = (frozen(project, run, n) for n in (20, 200, 180))
    os.kill(killed.pid, signal.SIGKILL)
    cluster.ask("scancel", cancelled.job)
    output, _ = run.communicate(timeout=HANGS)
    assert run.returncode != 0
    for job, reason in (
        (killed, "killed by signal 9"),
        (cancelled, "CANCELLED"),
        (slow, "DUE TO TIME LIMIT"),
    ):
        assert re.search(rf"FAILED  train_classifier {job.axes} .*{reason}", output), output
        assert re.search(rf"^    train_classifier {job.axes}: .*{reason}", output, re.MULTILINE)
    assert "3 of 5 jobs failed" in output
    # What is there is whole, and what was finished before is there.
    now, whole = written(project), local.numbers()
    assert now == {name: whole[name] for name in now}
    assert all(name.startswith("classifier/") for name in whole.keys() - now.keys())
    done = cluster.run(project, "all_classifiers")
    assert done.returncode == 0, done.stdout
    assert written(project) == local.numbers()


def test_a_dead_node_and_a_cancelled_job_heal_by_themselves(cluster, local, project):
    run = cluster.start(project)
    cancelled, on_node = (frozen(project, run, n) for n in (20, 200))
    (node,) = cluster.ask("squeue", "-h", "-o", "%N", "-j", on_node.job)
    cluster.do("crash", node)
    cluster.ask("scancel", cancelled.job)
    output, _ = run.communicate(timeout=HANGS)
    cluster.do("start")
    assert run.returncode == 0, output
    assert f"again   train_classifier {cancelled.axes}" in output
    assert "jobs failed" not in output
    assert written(project) == local.numbers()


def test_a_requeued_training_goes_on_where_it_was(cluster, local, project):
    project.edit("workflow/realink/store/states.py", "EVERY = 30", "EVERY = 0")
    translator = project.results / "translator/warp/n20/rep1"
    outputs = [translator / name for name in ("model.safetensors", "history.csv")]
    whole = [path.read_bytes() for path in outputs]
    run = cluster.start(project, target=f"{translator.relative_to(project.root)}/metrics.json")
    training = frozen(project, run, 20, "translator")
    cluster.ask("scontrol", "requeue", training.job)
    output, _ = run.communicate(timeout=HANGS)
    assert run.returncode == 0, output
    assert "again" not in output  # it is SLURM that starts it again
    log = (project.results / "logs/train_translator/warp/n20/rep1.log").read_text()
    assert re.match(r"resumed at step \d+\n", log), log
    assert [
        (translator / name).read_bytes() for name in ("model.safetensors", "history.csv")
    ] == whole
    assert not list(project.results.glob("states/*/*/*"))


def test_a_job_over_its_memory_is_tried_again_with_more(cluster, local, project):
    project.edit("workflow/rules/classifier.smk", "mem_mb=classifier_memory", "mem_mb=growing(450)")
    done = cluster.run(project, "all_classifiers")
    assert done.returncode == 0, done.stdout
    assert re.search(r"FAILED  train_classifier .*exceeded memory limit", done.stdout), done.stdout
    assert "again   train_classifier" in done.stdout
    assert written(project) == local.numbers()


def test_after_ctrl_c_nothing_runs_and_the_next_call_goes_on(cluster, local, project):
    run = cluster.start(project)
    training = frozen(project, run, 20)
    output = interrupted(run)
    assert run.returncode != 0
    (state,) = cluster.ask("squeue", "-h", "-t", "all", "-o", "%T", "-j", training.job)
    assert state == "CANCELLED", output
    assert not (project.results / "logs/slurm_run").exists()
    done = cluster.run(project, "all_classifiers")
    assert done.returncode == 0, done.stdout
    assert written(project) == local.numbers()


def test_the_controller_may_be_away(cluster, local, project):
    run = cluster.start(project)
    training = frozen(project, run, 20)
    cluster.do("away")
    # This training ends while nobody listens, and what follows it in its SLURM job cannot start.
    os.kill(training.pid, signal.SIGCONT)
    time.sleep(60)
    cluster.do("start")
    output, _ = run.communicate(timeout=HANGS)
    assert run.returncode == 0, output
    assert "jobs failed" not in output
    assert project.numbers() == local.numbers()


def test_with_cuda_a_job_asks_for_one_gpu(cluster, project):
    run = cluster.start(project, "--retries=0", "--config", "device=cuda")
    jobs = wait_for(lambda: cluster.ask("squeue", "-h", "-t", "R", "-O", "tres-per-job:30"), run)
    output, _ = run.communicate(timeout=HANGS)
    assert all(job == "gres:gpu:1" for job in jobs), jobs
    assert "FAILED  train_classifier" in output  # since there is no CUDA behind it
