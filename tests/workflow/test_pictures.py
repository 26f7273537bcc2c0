"""Studies of a person's own pictures, two replicates: from two folders to the page, and on."""

import html
import json
import re
import shutil
import time

import pandas as pd
import pytest

from realink.images.imagesets import Shape
from realink.store.files import read_images
from tests import HANGS, drawn

from .conftest import Project


@pytest.fixture
def study(pictured, tmp_path) -> Project:
    """A copy of the finished study of pictures."""
    return pictured.copy(tmp_path)


def manifest(project, kind):
    table = pd.read_csv(project.results / f"{kind}/images.csv", keep_default_na=False)
    return table.set_index("file")


def test_from_folders_to_the_page(pictured, study):
    metrics = pd.read_csv(pictured.results / "metrics.csv")
    cells = metrics.groupby("mix")[["n_real", "replicate"]].apply(
        lambda rows: sorted(rows.itertuples(index=False, name=None))
    )
    both = [(10, 1), (10, 2), (40, 1), (40, 2)]
    augmented = ["real-aug", "real-cyclegan-aug"]
    assert cells.to_dict() == {
        "cyclegan": both,
        "real": [*both, (100, 1), (100, 2)],
        "real-aug": [*both, (100, 1), (100, 2)],
        "real-cyclegan": both,
        "real-cyclegan-aug": both,
        "real-cyclegan-pretrained-3epochs": both[2:],
        "real-cyclegan-reread": both[2:],
        "real-rendered": both,
        "rendered": [*both, (80, 1), (80, 2)],
    }
    assert sorted(set(metrics["mix"][metrics["augmented"]])) == augmented
    steps = metrics.groupby("mix")["train_steps"].unique().map(set)
    assert steps["real-cyclegan-reread"] == steps["real"] == {40}
    assert steps["real-cyclegan-pretrained-3epochs"] == {19}  # of 100 images in batches of 16
    # Each replicate has its own draw, so its own classifier.
    assert metrics.groupby(["mix", "n_real"])["test_error"].nunique().max() > 1
    translators = pd.read_csv(pictured.results / "translators.csv")
    assert translators[["n_real", "replicate"]].apply(tuple, axis=1).tolist() == both
    gaps = pd.read_csv(pictured.results / "gap.csv")
    assert gaps["images"].value_counts().to_dict() == {"cyclegan": 4, "real": 2, "rendered": 2}
    for table in ("summary", "comparisons", "break_even", "worth"):
        assert len(pd.read_csv(pictured.results / f"answer/{table}.csv")) > 0
    for figure in ("error", "rendered", "rendered_error", "gain", "translations/cyclegan/n40"):
        for suffix in ("svg", "png"):
            assert (pictured.results / f"figures/{figure}.{suffix}").is_file()
    page = (pictured.results / "report.html").read_text()
    assert all(shape in page for shape in drawn.SHAPES)
    assert study.planned() == {}


def test_images_have_the_pictures_size_colour_classes_and_groups(pictured):
    sets = {
        name: read_images(pictured.results / f"real/{name}.safetensors")
        for name in ("pool", "validation", "test")
    }
    for images in sets.values():
        assert images.shape == Shape(drawn.HEIGHT, drawn.WIDTH, 3, classes=3)
        assert images.classes == drawn.SHAPES
    assert sum(map(len, sets.values())) == 180
    groups = [set(images.groups.tolist()) for images in sets.values()]
    assert all(groups)
    assert len(set.union(*groups)) == sum(map(len, groups)) == drawn.GROUPS
    draws = [
        read_images(pictured.results / f"real/n10/rep{replicate}/images.safetensors")
        for replicate in (1, 2)
    ]
    assert (draws[0].images != draws[1].images).any()
    rendered = read_images(pictured.results / "rendered/images.safetensors")
    assert rendered.masks is not None
    assert len(rendered) == 100
    path = "translated/cyclegan/n40/rep2/images.safetensors"
    translated = read_images(pictured.results / path)
    assert translated.shape == rendered.shape
    assert (translated.labels == rendered.labels).all()
    assert (translated.images != rendered.images).any(axis=(1, 2, 3)).all()


def test_the_manifests_name_every_picture_once(pictured):
    real, rendered = manifest(pictured, "real"), manifest(pictured, "rendered")
    assert real.index.is_unique
    assert set(real.index) == {
        str(path.relative_to(pictured.root / "data/real"))
        for path in pictured.root.glob("data/real/*/*")
    }
    assert set(real["split"]) == {"train", "validation", "test"}
    assert real.groupby("group")["split"].nunique().max() == 1
    assert (real["left_out"] == "").all()
    assert (rendered["left_out"] == "").sum() == 100
    assert rendered["left_out"].str.startswith("not drawn").sum() == 20


def test_touching_pictures_reruns_nothing(study):
    time.sleep(0.01)
    for path in study.root.glob("data/*/*/*"):
        path.touch()
    assert study.planned() == {}


def add(path):
    drawn.photographed("circle", 1000).save(path.with_stem("camera00_new"))


def change(path):
    drawn.photographed("circle", 1000).save(path)


def remove(path):
    path.unlink()


@pytest.mark.parametrize("edit", [add, change, remove])
def test_another_real_picture_reruns_all_that_depends_on_it(study, edit):
    time.sleep(0.01)
    edit(study.root / "data/real/circle/camera00_020.jpg")
    planned = study.planned()
    assert planned["prepare_real"] == planned["train_judge"] == planned["report"] == 1
    # No rendered picture may be one of those that are tested on.
    assert planned["prepare_rendered"] == planned["plot_rendered"] == 1
    assert planned["draw_real"] == 6
    assert planned["train_translator"] == 4
    # All are tested on real images.
    assert planned["train_classifier"] == 38


@pytest.mark.parametrize("edit", [add, change, remove])
def test_another_rendered_picture_reruns_all_that_depends_on_it(study, edit):
    time.sleep(0.01)
    edit(study.root / "data/rendered/circle/000.png")
    planned = study.planned()
    assert planned.keys().isdisjoint({"prepare_real", "draw_real", "train_judge"})
    assert planned["prepare_rendered"] == planned["plot_rendered"] == planned["report"] == 1
    assert planned["train_translator"] == 4
    assert planned["train_classifier"] == 26  # the mixes of real images alone stay


def test_a_changed_picture_is_read_again(study):
    before = manifest(study, "real")
    time.sleep(0.01)
    name = "circle/camera00_020.jpg"
    change(study.root / "data/real" / name)
    done = study.run("--cores", "2", "results/mine/real/images.csv")
    assert done.returncode == 0, done.stdout
    after = manifest(study, "real")
    changed = (before != after).any(axis=1)
    assert changed.index[changed].tolist() == [name]
    assert study.planned().keys().isdisjoint({"prepare_real"})


def test_a_picture_that_vanishes_while_the_study_runs(study):
    shutil.rmtree(study.results)
    run = study.start(
        "--cores", "1", "results/mine/rendered/images.csv", "results/mine/real/pool.safetensors"
    )
    started = None
    lines = []
    for line in run.stdout:
        lines.append(line)
        if match := re.search(r"start   prepare_(real|rendered)", line):
            started = match[1]
            break
    other = {"real": "rendered/circle/003.png", "rendered": "real/circle/camera03_003.png"}[started]
    (study.root / "data" / other).unlink()
    output = "".join(lines) + run.communicate(timeout=HANGS)[0]
    assert "Traceback" not in output
    # Either it is said, or the study is of what is there; one more call makes it so.
    done = study.run(
        "--cores", "2", "results/mine/rendered/images.csv", "results/mine/real/pool.safetensors"
    )
    assert done.returncode == 0, done.stdout
    kind, _, name = other.partition("/")
    assert name not in manifest(study, kind).index


NAMES = {
    "circle": "-n {0} $(touch broken)",
    "square": "<script>alert('it')\"<b>",
    "triangle": "zwölf\n九 & %s;",
}


def test_hostile_names_go_through_the_whole_workflow(tmp_path):
    project = Project.create(tmp_path, ("config/mine.yaml", "shapes.yaml", "few.json"))
    drawn.write_real(tmp_path / "data/real", NAMES)
    drawn.write_rendered(tmp_path / "data/rendered", NAMES)
    odd = [
        "-rf {x}.png", "a 'b' \"c\".png", "<img src=x onerror=alert(1)>.jpg", "d\ne;f.png",
        "ß*?.png", "$(touch broken).png", "`touch broken`.png", "g\\n%s,h.png", "NA.png",
        "=1+1.png",
    ]  # fmt: skip
    for place, name in enumerate(odd):
        folder = NAMES[drawn.SHAPES[place % 3]]
        drawn.photographed(drawn.SHAPES[place % 3], 2000 + place).save(
            tmp_path / "data/real" / folder / name
        )
        drawn.rendered(drawn.SHAPES[place % 3], 3000 + place).convert("RGB").save(
            tmp_path / "data/rendered" / folder / name
        )
    # A class of which nothing is rendered.
    (tmp_path / "data/real/other").mkdir()
    for seed in range(40):
        name = f"camera{seed % drawn.GROUPS:02}_{seed:03}.png"
        drawn.photographed("none", seed).save(tmp_path / "data/real/other" / name)
    # What is no picture is skipped, and named.
    left_out = {
        "cut off <i>.jpg": (tmp_path / f"data/real/{NAMES['circle']}/camera00_000.jpg")
        .read_bytes()[:300],
        "empty.png": b"",
        "text {y}.png": b"no picture",
        "notes.txt": b"remarks",
    }  # fmt: skip
    for name, content in left_out.items():
        (tmp_path / "data/real" / NAMES["square"] / name).write_bytes(content)
    (tmp_path / "data/real" / NAMES["square"] / "broken link.png").symlink_to("nowhere.png")
    few = {
        "counts": [10],
        "rendered_counts": [],
        "replicates": 1,
        "rendered": {"count": 60},
        "synthetic": "all",
        "learners": ["small"],
    }
    few |= {"mixes": ["real", "real-rendered", "real-cyclegan"]}
    (tmp_path / "few.json").write_text(json.dumps(few))
    done = project.init("--output", "config/mine.yaml")
    assert done.returncode == 0, done.stdout
    done = project.run_in_forks("--cores", "2")
    assert done.returncode == 0, done.stdout
    assert not list(tmp_path.rglob("broken"))
    real, rendered = manifest(project, "real"), manifest(project, "rendered")
    assert set(rendered["class"]) == set(NAMES.values())
    assert set(real["class"]) == {*NAMES.values(), "other"}
    assert {name for name in odd if not real["left_out"].filter(like=name).any()} == set(odd)
    skipped = {name.rpartition("/")[2] for name in real.index[real["left_out"] != ""]}
    assert skipped == {*left_out, "broken link.png"}
    page = (project.results / "report.html").read_text()
    assert not re.search(r"<script>alert|<img src=x|<i>\.jpg|<b>", page)
    text = html.unescape(page)
    assert all(name in text for name in NAMES.values())
    assert "cut off <i>.jpg" in text
    assert project.planned() == {}
    # Names that Snakemake cannot take as files are watched all the same.
    drawn.photographed("circle", 4000).save(tmp_path / "data/real" / NAMES["circle"] / odd[0])
    assert project.planned()["prepare_real"] == 1


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"counts": [127]}, "127 real images asked for"),
        ({"mixes": ["real", "warp"]}, "take cyclegan or harvest"),
        ({"images": {"height": 15}}, "15 is less than the minimum of 16"),
        ({"real": {"source": "mnist"}, "images": {"height": 28, "width": 28, "channels": 1}},
         "for pictures of your own take `real: source: folder`"),
    ],
)  # fmt: skip
def test_what_the_parse_can_see_stops_it_before_any_job(study, config, message):
    before = study.numbers()
    (study.root / "wrong.json").write_text(json.dumps(config))
    study.configs.append("wrong.json")
    done = study.run("--cores", "2")
    assert done.returncode != 0
    assert message in done.stdout
    assert "Traceback" not in done.stdout
    assert "start  " not in done.stdout
    assert len(done.stdout.splitlines()) < 10
    assert study.numbers() == before


def test_a_class_without_pictures_stops_it_before_any_job(study):
    for path in study.root.glob("data/real/circle/*"):
        path.unlink()
    done = study.run("--cores", "2")
    assert done.returncode != 0
    assert "no picture to train on of the class 'circle'" in done.stdout
    assert "start  " not in done.stdout
