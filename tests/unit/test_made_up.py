"""Any sensible choice of mixes goes through, from the jobs' records to the tables and the page."""

import itertools
import json
import re

import numpy as np
import pandas as pd
import pytest

from realink.commands import answer, studies
from realink.errors import InputError
from realink.store.files import read_tensors
from realink.store.tables import read_confusions
from tests import made_up

PLAIN = ["real", "rendered", "real-rendered", "warp", "real-warp", "cyclegan", "real-cyclegan"]
MIXES = [f"{mix}{suffix}" for mix in PLAIN for suffix in ("", "-aug")]
ODD = [
    ["real-warp"],  # no mix of synthetic images alone: nothing to draw in half of the gain's figure
    ["warp-aug"],  # nothing that the gain's figure could show
    ["rendered"],
    ["real"],
    ["real", "real-aug"],
    ["rendered-aug", "real-warp"],
    ["cyclegan", "real-warp-aug"],
    [f"real-t{i}" for i in range(9)],  # more translators than colours
]
HOSTILE = (
    "<script>alert(1)</script>",
    "</script><!--<script>",
    "NA",
    "007",
    "$x_{$^",
    "a \"b\", 'c'\nd",
    "-leading & <b>",
    "an extremely long name of a class that no column is wide enough for",
)


def chosen():
    random = np.random.default_rng(0)
    for seed in range(6):
        yield list(random.choice(MIXES, random.integers(1, 6), replace=False)), seed


@pytest.mark.parametrize(
    ("mixes", "seed"), [*chosen(), *zip(ODD, itertools.count(100))], ids=lambda it: str(it)
)
def test_every_choice_of_mixes_has_an_answer(tmp_path, mixes, seed):
    random = np.random.default_rng(seed)
    config = made_up.settings(
        mixes=mixes,
        counts=sorted(random.choice([20, 60, 80], random.integers(1, 4), replace=False).tolist()),
        replicates=int(random.integers(1, 3)),
        rendered_counts=[[], [10, 100]][random.integers(2)],
    )
    if seed % 2:
        config["counts"] = [*config["counts"], 100]  # all real images: the baselines alone
    nothing_wrong = seed % 5 == 3
    made = made_up.answered(
        tmp_path,
        config,
        measured=seed % 4 != 2,
        errors=(0, 0) if nothing_wrong else (0, 1),
        seed=seed,
    )
    page = made["page"].read_text()
    assert page.rstrip().endswith("</html>")
    assert "NaN" not in page.partition("const charts = ")[2].partition("\n")[0]
    assert set(pd.read_csv(made["summary"])["mix"]) == set(pd.read_csv(made["metrics"])["mix"])


def test_a_study_of_several_learners_tells_them_apart(tmp_path):
    mixes = ["real", "rendered", "real-rendered", "real-aug", "warp", "real-warp-aug"]
    config = made_up.settings(mixes=mixes, learners=["small", "frozen"], rendered_counts=[10])
    made = made_up.answered(tmp_path, config)
    metrics = pd.read_csv(made["metrics"])
    assert set(metrics["mix"]) == set(mixes)  # as it is on disk
    assert set(metrics["learner"]) == {"small", "frozen"}
    labels = {f"{learner}:{mix}" for learner in ("small", "frozen") for mix in mixes}
    assert set(pd.read_csv(made["summary"])["mix"]) == labels
    found = json.loads(made["answer"].read_text())
    assert [one["n_real"] for one in found["learners"]] == [20, 60, 100]
    for one in found["learners"]:
        assert one["picked"] == min(one["best"], key=lambda own: own["validation_error"])["learner"]
    page = made["page"].read_text()
    charts = json.loads(page.partition("const charts = ")[2].partition(";\n")[0])
    panels = {f"{learner}-{kind}" for learner in ("small", "frozen") for kind in ("plain", "aug")}
    assert {f"error-{panel}" for panel in panels} < charts.keys()
    # The panel names what learned, so that its marks need not.
    drawn = json.dumps(charts["error-frozen-aug"])
    assert "real-warp-aug" in drawn
    assert "frozen:" not in drawn
    assert "The pretrained network (frozen), with augmentation (-aug)" in page
    assert 'id="networks"' in page
    for place in re.findall(r'class="chart[^"]*" id="([^"]+)"', page):
        assert page.count(f'id="{place}"') == 1
        assert place in charts
    assert len(charts) == len(re.findall(r'class="chart[^"]*" id=', page))


def test_of_one_learner_nothing_is_seen(tmp_path):
    page = made_up.answered(tmp_path, made_up.settings(learners=["frozen"]))["page"].read_text()
    head, _, settings = page.partition("const charts = ")[0].partition("<summary>Settings")
    assert "network" not in head.partition("<h2>What the images are")[0].replace("no network", "")
    assert "frozen" not in head
    assert "frozen" in settings


def test_errors_by_group_are_on_the_page_under_the_groups_own_names(tmp_path):
    real = {"source": "folder", "directory": "data/real", "group": "^([^_]*)"}
    made = made_up.answered(tmp_path, made_up.settings(real=real))
    page = made["page"].read_text()
    assert "Error by group of test images" in page
    assert "&lt;b&gt;hall&lt;/b&gt;" in page
    assert '<th scope="row">007</th>' in page
    assert '<th scope="row">NA</th>' in page
    # Augmented mixes are what counts, where there are any.
    assert '<th scope="col" class="number">real-warp-aug</th></tr>' in page
    table = pd.read_csv(made["groups"], dtype=str, keep_default_na=False)
    assert set(table["group"]) == set(made_up.CAMERAS)


def test_groups_of_one_image_each_are_but_images(tmp_path):
    real = {"source": "folder", "directory": "data/real", "group": "^([^_]*)"}
    made = made_up.answered(
        tmp_path, made_up.settings(real=real), groups=[f"track {n}" for n in range(60)]
    )
    answer = json.loads(made["answer"].read_text())
    assert not [note for note in answer["notes"] if "groups" in note]
    assert set(pd.read_csv(made["comparisons"])["test"]) == {"replicates x images"}
    assert pd.read_csv(made["groups"]).empty
    assert "Error by group" not in made["page"].read_text()


def test_names_of_classes_stay_what_they_are(tmp_path):
    config = made_up.settings(mixes=["real", "real-warp"], counts=[20], replicates=1)
    manifest = pd.DataFrame(
        {
            "file": [f"{place}/<img src=x>.png" for place in range(60)],
            "class": [HOSTILE[place % len(HOSTILE)] for place in range(60)],
            "split": ["train", "validation", "test"] * 20,
            "group": "",
            "sha256": "0",
            "left_out": [""] * 30 + ["<b>broken</b>"] * 30,
        }
    )
    (tmp_path / "real").mkdir()
    manifest.to_csv(tmp_path / "real/images.csv", index=False)
    made = made_up.answered(tmp_path, config, classes=HOSTILE)
    table = read_confusions(made["confusions"])
    assert list(table["label"].unique()) == list(HOSTILE)
    assert list(table["predicted"][:8]) == list(HOSTILE)
    assert table["images"].sum() > 0
    metadata = read_tensors(made["predictions"])[1]
    assert metadata["classes"] == list(HOSTILE)
    page = made["page"].read_text()
    head = page.partition("<script type=")[0]
    for markup in ("<script>alert", "<!--", "<img src=x", "<b>broken"):
        assert markup not in head
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in head
    assert "30 pictures left out" in head
    assert "and 10 more" in head
    charts = page.partition("const charts = ")[2].partition(";\n")[0]
    assert "<" not in charts


def test_many_classes_are_told_by_the_worst_mistakes(tmp_path):
    config = made_up.settings(mixes=["real", "real-warp"], counts=[20], replicates=1)
    classes = tuple(f"class {i}" for i in range(40))
    page = made_up.answered(tmp_path, config, classes=classes)["page"].read_text()
    assert "the 12 most often misread" in page
    assert 'class="confusion"' not in page


def test_groups_of_test_images_are_kept(tmp_path):
    from dataclasses import replace

    from realink.store.files import read_images, write_images

    config = made_up.settings(mixes=["real"], counts=[20])
    patterns = made_up.write(tmp_path, config)
    path = tmp_path / "real/test.safetensors"
    test = read_images(path)
    groups = np.arange(len(test)) // 30
    write_images(path, replace(test, groups=groups, group_names=("one meter", "another")))
    tables = ("metrics", "translators", "confusions", "gaps", "settings")
    outputs = {name: tmp_path / f"{name}.csv" for name in tables}
    found = tmp_path / "predictions.safetensors"
    answer.collect(config=json.dumps(config), test=path, predictions=found, **patterns, **outputs)
    tensors, metadata = read_tensors(found)
    np.testing.assert_array_equal(tensors["groups"], groups)
    assert metadata == {
        "classes": ["cat", "dog", "wolf"], "group_names": ["one meter", "another"]
    }  # fmt: skip
    assert tensors["predicted"].shape == (2, 60)


def test_a_study_without_predictions_says_how_to_get_them(tmp_path):
    config = made_up.settings(mixes=["real"])
    for name in ("one", "two"):
        made_up.answered(tmp_path / name, config)
    (tmp_path / "two/predictions.safetensors").unlink()
    with pytest.raises(InputError, match=r"two/predictions.safetensors: no such file; .*git pull"):
        studies.compare(tmp_path / "one", tmp_path / "two")


def test_a_page_without_pictures_has_none_and_all_else(tmp_path):
    mixes = ["real", "rendered", "real-warp"]
    shown, hidden = (
        made_up.answered(
            tmp_path / str(pictures),
            made_up.settings(mixes=mixes, page={"pictures": pictures}),
        )["page"].read_text()
        for pictures in (True, False)
    )
    assert shown.count("data:image/webp") > 3
    assert "data:image/" not in hidden.replace("data:image/svg+xml", "")
    for text in ("Which test images it gets right", "Contact sheet of rendered images"):
        assert text in shown
        assert text not in hidden
    assert "Error against the number of real images" in hidden


def test_names_that_fonts_lack_are_numbered_in_figures_and_told_beside_them(tmp_path):
    config = made_up.settings(mixes=["real", "real-warp"], counts=[20], replicates=1)
    page = made_up.answered(tmp_path, config, classes=("cat", "日本", "中国"))["page"].read_text()
    assert "<figcaption>class 2: 中国; class 3: 日本</figcaption>" in page
