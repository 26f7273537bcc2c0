"""The real workflow: complete, incremental, reproducible, and clear when it fails."""

import html
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from realink.store.files import read_images
from tests import HANGS, learner_template

from .conftest import ROOT, Project

# What follows whenever a number has changed.
ANSWER = {
    "collect": 1,
    "analyse": 1,
    "plot_error": 1,
    "plot_rendered_error": 1,
    "plot_gain": 1,
    "plot_triptych": 1,
    "plot_examples": 1,
    "explain_harm": 1,
    "plot_harm": 1,
    "measure_trust": 1,
    "measure_unknown": 1,
    "train_final": 1,
    "report": 1,
    "export_classifier": 1,
}


def test_every_target_is_there(finished):
    metrics = pd.read_csv(finished.results / "metrics.csv")
    assert list(metrics.columns[:10]) == [
        "study", "learner", "mix", "n_real", "n_synthetic", "replicate", "synthetic", "augmented",
        "test_error", "n_test",
    ]  # fmt: skip
    assert {"train_steps", "train_seconds", "device", "code"} <= set(metrics)
    cells = metrics.groupby("mix")["n_real"].apply(sorted).to_dict()
    assert cells == {
        "cyclegan": [20, 100],
        "real": [20, 100, 200],
        "real-aug": [20, 100, 200],
        "real-cyclegan": [20, 100],
        "real-rendered": [20, 100],
        "real-warp": [20, 100],
        "real-warp-aug": [20, 100],
        "rendered": [20, 100, 180],
        "warp": [20, 100],
    }
    assert set(metrics["mix"][metrics["augmented"]]) == {"real-aug", "real-warp-aug"}
    shares = metrics[metrics["n_real"] == 20].set_index("mix")["real_share"].to_dict()
    assert shares["real-warp"] == shares["real-rendered"] == 0.5
    assert (shares["real"], shares["warp"]) == (1, 0)
    assert metrics["test_error"].between(0, 1).all()
    assert (metrics["n_test"] == 1000).all()
    assert set(metrics["train_steps"]) == {40}
    translators = pd.read_csv(finished.results / "translators.csv")
    assert translators["translator"].tolist() == ["cyclegan", "cyclegan", "warp", "warp"]
    assert translators["n_real"].tolist() == [20, 100, 20, 100]
    assert translators["label_retention"].between(0, 1).all()
    for figure in ("error", "rendered_error", "rendered", "translations/cyclegan/n20"):
        for suffix in ("svg", "png"):
            assert (finished.results / f"figures/{figure}.{suffix}").stat().st_size > 5_000
    gap = pd.read_csv(finished.results / "gap.csv")
    assert gap["images"].tolist() == ["cyclegan", "cyclegan", "real", "rendered", "warp", "warp"]
    assert translators["detected"].between(0, 1).all()
    for table in ("summary", "comparisons", "break_even", "worth", "classes"):
        assert len(pd.read_csv(finished.results / f"answer/{table}.csv")) > 1
    # Of one replicate no curve is carried on.
    assert (finished.results / "answer/more_labels.csv").read_text().startswith("mix,error,n_real,")
    harm = pd.read_csv(finished.results / "answer/harm.csv", dtype={"label": str})
    compared = harm.groupby("n_real")["label"].apply("".join)
    # Where real images alone are advised, there is nothing to do instead.
    assert set(compared) == {"0123456789"}
    assert set(compared.index) <= {20, 100, 200}
    assert (finished.results / "figures/hurts.png").exists()
    for figure in ("triptych", "examples"):
        assert (finished.results / f"figures/{figure}.png").stat().st_size > 5_000
    training = pd.read_csv(finished.results / "training.csv")
    assert set(training["translator"]) == {"cyclegan", "warp"}
    assert set(training["n_real"]) == {20, 100}
    domains = pd.read_csv(finished.results / "map.csv")
    assert set(domains["images"]) == {"real", "rendered", "cyclegan", "warp"}
    history = pd.read_csv(finished.results / "translator/cyclegan/n20/rep1/history.csv")
    assert history["step"].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("translator", ["cyclegan", "warp"])
def test_the_translated_set_is_the_whole_rendered_one_with_its_labels(finished, translator):
    rendered = read_images(finished.results / "rendered/images.safetensors")
    path = f"translated/{translator}/n20/rep1/images.safetensors"
    translated = read_images(finished.results / path)
    assert (translated.labels == rendered.labels).all()
    assert translated.classes == rendered.classes == tuple("0123456789")
    # No translation is the rendered image itself, or blank.
    assert (translated.images != rendered.images).any(axis=(1, 2)).all()
    assert (translated.images.std(axis=(1, 2)) > 0).all()


def test_a_classifier_and_pictures_to_use_elsewhere(project):
    # More than the study's largest count.
    assert "| 4,000 real images" in (project.results / "final/README.md").read_text()
    folder = "results/small/export/warp/n20/rep1"
    done = project.run("--cores", "2", folder)
    assert done.returncode == 0, done.stdout
    rendered = read_images(project.results / "rendered/images.safetensors")
    files = sorted((project.root / folder).glob("*/*.png"), key=lambda path: path.name)
    assert [path.parent.name for path in files] == rendered.labels.astype(str).tolist()
    read = subprocess.run(
        [sys.executable, "-m", "realink", "classify", "results/small/final", folder],
        cwd=project.root,
        env=os.environ | {"PYTHONPATH": "workflow"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert read.returncode == 0, read.stderr
    table = pd.read_csv(io.StringIO(read.stdout), dtype={"class": str})
    assert len(table) == 200
    assert set(table["class"]) <= set(rendered.classes)
    assert table["probability"].between(0.1, 1).all()
    assert project.planned() == {}


def test_nothing_is_left_to_do(project):
    assert project.planned() == {}


def test_touching_files_reruns_nothing(project):
    time.sleep(0.01)
    for path in (
        *project.root.glob("workflow/realink/**/*.py"),
        project.root / "resources/fonts/few.txt",
        project.results / "rendered/images.safetensors",
        project.results / "real/pool.safetensors",
    ):
        path.touch()
    assert project.planned() == {}


def test_another_replicate_only_adds_jobs(project):
    assert (
        project.planned(config="replicates=2")
        == {
            "draw_real": 3,
            "train_translator": 4,
            "translate": 4,
            "judge": 4,
            "measure_gap": 4,
            "measure_gap_reference": 2,
            "train_classifier": 21,
        }
        | ANSWER
    )


def test_commands_do_not_grow_with_the_grid(tmp_path):
    project = Project.create(tmp_path)
    target = "results/small/metrics.csv"
    done = project.run("-n", "-p", "--cores", "2", target, config="replicates=10")
    assert done.returncode == 0, done.stdout
    assert re.search(r"^train_classifier +210$", done.stdout, re.MULTILINE)
    # With -p, a dry run lists all jobs.
    assert len(re.findall(r"^rule train_classifier:$", done.stdout, re.MULTILINE)) == 210
    collect = done.stdout.partition("python -m realink collect")[2].partition(">results")[0]
    assert "--classifier" in collect
    # Linux runs no shell command of 131,072 bytes; the paths of these cells have 30,000.
    assert len(collect) < 5_000


def test_a_dry_run_of_the_full_grid_says_its_time(tmp_path):
    project = Project.create(tmp_path, ("config/config.yaml",))
    done = project.run("--dry-run", "--cores", "2")
    assert done.returncode == 0, done.stdout
    assert "Time: about 2 h " in done.stdout


def test_a_page_is_made_of_all_its_templates(tmp_path):
    """Its look and its script are some, too: who edits them wants another page."""
    project = Project.create(tmp_path)
    done = project.run("--dry-run", "-p", "--cores", "1", "results/small/report.html")
    assert done.returncode == 0, done.stdout
    (needed,) = re.findall(r"^rule report:\n    input: (.*)$", done.stdout, re.MULTILINE)
    for path in project.root.glob("workflow/realink/page/templates/*.jinja"):
        # Of a model's card a page holds nothing.
        assert (str(path.relative_to(project.root)) in needed) == (path.name != "card.md.jinja")


def test_another_count_only_adds_jobs(project):
    project.edit("small.yaml", "counts: [20, 100", "counts: [20, 50, 100")
    assert (
        project.planned()
        == {
            "draw_real": 1,
            "train_translator": 2,
            "translate": 2,
            "judge": 2,
            "measure_gap": 2,
            "train_classifier": 9,
            "plot_translations": 2,
            "collect_training": 1,
        }
        | ANSWER
    )


AFTER_TRANSLATORS = {
    "train_translator": 2,
    "translate": 2,
    "judge": 2,
    "measure_gap": 2,
    "train_classifier": 4,  # the mixes with translated images, not the others
    "plot_translations": 2,
    "collect_training": 1,
    "map_domains": 1,
} | ANSWER


def test_a_translators_setting_reruns_it_and_what_follows(project):
    project.edit("small.yaml", "steps: 4", "steps: 5")
    assert project.planned() == AFTER_TRANSLATORS


def test_augmentation_reruns_the_mixes_that_have_it_and_what_the_judge_says(project):
    project.edit("config/config.yaml", "elastic: 0.8", "elastic: 0.7")
    why = "\n    their settings have changed: 5 train_classifier, 1 cross_fit, 1 train_judge\n"
    judged = {"cross_fit": 1, "doubt_labels": 1} | {
        "train_judge": 1,
        "judge": 4,
        "measure_gap": 4,
        "measure_gap_reference": 2,
    }
    sheets = {"plot_translations": 4, "map_domains": 1}
    assert project.planned(why=why) == {"train_classifier": 5} | judged | sheets | ANSWER


def test_the_share_of_real_images_is_a_setting_of_a_mix(project):
    project.edit("config/config.yaml", "default: 0.5", "default: 0.5\n  real-warp: concatenate")
    # Real images are half of them already at N = 100: nothing changes there.
    assert project.planned()["train_classifier"] == 2


def test_a_translators_code_reruns_it_and_what_follows(project):
    project.edit(
        "workflow/realink/translation/translators/cyclegan/model.py",
        "import torch\n",
        "import torch\nimport time\n",
    )
    why = "\n    their code has changed: 2 train_translator\n"
    assert project.planned(why=why) == AFTER_TRANSLATORS


def test_a_stages_code_reruns_that_stage_and_what_follows(project):
    project.edit(
        "workflow/realink/page/figures.py", "import matplotlib\n", "import matplotlib, time\n"
    )
    figures = {"plot_error": 1, "plot_rendered_error": 1, "plot_gain": 1}
    sheets = {"plot_rendered": 1, "plot_translations": 4, "plot_triptych": 1, "plot_examples": 1}
    assert project.planned() == figures | sheets | {"plot_harm": 1, "report": 1}


def test_a_translator_is_one_package(project):
    """The template of docs/extending.md, as it stands there."""
    page = (ROOT / "docs/extending.md").read_text().partition("## A translator")[2]
    tone = project.root / "workflow/realink/translation/translators/tone"
    tone.mkdir()
    template = re.findall("```python\n(.*?)```", page, re.DOTALL)[:2]
    for name, text in zip(("__init__", "model"), template, strict=True):
        (tone / f"{name}.py").write_text(text)
    project.edit("small.yaml", "real-cyclegan,", "real-cyclegan, real-tone,")
    assert (
        project.planned()
        == {
            "train_translator": 2,
            "translate": 2,
            "judge": 2,
            "measure_gap": 2,
            "train_classifier": 2,
            "plot_translations": 2,
            "collect_training": 1,
            "map_domains": 1,
        }
        | ANSWER
    )
    target = "results/small/translated/tone/n20/rep1/retention.json"
    done = project.run("--cores", "2", target)
    assert done.returncode == 0, done.stdout
    assert (project.root / target).is_file()
    project.edit("small.yaml", "translators:", "translators:\n  tone: {contrast_weight: -1}")
    done = project.run("--dry-run", target)
    assert "`translators: tone:`: contrast_weight: -1 is not at least 0" in done.stdout
    project.edit("small.yaml", "  tone: {contrast_weight: -1}\n", "")
    # A default is a setting: it reruns its translator, and what follows.
    project.edit(tone / "__init__.py", "setting(300", "setting(301")
    done = project.run("--dry-run", "--cores", "2", target)
    assert "train_translator" in done.stdout


def test_a_learner_is_one_package(tmp_path):
    """The template of docs/extending.md, as it stands there; nothing else knows of it."""
    project = Project.create(tmp_path)
    own = project.root / "workflow/realink/learners" / learner_template.NAME
    own.mkdir()
    for name, text in learner_template.files().items():
        (own / name).write_text(text)
    project.edit("small.yaml", "  small:\n", "  pixels: {steps: 0}\n  small:\n")
    both = f"learners=[small,{learner_template.NAME}]"
    done = project.run("--dry-run", config=both)
    assert "`learner_settings: pixels:`: steps: 0 is not at least 1" in done.stdout
    project.edit("small.yaml", "  pixels: {steps: 0}\n", "")
    one, two = (project.planned(config=config) for config in ("learners=[small]", both))
    for rule in ("train_classifier", "cross_fit"):
        assert two.pop(rule) == 2 * one.pop(rule)
    assert two == one


@pytest.mark.parametrize(
    ("mixes", "said"),
    [
        ("rendered,warp,real-warp", "no baseline: without the mix real"),
        ("rendered,real,real-rendered", "no translator: nothing says whether translation helps"),
    ],
)
def test_a_study_that_cannot_tell_says_so(project, mixes, said):
    done = project.run_in_forks("--cores", "2", config=f"mixes=[{mixes}]")
    assert done.returncode == 0, done.stdout
    answer = json.loads((project.results / "answer/answer.json").read_text())
    assert any(note.startswith(said) for note in answer["notes"])
    (sentence,) = [sentence for sentence in answer["sentences"] if "cannot say" in sentence]
    page = (project.results / "report.html").read_text()
    assert sentence in html.unescape(page)


def test_an_own_font_joins(project):
    other = project.root / "resources/fonts/other.ttf"
    other.write_bytes(os.urandom(2000))
    assert project.planned()["catalogue_fonts"] == 1
    done = project.run("--cores", "2", "results/small/rendered/faces.csv")
    assert done.returncode == 0, done.stdout
    faces = pd.read_csv(project.results / "rendered/faces.csv").set_index("file")
    broken = faces[faces.index.str.endswith("other.ttf")]
    assert broken["accepted"].tolist() == [False]
    assert "unreadable font file" in broken["reason"].item()
    assert faces["accepted"].sum() > 3


# Instead of realink's commands: note when each was on the GPU, and leave empty outputs.
PRETEND = """
import sys, time
from pathlib import Path
values = dict(word.partition("=")[::2] for word in sys.argv[2:])
started = time.time()
if values.get("--device") == "cuda":
    time.sleep(0.5)
    Path("on_gpu").mkdir(exist_ok=True)
    Path(f"on_gpu/{started}").write_text(f"{time.time()}")
made = {"prepare-real": ("pool", "validation", "test"), "draw-real": ["output"]}
for name in made.get(sys.argv[1], ("checkpoint", "scores", "metrics")):
    Path(values[f"--{name}"]).touch()
"""


def test_few_jobs_share_a_gpu(tmp_path):
    project = Project.create(tmp_path)
    (project.root / "workflow/realink/__main__.py").write_text(PRETEND)
    project.edit("profiles/default/config.yaml", "gpu: 8", "gpu: 3")
    config = "mixes=[real] rendered_counts=[] replicates=4 device=cuda"
    done = project.run("--cores", "8", "all_classifiers", config=config)
    assert done.returncode == 0, done.stdout
    notes = (project.root / "on_gpu").iterdir()
    spans = [(float(note.name), float(note.read_text())) for note in notes]
    assert len(spans) == 12
    at_once = [sum(start <= now < end for start, end in spans) for now, _ in spans]
    assert 1 < max(at_once) <= 3


def test_the_scheduler_is_not_woken_every_second(tmp_path):
    """Its timers, of which each job adds one, belong to a limit that is off: it would show here."""
    project = Project.create(tmp_path)
    (project.root / "workflow/realink/__main__.py").write_text(PRETEND)
    limit = "--max-jobs-per-timespan", "1/1h"
    config = "mixes=[real] rendered_counts=[]"
    done = project.run("--cores", "8", *limit, "all_classifiers", config=config)
    assert done.returncode == 0, done.stdout


def test_a_sigterm_that_comes_while_a_job_is_chosen_ends_the_run(tmp_path):
    """Jobs are chosen with the scheduler's lock held, which the signal's handler takes, too."""
    project = Project.create(tmp_path)
    project.edit(
        "workflow/rules/running.smk",
        "    try:\n        slurm.take_over(SLURM_RUN, getattr",
        "    with workflow.scheduler._lock:\n"
        "        os.kill(os.getpid(), 15)\n"
        "    try:\n        slurm.take_over(SLURM_RUN, getattr",
    )
    run = project.start("--cores", "1")
    try:
        said = run.communicate(timeout=HANGS)[0]
    finally:
        run.kill()
    assert run.returncode == 1
    assert "  done    " not in said


def _running_in(root, command):
    """Process ids of a realink command that was started in `root`."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            arguments = Path(f"/proc/{entry}/cmdline").read_text().split("\0")
            inside = Path(f"/proc/{entry}/cwd").readlink() == root
        except OSError:
            continue
        if inside and arguments[1:4] == ["-m", "realink", command]:
            found.append(int(entry))
    return found


def test_same_bytes_on_one_core_and_after_a_killed_job(finished, tmp_path):
    project = Project.create(tmp_path)
    run = subprocess.Popen(
        project.command("--cores", "1"),
        cwd=project.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    limit = time.monotonic() + HANGS
    while not (jobs := _running_in(project.root, "train-translator")):
        assert run.poll() is None
        assert time.monotonic() < limit
        time.sleep(0.05)
    os.kill(jobs[0], signal.SIGKILL)
    output, _ = run.communicate(timeout=HANGS)
    assert run.returncode != 0
    assert "FAILED  train_translator" in output
    done = project.run_in_forks("--cores", "1")
    assert done.returncode == 0, done.stdout
    assert project.numbers() == finished.numbers()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("study: small", "study: small\ncolour: red", "colour"),
        ("steps: 40", "step: 40", "step"),
        ("[20, 100, 200]", "[20, 4001]", "4001 real images asked for, but the source 'embedded'"),
        ("real-cyclegan,", "real-warp9,", "needs the translator 'warp9'"),
    ],
)
def test_a_wrong_config_stops_before_any_job(project, old, new, message):
    before = project.numbers()
    project.edit("small.yaml", old, new)
    done = project.run("--cores", "2")
    assert done.returncode != 0
    assert message in done.stdout
    assert "Traceback" not in done.stdout
    assert "start  " not in done.stdout
    assert project.numbers() == before


def test_a_broken_mnist_file_stops_with_its_name_on_the_screen(project, tmp_path_factory):
    directory = tmp_path_factory.mktemp("mnist")
    (directory / "train-images-idx3-ubyte.gz").write_bytes(b"\x1f\x8b\x08\x00 cut off")
    project.edit("small.yaml", "study: small", "study: real-small")
    project.edit("small.yaml", "source: embedded", "source: mnist")
    done = project.run("--cores", "2", REALINK_MNIST=str(directory))
    assert done.returncode != 0
    assert "FAILED  prepare_real" in done.stdout
    assert f"error: {directory}/train-images-idx3-ubyte.gz: broken or truncated" in done.stdout
    # What did not need the real images was finished all the same.
    assert (project.root / "results/real-small/rendered/images.safetensors").is_file()
    assert not list((project.root / "results/real-small/real").glob("*"))


def test_the_report_shows_figures_with_captions(project):
    done = project.run("--report", "report.html")
    assert done.returncode == 0, done.stdout
    page = (project.root / "report.html").read_text()
    for word in (
        "error.svg",
        "translations/cyclegan/n20.svg",
        "Below the black line",
        "worth.csv",
    ):
        assert word in page


def test_progress_says_what_runs_how_far_and_how_long_still(project):
    project.edit("small.yaml", "steps: 40", "steps: 41")
    few = "mixes=[real] rendered_counts=[]"
    done = project.run("--cores", "2", "all_classifiers", config=few)
    assert done.returncode == 0, done.stdout
    lines = [line for line in done.stdout.splitlines() if line.startswith("[")]
    assert any(
        "start   train_classifier learner=small mix=real n=20 replicate=1" in line for line in lines
    )
    assert any(" s left]  done    train_classifier" in line for line in lines)
    assert lines[-1].startswith("[4/4 ")
