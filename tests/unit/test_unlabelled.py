"""Unlabelled real images: where they come from, what may see them; a study without any label."""

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import vl_convert
from PIL import Image

from realink.answer.analysis import analyse
from realink.answer.recommended import recommended
from realink.answer.sentences import certainty, sentences
from realink.answer.words import at_hand
from realink.commands.real import draw_unlabelled
from realink.commands.translator import translate
from realink.errors import InputError
from realink.images import listing
from realink.images.imagesets import concatenate
from realink.page import charts, figures, plotted
from realink.plan import grid, sources
from realink.plan.mixes import Mix
from realink.store.checkpoints import save
from realink.store.files import read_images, read_tensors, write_images
from realink.translation import loop
from realink.translation.settings import names, sees_unlabelled
from tests import made_up

from .test_answer import TOTAL, study
from .test_folders import noise
from .test_sources import config, laid_over  # noqa: F401

CLASSES = ("cat", "dog")
IMAGES = {"height": 24, "width": 20, "channels": 3, "fit": "stretch", "background": 255}


@pytest.fixture
def sets(tmp_path):
    """Paths of pool, validation and test, of 20 images each."""
    paths = {}
    for seed, name in enumerate(("pool", "validation", "test")):
        paths[name] = tmp_path / f"{name}.safetensors"
        write_images(paths[name], made_up.images(20, CLASSES, seed))
    return paths


def drawn(sets, output, manifest=None, **asked):
    settings = {"source": "pool", "directory": "", "count": None, "group": None} | asked
    draw_unlabelled(
        settings=json.dumps(settings),
        images=json.dumps(IMAGES),
        seed=1,
        output=output,
        manifest=manifest,
        **sets,
    )
    return read_images(output, labelled=False)


# --- the images -----------------------------------------------------------------------------------


def test_the_pools_images_come_without_any_label(sets, tmp_path):
    output = tmp_path / "unlabelled.safetensors"
    found = drawn(sets, output)
    assert found.labels is None
    assert read_tensors(output)[0].keys() == {"images"}
    with pytest.raises(InputError, match="holds no 'labels'"):
        read_images(output)
    pool = read_images(sets["pool"])
    assert sorted(map(bytes, found.images)) == sorted(map(bytes, pool.images))
    # Whatever their labels are.
    write_images(sets["pool"], replace(pool, labels=1 - pool.labels))
    before = output.read_bytes()
    drawn(sets, output)
    assert output.read_bytes() == before
    few = drawn(sets, output, count=7)
    np.testing.assert_array_equal(few.images, found.images[:7])


def test_a_folder_gives_pictures_of_any_depth_and_none_that_errors_are_measured_on(sets, tmp_path):
    listing.list_unlabelled.cache_clear()
    root = tmp_path / "further"
    (root / "monday/roof").mkdir(parents=True)
    for place, name in enumerate(("a.png", "monday/b.png", "monday/roof/c.png", "copy.png")):
        noise(10 + place % 3).save(root / name)
    test = read_images(sets["test"])
    Image.fromarray(test.images[3]).save(root / "tested.png")
    (root / "notes.txt").write_text("no picture")
    source = {"source": "folder", "directory": str(root)}
    found = drawn(sets, tmp_path / "u.safetensors", tmp_path / "m.csv", **source)
    assert (len(found), found.classes, found.labels) == (3, CLASSES, None)
    manifest = pd.read_csv(tmp_path / "m.csv", keep_default_na=False).set_index("file")
    reasons = manifest["left_out"].to_dict()
    assert reasons["tested.png"] == "the same picture is in test"
    assert sum(reason.startswith("a copy of") for reason in reasons.values()) == 1
    assert set(manifest["class"]) == {""}


def test_a_folders_pictures_of_groups_that_errors_are_measured_on_are_left_out(sets, tmp_path):
    for name, groups in (("validation", ("a", "b")), ("test", ("b", "c"))):
        images = read_images(sets[name])
        write_images(sets[name], replace(images, groups=np.arange(20) % 2, group_names=groups))
    root = tmp_path / "further"
    (root / "monday").mkdir(parents=True)
    names = ("a-1.png", "monday/c-1.png", "monday/d-1.png", "e-1.png", "scan.png")
    for seed, name in enumerate(names):
        noise(10 + seed).save(root / name)
    source = {"source": "folder", "directory": str(root), "group": "^(.)-"}
    found = drawn(sets, tmp_path / "u.safetensors", tmp_path / "m.csv", **source)
    assert (len(found), found.groups) == (3, None)
    manifest = pd.read_csv(tmp_path / "m.csv", keep_default_na=False).set_index("file")
    out = manifest["left_out"][manifest["left_out"] != ""].to_dict()
    assert out == dict.fromkeys(names[:2], "its group is in validation or test")
    assert manifest.loc["monday/d-1.png", "group"] == "d"
    for name in names[2:]:  # of no group of theirs, or of none at all
        (root / name).unlink()
    listing.list_unlabelled.cache_clear()
    with pytest.raises(InputError, match=r"no picture but of groups \(config key `real: group:`"):
        drawn(sets, tmp_path / "u.safetensors", tmp_path / "m.csv", **source)


def test_a_folder_without_a_picture_is_named(tmp_path):
    with pytest.raises(InputError, match=r"`unlabelled: directory:`: .* holds no picture"):
        listing.list_unlabelled(tmp_path)
    with pytest.raises(InputError, match=r"`unlabelled: directory:`: .* is not a directory"):
        listing.list_unlabelled(tmp_path / "none")
    with pytest.raises(InputError, match=r"`real: group:`: '\(' is no pattern"):
        listing.list_unlabelled(tmp_path, group="(")


def test_with_unlabelled_images_among_them_none_has_a_label():
    labelled = made_up.images(4, CLASSES)
    both = concatenate([labelled, replace(labelled, labels=None)])
    assert (len(both), both.labels) == (8, None)
    assert both.draw(3, 1).labels is None


# --- translators ----------------------------------------------------------------------------------


def test_only_translators_that_read_no_label_see_unlabelled_images():
    seeing = {name for name in names() if sees_unlabelled(name)}
    assert seeing >= {"harvest", "randomised", "cyclegan", "patchgan"}
    assert "warp" not in seeing


@pytest.mark.parametrize("name", [name for name in names() if sees_unlabelled(name)])
def test_they_indeed_read_none(name):
    module = loop.load(name)
    few = {"steps": 2, "batch_size": 4, "average": 0.0} if name in ("cyclegan", "patchgan") else {}
    rendered, real = made_up.images(6, CLASSES, 1), replace(made_up.images(5, CLASSES), labels=None)
    model, _ = loop.train(module, rendered, real, module.Settings(**few), seed=1)
    assert loop.translate(model, rendered, real, seed=1).images.shape == rendered.images.shape


def test_without_a_label_a_translator_sees_the_unlabelled_images_alone(sets, tmp_path):
    module = loop.load("harvest")
    rendered = made_up.images(6, CLASSES, 9)
    settings = module.Settings()
    save(
        tmp_path / "model",
        module.model.Translator(settings, rendered.shape),
        "harvest",
        settings,
        rendered.shape,
    )
    write_images(tmp_path / "rendered", rendered)
    write_images(tmp_path / "none", rendered.draw(0, 1))
    drawn(sets, tmp_path / "unlabelled")
    made = {}
    for name in ("none", "pool"):
        output = tmp_path / f"from_{name}"
        translate(
            translator="harvest", checkpoint=tmp_path / "model", rendered=tmp_path / "rendered",
            real=tmp_path / "none" if name == "none" else sets["pool"],
            unlabelled=tmp_path / "unlabelled", n=0, replicate=1, seed=1, output=output,
            device="cpu",
        )  # fmt: skip
        made[name] = read_images(output)
    assert made["none"].labels.tolist() == rendered.labels.tolist()
    assert not np.array_equal(made["none"].images, made["pool"].images)


# --- the grid -------------------------------------------------------------------------------------


@pytest.fixture
def asked(config):  # noqa: F811
    """A study with unlabelled digits."""
    return laid_over(
        config,
        {
            "unlabelled": {"source": "pool"},
            "counts": [0, 55, 385],
            "mixes": ["real-aug", "rendered-aug", "real-rendered-aug", "real-warp-aug"],
            "rendered_counts": [],
            "replicates": 1,
        },
    )


def test_mixes_without_labelled_images_stand_at_no_label_alone(asked):
    sources.check(asked)
    assert sources.unlabelled(asked) == 55_000
    cells = [
        (cell.mix, cell.n_real, cell.n_synthetic) for cell in grid.cells(sources.complete(asked))
    ]
    assert cells == [
        ("real-aug", 55, 0),
        ("real-aug", 385, 0),
        ("rendered-aug", 0, 55_000),
        ("real-rendered-aug", 55, 54_945),
        ("real-rendered-aug", 385, 54_615),
        ("real-warp-aug", 55, 54_945),
        ("real-warp-aug", 385, 54_615),
    ]


def test_few_of_the_unlabelled_images_are_a_mix_at_counts_of_its_own(asked):
    few = {"rendered-pseudo-aug-550unlabelled": [0], "real-pseudo-aug-550unlabelled": [55]}
    changed = laid_over(asked, {"controls": few})
    sources.check(changed)
    cells = [(cell.mix, cell.n_real) for cell in grid.cells(sources.complete(changed))]
    assert cells[-2:] == [(name, n) for name, (n,) in few.items()]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"unlabelled": {"source": "none"}}, "`counts`: 0 real images asked for, but there are no"),
        ({"unlabelled": {"count": 60_000}}, "`unlabelled: count:`: 60000 images asked for, but"),
        ({"counts": [55]}, "`mixes`: with unlabelled images, 'rendered-aug' stands at N = 0 alone"),
        ({"mixes": ["warp"]}, "`mixes`: 'warp' is without any label, and its translator needs"),
        ({"unlabelled": {"source": "folder", "directory": "none"}}, "`unlabelled: directory:`:"),
        ({"controls": {"real-aug-9unlabelled": [55]}}, "`controls`: 'real-aug-9unlabelled' learns"),
        (
            {"controls": {"real-pseudo-60000unlabelled": [55]}},
            "`controls`: 'real-pseudo-60000unlabelled' asks for 60000 unlabelled images, there",
        ),
        (
            {"mixes": ["real-aug", "real-pseudo-550unlabelled-aug"]},
            "`mixes`: 'real-pseudo-550unlabelled-aug': how many unlabelled images a mix",
        ),
        (
            {"mixes": ["real-aug", "real-pseudo-0unlabelled"]},
            "`mixes`: 'real-pseudo-0unlabelled': how many unlabelled images a mix learns from",
        ),
        (
            {"controls": {"rendered-pseudo": [55]}},
            "`controls`: with unlabelled images, 'rendered-pseudo' stands at N = 0 alone",
        ),
        (
            {"controls": {"real-pseudo": [0, 55]}},
            "`controls`: with unlabelled images, 'real-pseudo' stands at counts above 0",
        ),
        (
            {"controls": {"warp-pseudo": [0]}},
            "`controls`: 'warp-pseudo' is without any label, and its",
        ),
        (
            {"unlabelled": {"source": "none"}, "counts": [55], "controls": {"rendered": [0]}},
            "`controls`: 0 real images asked for, but there are no",
        ),
    ],
)
def test_what_cannot_be_is_named(asked, change, message):
    with pytest.raises(InputError, match=re.escape(f"config key {message}")):
        sources.check(laid_over(asked, change))


# --- the answer without a label -------------------------------------------------------------------


@pytest.fixture(scope="module")
def answer():
    errors = {
        "real-aug": {55: 0.2, 385: 0.1, TOTAL: 0.02},
        "randomised-aug": {0: 0.15},
        "harvest-aug": {0: 0.05},
        "real-harvest-aug": {55: 0.05, 385: 0.04},
    }
    metrics, reads = study(errors)
    none = pd.DataFrame(columns=["translator", "n_real", "replicate", "label_retention"])
    return analyse(metrics, reads, none, pool=TOTAL, seed=1, unlabelled=TOTAL)


def plain(text):
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_no_cell_is_missing_and_the_answer_begins_without_a_label(answer):
    assert not [note for note in answer.notes if note.startswith("missing")]
    advised = {one.n_real: one.mix.name for one in recommended(answer)}
    assert advised == {
        0: "harvest-aug", 55: "real-harvest-aug", 385: "real-harvest-aug", TOTAL: "real-aug",
    }  # fmt: skip
    said = plain(" ".join(sentences(answer)))
    assert said.startswith(
        "With no labels and a pool of 55,000 real images: "
        "train only on rendered ones translated by harvest and augment: "
    )
    first = plain(" ".join(certainty(answer, recommended(answer)[0])))
    assert "So used, no labels and a pool of 55,000 real images are worth " in first
    assert at_hand(5500, 55_000) == "5,500 labels and a pool of 55,000 real images"


def test_the_answer_says_what_pseudo_labels_add():
    harvested = {55: 0.03, 385: 0.03}
    errors = {
        "real-aug": {55: 0.2, 385: 0.1, TOTAL: 0.02},
        "real-pseudo-aug": {55: 0.08, 385: 0.05},
        "real-harvest-aug": harvested,
        "real-harvest-pseudo-aug": harvested,
    }
    metrics, reads = study(errors)
    none = pd.DataFrame(columns=["translator", "n_real", "replicate", "label_retention"])
    found = sentences(analyse(metrics, reads, none, pool=TOTAL, seed=1, unlabelled=TOTAL))
    assert (
        "With pseudo-labels for the unlabelled images, real-harvest-aug is nowhere surely better "
        "than without; real-aug is surely better than without at every N."
    ) in found


def test_images_without_a_label_are_worth_some_with(answer):
    own = answer.worth[answer.worth["n_real"] == 0].set_index("mix")
    assert own.loc["harvest-aug", "equals"] > own.loc["randomised-aug", "equals"] >= 55
    assert own.loc["harvest-aug", "low"] <= own.loc["harvest-aug", "equals"]


def test_translated_and_randomised_images_are_compared_without_a_label(answer):
    harvest, randomised = Mix.parse("harvest-aug"), Mix.parse("randomised-aug")
    assert answer.verdicts(harvest, randomised) == {0: "better"}


# --- an axis with a place for none ----------------------------------------------------------------


@pytest.fixture
def metrics():
    cells = [("real-aug", 55), ("real-aug", 385), ("harvest-aug", 0)]
    rows = [
        {"mix": m, "n_real": n, "n_synthetic": 0, "replicate": r} for m, n in cells for r in (1, 2)
    ]
    return pd.DataFrame(rows).assign(test_error=np.linspace(0.02, 0.3, 6), n_test=200)


def test_the_figure_has_a_place_for_no_label(metrics):
    axes = figures.plot_error(metrics, [0, 55, 385]).axes[0]
    assert axes.get_xscale() == "symlog"
    assert [text.get_text() for text in axes.get_xticklabels()] == ["0", "55", "385"]
    places = axes.transData.transform([(n, 1) for n in (0, 55, 385)])[:, 0]
    # Far enough from the others, and not farther than it need be.
    assert 0.1 < (places[1] - places[0]) / (places[2] - places[0]) < 0.5


def test_the_chart_has_a_place_for_no_label(metrics):
    compared = pd.DataFrame(columns=["mix", "n_real", "reference", "verdict"])
    curves = plotted.errors(metrics)
    nothing = pd.DataFrame(columns=["mix", "n_real", "percent", "low", "high"])
    chart = charts.error(curves, compared, plotted.Panel(None, True), nothing)
    scales = re.findall(r'"scale": (\{[^{}]*"symlog"[^{}]*\})', json.dumps(chart))
    assert scales
    assert all(json.loads(scale)["constant"] == 55 for scale in scales)
    # On a linear part of an axis, too, a count is written out.
    drawn = vl_convert.vegalite_to_svg(chart | {"width": 400})
    assert {"0", "55", "385"} <= set(re.findall(r">([^<>]+)</text>", drawn))
