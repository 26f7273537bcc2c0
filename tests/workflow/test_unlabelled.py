"""A study with unlabelled images: what is hidden stays hidden, and the page says what there is."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from realink.seeds import seed_for
from realink.store.files import read_images, write_images

from .conftest import Project

TRAINED = {"train_classifier", "train_translator", "translate"}
DRAWN = {"draw_real", "draw_unlabelled"}


CONFIGS = "small.yaml", "unlabelled.yaml"


@pytest.fixture(scope="module")
def unlabelled(ran) -> Project:
    """The small study with unlabelled images. Read it; copy it to change it."""
    return ran("unlabelled", CONFIGS)


def test_it_starts_without_any_label(unlabelled, tmp_path):
    metrics = pd.read_csv(unlabelled.results / "metrics.csv")
    cells = set(metrics[["mix", "n_real"]].itertuples(index=False, name=None))
    with_labels, without = "real-aug real-pseudo-aug real-randomised-pseudo-aug", "rendered-aug "
    without += "rendered-pseudo-aug randomised-aug rendered-pseudo-aug-50unlabelled"
    assert cells == {
        *((mix, 20) for mix in with_labels.split()), *((mix, 0) for mix in without.split()),
    }  # fmt: skip
    # A teacher that no mix of the study is, has no row, but is there.
    teacher = unlabelled.results / "classifier/small/real-randomised-aug/n20/rep1/model.safetensors"
    assert teacher.is_file()
    right = pd.read_csv(unlabelled.results / "answer/pseudo_labels.csv")
    assert set(right["mix"]) == {name for name, _ in cells if "-pseudo" in name}
    sums = right.groupby(["mix", "round"])[["there", "taken"]].sum()
    # Of 300, but for those of the 20 labelled ones that are among them.
    few = sums.index.get_level_values("mix").str.endswith("-50unlabelled")
    assert (sums["there"][few] == 50).all()
    assert sums["there"][~few].between(280, 300).all()
    assert (sums["taken"] < sums["there"]).all()
    page = (unlabelled.results / "report.html").read_text()
    assert "With no labels and a pool of 300 real images:" in page
    assert "How many labelled images have you?" in page
    assert "How right the pseudo-labels were" in page
    assert "With few of the unlabelled images against all of them" in page
    assert (unlabelled.results / "figures/translations/randomised/n0.png").is_file()
    assert (unlabelled.results / "final/model.onnx").is_file()
    assert unlabelled.copy(tmp_path).planned() == {}


def jobs(project: Project) -> list[tuple[str, list[str], list[str]]]:
    """Of every job its rule, inputs and outputs."""
    planned = project.run("--dry-run", "-p", "--cores", "1").stdout
    found = []
    for block in re.split(r"\n(?=(?:local)?rule )", planned):
        if named := re.match(r"(?:local)?rule (\w+):", block):
            lines = (re.search(rf"^    {kind}: (.*)$", block, re.MULTILINE) for kind in FILES)
            found.append((named[1], *(line[1].split(", ") if line else [] for line in lines)))
    return found


FILES = "input", "output"


def test_nothing_that_trains_can_read_a_hidden_label(tmp_path):
    every = jobs(Project.create(tmp_path, CONFIGS))
    assert {rule for rule, *_ in every} >= TRAINED | DRAWN
    made = {file: (rule, inputs) for rule, inputs, outputs in every for file in outputs}
    for rule, inputs, _ in every:
        if rule not in TRAINED:
            continue
        pending, seen = list(inputs), set()
        while pending:
            file = pending.pop()
            seen.add(file)
            by, before = made.get(file, ("", []))
            # These alone take from the pool: the N labelled images, and images without labels.
            pending += [] if by in DRAWN else before
        names = {file.removeprefix("results/unlabelled/") for file in seen}
        assert not [n for n in names if re.match(r"real/pool|judge/|gap/|answer/", n)]
        assert not [n for n in names if n.endswith(("predicted.safetensors", "retention.json"))]


def test_pictures_say_that_only_a_translator_that_reads_no_label_saw_all(tmp_path):
    mixes = "mixes=[real-aug,real-warp-aug,real-harvest-aug]"
    project = Project.create(tmp_path, CONFIGS)
    planned = project.run("--dry-run", "-p", "--cores", "1", config=mixes).stdout
    drawn = re.findall(r"plot-translations .*", planned)
    told = {re.search(r"--translator=(\w+)", line)[1]: line for line in drawn}
    assert "--unlabelled=0 " in told["warp"]
    assert "--unlabelled=300 " in told["harvest"]
    (line,) = re.findall(r"plot-triptych .*", planned)
    order, saw = (re.findall(rf"--{name}=(\w+)", line) for name in ("translators", "saw"))
    assert dict(zip(order, saw, strict=True)) == {"warp": "20", "harvest": "300"}


def test_other_hidden_labels_train_the_same_classifiers(unlabelled, tmp_path):
    project = unlabelled.copy(tmp_path)
    project.results = tmp_path / "results/unlabelled"
    path = project.results / "real/pool.safetensors"
    pool = read_images(path)
    order = np.random.default_rng(seed_for(1, "draw", 1)).permutation(len(pool))
    labels = pool.labels.copy()
    labels[order[20:]] = (labels[order[20:]] + 1) % 10  # all but those of N = 20
    write_images(path, replace(pool, labels=labels))
    (project.results / "sums/real/pool.safetensors.sha256").unlink()  # else it is refused
    before = project.numbers()
    done = project.run_in_forks("--cores", "2", "--until", "train_classifier")
    assert done.returncode == 0, done.stdout
    assert "draw_unlabelled" in done.stdout
    after = project.numbers()
    trained = [name for name in before if name.startswith(("classifier/", "translat"))]
    assert len(trained) > 10
    assert {n: after[n] for n in trained} == {n: before[n] for n in trained}
