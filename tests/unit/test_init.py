"""`init`: what it says of folders of pictures, and the study that it proposes for them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import yaml
from PIL import Image

from realink.commands.init import DEFAULTS, init
from realink.errors import InputError
from realink.images import listing
from realink.plan import durations, grid, proposal, sources
from realink.training import pace
from tests import HANGS

ROOT = Path(__file__).parents[2]
CLASSES = ("circle", "square", "star")


@pytest.fixture(autouse=True)
def _at_a_root_without_results(monkeypatch, tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    for name in ("Snakefile", "config", "resources"):
        (root / name).symlink_to(ROOT / name)
    monkeypatch.chdir(root)
    # What is proposed depends on the machine.
    monkeypatch.setattr(pace, "speed", lambda pretrained: durations.MEASURED)
    listing.list_real.cache_clear()
    listing.list_rendered.cache_clear()


@pytest.fixture
def one_test_set(monkeypatch):
    """Few pictures, which had better be tested in turns, are not."""
    monkeypatch.setattr(proposal, "turns", lambda *_: 0)


def draw(root, classes=CLASSES, n=12, seed=0, size=(40, 32), grey=False):
    """Noise of height x width, as <class>/<n>.png."""
    for i, label in enumerate(classes):
        (root / label).mkdir(parents=True, exist_ok=True)
        for k in range(n):
            rng = np.random.default_rng((seed, i, k))
            pixels = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
            if grey:  # a dark spot on paper
                pixels[:] = 255
                pixels[12:20, 10 + k % 8 : 18 + k % 8] = (3 * (i * n + k) + seed) % 200
            Image.fromarray(pixels).save(root / label / f"{k}.png")
    return root


def merged(path):
    """The config as the workflow has it: laid over the defaults, within the schema, checked."""

    def lay(over, under):
        both = isinstance(over, dict) and isinstance(under, dict)
        return under | {k: lay(v, under.get(k)) for k, v in over.items()} if both else over

    config = lay(yaml.safe_load(path.read_text()), yaml.safe_load(DEFAULTS.read_text()))
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    jsonschema.validate(config, schema)
    sources.check(config)
    return config


@pytest.fixture
def both(tmp_path):
    return draw(tmp_path / "real"), draw(tmp_path / "rendered", n=30, seed=1)


@pytest.mark.usefixtures("one_test_set")
def test_folders_become_a_study_that_runs_as_it_stands(both, tmp_path, capsys):
    real, rendered = both
    output = tmp_path / "mine.yaml"
    init(real=real, rendered=rendered, output=output)
    config = merged(output)
    assert config["study"] == "mine"
    assert config["images"]["channels"] == 3
    assert config["real"]["directory"] == str(real)
    assert config["rendered"]["source"] == "folder"
    pool = len(listing.list_real(real, validation=0.1, test=0.2, group=None).split("train"))
    assert config["counts"][-1] == pool
    assert config["counts"][0] >= 2 * len(CLASSES)
    # All rendered ones join each mix, at any count.
    assert (config["rendered"]["count"], config["synthetic"]) == (None, "all")
    cells = grid.cells(sources.complete(config))
    assert {cell.n_synthetic for cell in cells if cell.mix != "real"} == {0, 90}
    assert {cell.n_synthetic for cell in cells if cell.mix == "real-rendered-aug"} == {90}
    # A pretrained network wants larger images than `small`, which reduces them.
    assert config["learners"] == ["small", "frozen"]
    assert (config["images"]["height"], config["images"]["width"]) == (96, 96)
    assert config["learner_settings"] == {"small": {"side": 32, "standardise": True}}
    assert config["mixes"] == [
        "real-aug", "real-rendered-aug", "real-harvest-aug", "real-randomised-aug", "real",
        "rendered",
    ]  # fmt: skip
    said = capsys.readouterr().out
    for told in ("circle", "40 x 32", "colour: 36 of 36", f"--configfile {output}"):
        assert told in said


def test_unlabelled_pictures_join_in(both, tmp_path, capsys):
    real, rendered = both
    further = draw(tmp_path / "further", classes=("monday", "tuesday"), n=4, seed=2)
    output = tmp_path / "mine.yaml"
    init(real=real, rendered=rendered, unlabelled=further, output=output)
    config = merged(output)
    assert config["unlabelled"] == {
        "source": "folder", "directory": str(further), "count": None,
    }  # fmt: skip
    assert config["counts"][0] == 0
    assert {"harvest-aug", "real-pseudo-aug", "harvest-pseudo-aug"} < set(config["mixes"])
    said = capsys.readouterr().out
    assert f"unlabelled: {further}\n  pictures: 8\n  few: pseudo-labels may gain nothing" in said
    # The plan names what is trained on, wrapped, and nothing else.
    named = said.partition("says what each is):\n")[2].partition("  time:")[0]
    assert re.findall(r"[\w-]+", named) == config["mixes"]


def test_unlabelled_pictures_that_cannot_be_used_are_not_counted(both, tmp_path, capsys):
    further = draw(tmp_path / "further", classes=("monday",), n=6, seed=2)
    given = {"real": both[0], "rendered": both[1], "unlabelled": further}
    (further / "monday/0.png").write_bytes(b"\x89PNG")
    (further / "again.png").write_bytes((further / "monday/1.png").read_bytes())
    init(output=tmp_path / "mine.yaml", **given)
    said = capsys.readouterr().out
    assert f"unlabelled: {further}\n  pictures: 5\n" in said
    assert "    monday/0.png: " in said
    for path in further.rglob("*.png"):
        path.write_bytes(b"\x89PNG")
    with pytest.raises(InputError, match="further: no picture that can be read"):
        init(output=tmp_path / "other.yaml", **given)


@pytest.mark.usefixtures("one_test_set")
def test_unlabelled_pictures_of_groups_that_are_tested_on_stay_out(both, tmp_path, capsys):
    real, rendered = both
    further = draw(tmp_path / "further", classes=("monday",), n=15, seed=2)
    output = tmp_path / "mine.yaml"
    init(real=real, rendered=rendered, unlabelled=further, group=r"^(\d+)", output=output)
    shares = {"validation": 0.1, "test": 0.2}
    held_out = listing.list_real(real, **shares, group=r"^(\d+)").held_out_groups
    assert 0 < len(held_out) < 12
    said = capsys.readouterr().out
    assert f"  pictures: {15 - len(held_out)}\n" in said
    assert f"\n  left out: {len(held_out)}\n" in said
    assert "its group is in validation or test" in said
    assert sources.unlabelled(merged(output)) == 15 - len(held_out)


def test_the_config_holds_only_what_differs(both, tmp_path):
    output = tmp_path / "mine.yaml"
    init(real=both[0], rendered=both[1], output=output)
    defaults = yaml.safe_load(DEFAULTS.read_text())
    written = yaml.safe_load(output.read_text())
    for key, value in written.items():
        assert value != defaults[key]
        if isinstance(value, dict):
            assert all(inner != defaults[key].get(name) for name, inner in value.items())
    assert output.read_text().count("#") > 5


def test_fonts_draw_characters(tmp_path):
    output = tmp_path / "letters.yaml"
    init(real=draw(tmp_path / "real", classes=("A", "ß", "7")), output=output)
    rendered = merged(output)["rendered"]
    assert (rendered["source"], rendered["geometry"]) == ("fonts", "frame")
    assert sorted(rendered["characters"]) == ["7", "A", "ß"]
    assert rendered["folder"] == yaml.safe_load(DEFAULTS.read_text())["rendered"]["folder"]


def test_fonts_draw_all_but_other(tmp_path, capsys):
    output = tmp_path / "letters.yaml"
    init(real=draw(tmp_path / "real", classes=("A", "other", "7")), output=output)
    assert sorted(merged(output)["rendered"]["characters"]) == ["7", "A"]
    assert "other: none of the other classes" in capsys.readouterr().out


def test_fonts_draw_the_characters_that_stand_for_classes(tmp_path):
    real = draw(tmp_path / "real", classes=("one", "two"))
    output = tmp_path / "numbers.yaml"
    with pytest.raises(InputError, match=r"class 'one'.*--rendered.*--characters"):
        init(real=real, output=output)
    with pytest.raises(InputError, match=r"3 characters for 2 classes.*one, two"):
        init(real=real, output=output, characters="123")
    init(real=real, output=output, characters="12")
    rendered = merged(output)["rendered"]
    assert rendered["characters"] == {"one": "1", "two": "2"}
    # Digits on photographs may stand on a display.
    assert rendered["folder"] == "resources/segments"
    assert list((DEFAULTS.parents[1] / rendered["folder"]).glob("*.ttf"))


def test_that_fonts_will_draw_is_said(tmp_path, capsys):
    real = draw(tmp_path / "real", classes=("0", "1"))
    init(real=real, output=tmp_path / "mine.yaml")
    (said,) = re.findall("rendered: .*", capsys.readouterr().out)
    assert "no --rendered" in said
    assert said.endswith(": 200 font families draw 0, 1")
    init(real=real, output=tmp_path / "other.yaml", characters="oi")
    assert "draw o for 0, i for 1\n" in capsys.readouterr().out


@pytest.mark.usefixtures("one_test_set")
@pytest.mark.parametrize("n", [45, 60])
def test_few_test_pictures_are_told(tmp_path, capsys, n):
    real = draw(tmp_path / "real", classes=("0", "1"), n=n)
    init(real=real, output=tmp_path / "mine.yaml")
    said = capsys.readouterr().out
    assert ("errors will be coarse: 2 of 2 classes have fewer than 10 test pictures" in said) == (
        n == 45
    )
    assert ("is 11 % error in class 0, and 5.6 % over all 18" in said) == (n == 45)


def test_a_class_that_is_never_tested_is_told(tmp_path, capsys):
    real = tmp_path / "real"
    draw(real / "train", classes=("0", "1"))
    draw(real / "test", classes=("0",), n=20, seed=1)
    init(real=real, output=tmp_path / "mine.yaml")
    said = capsys.readouterr().out
    assert "1 of 2 classes have fewer than 10 test pictures (class 1: 0)" in said
    assert "one picture read wrongly is 5.0 % over all 20" in said


@pytest.mark.parametrize("option", ["real", "rendered", "unlabelled"])
def test_errors_name_the_option_that_was_given(both, tmp_path, option):
    given = {"real": both[0], "rendered": both[1], option: tmp_path / "absent"}
    with pytest.raises(InputError, match=f"^--{option}: '.*/absent' is not a directory"):
        init(output=tmp_path / "mine.yaml", **given)
    assert not (tmp_path / "mine.yaml").exists()


def test_a_wrong_group_is_named_by_its_option(both, tmp_path):
    with pytest.raises(InputError, match=r"^--group: '\(' is no pattern"):
        init(real=both[0], rendered=both[1], output=tmp_path / "mine.yaml", group="(")


def test_too_few_pictures_to_test_on_name_no_key_of_the_config(tmp_path):
    real = draw(tmp_path / "real", classes=("0", "1"), n=2)
    with pytest.raises(InputError, match=r"^--real: no picture is left to test on") as error:
        init(real=real, output=tmp_path / "mine.yaml", group="(png)")
    assert "`real" not in str(error.value)


def test_real_pictures_are_not_taken_for_rendered_ones(both, tmp_path):
    with pytest.raises(InputError, match=r"^--rendered .*/rendered/../real: this is the folder of"):
        init(real=both[0], rendered=both[1] / "../real", output=tmp_path / "mine.yaml")


def test_splits_without_one_to_train_on_are_no_classes(tmp_path):
    real = draw(tmp_path / "real", classes=("valid", "Test"))
    with pytest.raises(InputError, match=r"^--real: .* 'Test', 'valid': .*splits.*call them train"):
        init(real=real, output=tmp_path / "mine.yaml")


def test_splits_are_known_by_their_usual_names(tmp_path, capsys):
    real = tmp_path / "real"
    for name, n in (("Train", 20), ("valid", 11), ("testing", 12)):
        draw(real / name, classes=("0", "1"), n=n, seed=n)
    init(real=real, output=tmp_path / "mine.yaml")
    said = capsys.readouterr().out
    assert re.search(r"class +train +validation +test\n  0 +20 +11 +12\n  1 +20 +11 +12\n", said)


@pytest.mark.usefixtures("one_test_set")
def test_what_is_told_is_of_pictures_that_can_be_used(tmp_path, capsys):
    real = tmp_path / "real"
    draw(real / "train", classes=("0", "1"), n=20)
    draw(real / "test", classes=("0", "1"), n=11, seed=1)
    (real / "train/0/large.png").write_bytes(b"")
    again = real / "test/0/again.png"
    again.write_bytes((real / "test/0/0.png").read_bytes())
    for n in (3, 4):
        (real / f"test/0/{n}.png").write_bytes((real / f"test/0/{n}.png").read_bytes()[:60])
    init(real=real, output=tmp_path / "mine.yaml")
    said = capsys.readouterr().out
    assert re.search(r"\n  0 [ \d]+ 9\n  1 [ \d]+ 11\n  all [ \d]+ 20\n", said)
    assert "colour: 40 of 40 pictures" not in said
    assert "colour: 60 of 60 pictures" in said
    assert "1 of 2 classes have fewer than 10 test pictures (class 0: 9)" in said


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_class_none_of_whose_pictures_can_be_read_stops(tmp_path, capsys, split):
    real = tmp_path / "real"
    for n, name in enumerate(("train", "test")):
        draw(real / name, classes=("0", "1"), seed=n)
    for path in (real / split / "1").iterdir():
        path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(InputError, match=r"picture that can be read is left of the class '1'; "):
        init(real=real, output=tmp_path / "mine.yaml")
    assert "left out: 12" in capsys.readouterr().out
    assert not (tmp_path / "mine.yaml").exists()


def test_thumbnails_that_programs_leave_are_passed_over_and_named(both, tmp_path, capsys):
    for path in list((both[0] / "star").iterdir()):
        for folder in (f"@eaDir/{path.name}", "Thumbs"):
            thumbnail = both[0] / "star" / folder / "SYNOPHOTO_THUMB_M.jpg"
            thumbnail.parent.mkdir(parents=True, exist_ok=True)
            Image.open(path).resize((9, 9)).save(thumbnail)
    init(real=both[0], rendered=both[1], output=tmp_path / "mine.yaml")
    said = capsys.readouterr().out
    assert "colour: 36 of 36" in said
    for name in ("star/@eaDir/", "star/Thumbs/"):
        assert f"    {name}: a folder of thumbnails" in said


def test_a_class_that_is_passed_over_is_named_before_all_files(both, tmp_path, capsys):
    for side in both:
        draw(side, classes=("thumb",), seed=7)
        for k in range(9):
            (side / f"{k}.png").write_bytes((side / f"star/{k}.png").read_bytes())
    init(real=both[0], rendered=both[1], output=tmp_path / "mine.yaml")
    said = capsys.readouterr().out
    first = "left out: 10\n    thumb/: passed over, as thumbnails of the pictures beside it; if it"
    assert said.count(f"{first} is a class, rename it") == 2


def test_one_class_and_other_are_a_study(tmp_path):
    real, rendered = tmp_path / "one", draw(tmp_path / "drawn", ("circle",), n=30, seed=1)
    draw(real, ("circle", "Other"))
    with pytest.raises(InputError, match=r"lacks 'Other'.*rename it 'other', which need not be re"):
        init(real=real, rendered=rendered, output=tmp_path / "mine.yaml")
    real.rename(tmp_path / "two")
    real = tmp_path / "two"
    (real / "Other").rename(real / "other")
    init(real=real, rendered=rendered, output=tmp_path / "mine.yaml")
    assert sources.classes(merged(tmp_path / "mine.yaml")) == ("circle", "other")


@pytest.mark.usefixtures("one_test_set")
def test_folders_may_name_the_group(both, tmp_path, capsys):
    for path in list(both[0].rglob("*.png")):
        camera = path.parent / f"cam{int(path.stem) % 6}"
        camera.mkdir(exist_ok=True)
        path.rename(camera / path.name)
    init(real=both[0], rendered=both[1], output=tmp_path / "mine.yaml", group=r"cam\d")
    assert re.search(r"groups: 6, [12] of them to test on, such as cam0 of circle/cam0/0\.png", (
        capsys.readouterr().out
    ))  # fmt: skip


def test_no_two_configs_share_a_study(both, tmp_path):
    given = {"real": both[0], "rendered": both[1]}
    for name in ("кошки", "собаки", "日本", "!!", "??"):
        init(output=tmp_path / f"{name}.yaml", **given)
    studies = [merged(path)["study"] for path in tmp_path.glob("*.yaml")]
    assert {"кошки", "собаки", "日本"} < set(studies)
    assert len(set(studies)) == 5
    init(output=tmp_path / "my study.yaml", **given)
    with pytest.raises(InputError, match=r"my-study\.yaml: .*/my study\.yaml is of the study"):
        init(output=tmp_path / "my-study.yaml", **given)
    with pytest.raises(InputError, match=r"config/demo\.yaml is of the study 'demo'"):
        init(output=tmp_path / "demo.yaml", **given)


def test_results_of_another_config_are_not_overwritten(both, tmp_path):
    given = {"real": both[0], "rendered": both[1], "output": tmp_path / "mine.yaml"}
    results = Path("results/mine/report.html")
    results.parent.mkdir(parents=True)
    init(**given)
    results.touch()
    # Its own may be there.
    init(force=True, **given)
    given["output"].unlink()
    with pytest.raises(InputError, match=r"mine\.yaml: results/mine holds the results"):
        init(**given)
    assert not given["output"].exists()


@pytest.mark.parametrize("name", ["labels.csv", "train/_annotations.coco.json", "labels/0.txt"])
def test_lists_of_labels_are_told_from_folders_of_classes(tmp_path, name):
    draw(tmp_path, classes=("images",))
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    with pytest.raises(InputError, match=rf"'{name}' looks like a list.*docs/own-images\.md"):
        init(real=tmp_path, output=tmp_path / "mine.yaml")


def table(path, *rows, header="file,class,split,group"):
    path.write_text("".join(f"{row}\n" for row in (header, *rows)), encoding="utf-8")
    return path


def test_a_table_of_labels_becomes_folders_of_links(both, tmp_path, capsys):
    pictures = tmp_path / "images"
    draw(pictures, classes=("day", "night"), n=60)
    splits = ["Train"] * 6 + ["valid"] * 2 + ["TEST"] * 2
    rows = [
        f"{when}/{k}.png;{CLASSES[k % 3]};{splits[k % 10]};cam{k % 10}"
        for when in ("day", "night")
        for k in range(50)
    ]
    given = {"real": pictures, "rendered": both[1], "output": tmp_path / "mine.yaml"}
    listed = table(tmp_path / "labels.csv", *rows, header="File;Class;Split;Group")
    init(labels=listed, **given)
    config = merged(tmp_path / "mine.yaml")
    assert (config["real"]["directory"], config["real"]["group"]) == ("data/mine", "^([^/]+)/")
    said = capsys.readouterr().out
    assert "groups: 10, 2 of them to test on" in said
    assert "colour: 100 of 100 pictures" in said
    assert Path("data/mine/train/circle/cam0/day/0.png").resolve() == pictures / "day/0.png"
    # Again, of a shorter table.
    listing.list_real.cache_clear()
    init(labels=table(listed, *rows[:80], header="File;Class;Split;Group"), force=True, **given)
    assert "colour: 80 of 80 pictures" in capsys.readouterr().out


def test_a_table_needs_neither_splits_nor_groups(both, tmp_path):
    rows = [f"{path.relative_to(both[0])},{path.parent.name}" for path in both[0].rglob("*.png")]
    listed = table(tmp_path / "labels.csv", *rows, header="file,class")
    given = {"real": both[0], "rendered": both[1], "labels": listed}
    init(output=tmp_path / "mine.yaml", **given)
    assert (
        "group" not in merged(tmp_path / "mine.yaml")["real"]
        or not (merged(tmp_path / "mine.yaml")["real"]["group"])
    )


@pytest.mark.parametrize(
    ("header", "row", "said"),
    [
        ("file,label", "a.png,x", r"labels\.csv: has no column 'class'.*label.*first line must"),
        ("file,class", "circle/0.png", "line 2: has no class"),
        ("file,class", "circle/0.png,a/b", "line 2: the class 'a/b' cannot name a folder"),
        ("file,class", ".cache/0.png,a", "line 2: the file '.cache/0.png' begins with a dot"),
        ("file,class", "../0.png,a", "line 2: the file '../0.png' is no path below"),
        ("file,class,split", "circle/0.png,a,dev", "line 2: the split 'dev' is none of train"),
        ("file,class", "circle/0.png,a\ncircle/0.png,a", "line 3: 'circle/0.png' stands ther"),
        (
            "file,class",
            "circle/zero,a",
            r"1 of 1 files are not in .*'circle/zero'.*their suffix",
        ),
        ("file,class", "", r"labels\.csv: has no line of a picture"),
    ],
)
def test_what_is_wrong_with_a_table_is_one_line(both, tmp_path, header, row, said):
    listed = table(tmp_path / "labels.csv", *filter(None, [row]), header=header)
    with pytest.raises(InputError, match=f"--labels.*{said}"):
        init(real=both[0], rendered=both[1], labels=listed, output=tmp_path / "mine.yaml")
    assert not Path("data/mine").exists()


def test_a_folder_of_a_persons_own_is_not_made_anew(both, tmp_path):
    Path("data/mine").mkdir(parents=True)
    listed = table(tmp_path / "labels.csv", "circle/0.png,a", header="file,class")
    with pytest.raises(InputError, match=r"data/mine is there already.*move it away"):
        init(real=both[0], rendered=both[1], labels=listed, output=tmp_path / "mine.yaml")


def test_what_stops_reading_after_some_lines_gets_its_config(both, tmp_path):
    output = tmp_path / "mine.yaml"
    options = ["--real", both[0], "--rendered", both[1], "--output", output]
    run = subprocess.Popen(
        [sys.executable, "-u", "-m", "realink", "init", *options],
        env=os.environ | {"PYTHONPATH": str(ROOT / "workflow")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    run.stdout.close()
    assert run.stderr.read() == b""
    run.wait(timeout=HANGS)
    assert merged(output)["study"] == "mine"


@pytest.mark.usefixtures("one_test_set")
def test_a_study_that_takes_longer_than_asked_says_so(both, tmp_path, capsys):
    init(real=both[0], rendered=both[1], output=tmp_path / "mine.yaml", minutes=1)
    assert re.search("time: about [2-9] minutes .*, not the 1 asked for", capsys.readouterr().out)


@pytest.mark.usefixtures("one_test_set")
def test_a_slow_machine_is_proposed_less_and_told_its_own_time(both, tmp_path, capsys, monkeypatch):
    init(real=both[0], rendered=both[1], output=tmp_path / "quick.yaml")
    quick = merged(tmp_path / "quick.yaml")
    capsys.readouterr()
    slower = durations.Speed(3.0, 3.0, 3.0)
    monkeypatch.setattr(pace, "speed", lambda pretrained: slower)
    init(real=both[0], rendered=both[1], output=tmp_path / "slow.yaml")
    slow = merged(tmp_path / "slow.yaml")
    assert proposal.seconds(slow) <= 60 * 30 / 3 < proposal.seconds(quick) <= 60 * 30
    takes = round(3 * proposal.seconds(slow) / 60)
    assert f"time: about {takes} minutes" in capsys.readouterr().out
    assert f"About {takes} minutes" in (tmp_path / "slow.yaml").read_text()


def test_narrow_photographs_get_a_study(tmp_path):
    real = draw(tmp_path / "real", classes=("0", "1"), size=(20, 200))
    init(real=real, output=tmp_path / "narrow.yaml")
    config = merged(tmp_path / "narrow.yaml")
    assert config["learners"] == ["small", "frozen"]
    assert (config["images"]["height"], config["images"]["width"]) == (60, 224)
    assert config["learner_settings"]["small"]["side"] == 60


def test_it_runs_where_the_study_will(both, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=f"run this in realink's own folder, {ROOT}"):
        init(real=both[0], rendered=both[1], output=tmp_path / "mine.yaml")


def test_what_cannot_be_written_is_one_line(both, tmp_path):
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(InputError, match=r"folder\.yaml: this is a folder; name a file in it"):
        init(real=both[0], rendered=both[1], output=tmp_path / "folder.yaml", force=True)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file/mine\.yaml: cannot be written: "):
        init(real=both[0], rendered=both[1], output=tmp_path / "file/mine.yaml")


def test_a_config_that_is_there_is_kept(both, tmp_path):
    output = tmp_path / "mine.yaml"
    output.write_text("mine: yes\n")
    with pytest.raises(InputError, match=r"mine\.yaml: this file is there already.*--force"):
        init(real=both[0], rendered=both[1], output=output)
    assert output.read_text() == "mine: yes\n"
    init(real=both[0], rendered=both[1], output=output, force=True)
    assert merged(output)["study"] == "mine"


def test_the_defaults_are_never_overwritten(both):
    with pytest.raises(InputError, match="defaults of all studies"):
        init(real=both[0], rendered=both[1], output=DEFAULTS, force=True)


def test_a_study_is_named_after_its_file(both, tmp_path, capsys):
    output = tmp_path / "it's mine; ü.yaml"
    init(real=both[0], rendered=both[1], output=output)
    assert merged(output)["study"] == "it-s-mine-ü"
    assert "'\"'\"'s mine" in capsys.readouterr().out  # quoted for the shell


HOSTILE = [
    "a b",
    "it's",
    'say "x"',
    "ü日本",
    "new\nline",
    "-dash",
    "<script>",
    "no",
    "007",
    "\x1b[2J",
]


def test_hostile_names_are_shown_and_kept(tmp_path, capsys):
    real = draw(tmp_path / 'my "real": #1', classes=HOSTILE, n=5)
    rendered = draw(tmp_path / "my\nrendered", classes=HOSTILE, n=5, seed=1)
    output = tmp_path / "hostile.yaml"
    init(real=real, rendered=rendered, output=output)
    config = merged(output)
    assert config["real"]["directory"] == str(real)
    assert config["rendered"]["directory"] == str(rendered)
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "ü日本" in said


def test_what_is_wrong_is_said_before_anything_is_written(both, tmp_path, capsys):
    real, rendered = both
    (real / "star" / "empty.png").write_bytes(b"")
    (real / "star" / "notes.txt").write_text("")
    (real / "circle" / "again.png").write_bytes((real / "circle/0.png").read_bytes())
    output = tmp_path / "mine.yaml"
    init(real=real, rendered=rendered, output=output)
    said = capsys.readouterr().out
    for told in ("star/empty.png: an empty file", "star/notes.txt: not a picture", "again.png"):
        assert told in said
    (rendered / "cross").mkdir()
    Image.new("RGB", (40, 32)).save(rendered / "cross" / "0.png")
    listing.list_rendered.cache_clear()
    with pytest.raises(InputError, match=f"{re.escape(str(real))} lacks 'cross'"):
        init(real=real, rendered=rendered, output=tmp_path / "other.yaml")
    assert not (tmp_path / "other.yaml").exists()


def test_copies_in_two_splits_are_dropped_and_in_two_classes_stop(tmp_path, capsys):
    real = tmp_path / "real"
    draw(real / "train")
    draw(real / "test", n=4, seed=1)
    (real / "train/star/copy.png").write_bytes((real / "test/star/0.png").read_bytes())
    rendered = draw(tmp_path / "rendered", seed=2)
    output = tmp_path / "mine.yaml"
    init(real=real, rendered=rendered, output=output)
    assert merged(output)["real"]["duplicates"] == "drop"
    assert "test/star/0.png: train/star/copy.png" in capsys.readouterr().out
    (real / "train/circle/wrong.png").write_bytes((real / "train/star/3.png").read_bytes())
    listing.list_real.cache_clear()
    with pytest.raises(InputError, match=r"in two classes: .*wrong\.png"):
        init(real=real, rendered=rendered, output=output, force=True)


@pytest.mark.usefixtures("one_test_set")
def test_rendered_pictures_that_are_real_ones_are_named_and_dropped(tmp_path, capsys):
    real = draw(tmp_path / "real", n=20)
    rendered = draw(tmp_path / "rendered", seed=2)
    for path in sorted(real.glob("*/*.png")):
        (rendered / path.parent.name / f"real{path.name}").write_bytes(path.read_bytes())
    output = tmp_path / "mine.yaml"
    init(real=real, rendered=rendered, output=output)
    said = capsys.readouterr().out
    assert "the same picture is a real one, left out: 60\n" in said
    assert re.search(r"circle/(\d+)\.png: circle/real\1\.png", said)
    assert merged(output)["real"]["duplicates"] == "drop"
    assert "60 pictures stand in two splits, or among the rendered" in output.read_text()


def test_counts_of_rendered_pictures_are_of_those_that_a_study_has(tmp_path, capsys):
    real = draw(tmp_path / "real", n=20)
    rendered = draw(tmp_path / "rendered", seed=2)
    for path in sorted(real.glob("*/1*.png")):
        (rendered / path.parent.name / f"real{path.name}").write_bytes(path.read_bytes())
    init(real=real, rendered=rendered, output=tmp_path / "mine.yaml")
    said = capsys.readouterr().out.partition("rendered:")[2]
    assert re.search(r"all +36\n", said)
    assert "colour: 36 of 36 pictures" in said


def test_unlabelled_pictures_that_look_like_tested_ones_are_named(tmp_path, capsys):
    real = tmp_path / "real"
    for split, seed in (("train", 1), ("validation", 2), ("test", 3)):
        draw(real / split, seed=seed, size=(96, 128))
    further = draw(tmp_path / "further", classes=("pile",), seed=4, size=(96, 128))
    blotches = Image.fromarray(np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8))
    blotches.resize((128, 96), Image.Resampling.BICUBIC).save(real / "test/star/3.png")
    blotches.resize((64, 48), Image.Resampling.BICUBIC).save(further / "pile/again.png")
    rendered = draw(tmp_path / "rendered", seed=5)
    init(real=real, rendered=rendered, unlabelled=further, output=tmp_path / "mine.yaml")
    said = capsys.readouterr().out.partition("unlabelled:")[2]
    assert "test/star/3.png: pile/again.png" in said
    assert "test pictures among them: 1" in said


def test_pictures_none_of_which_can_be_read_are_named(tmp_path, capsys):
    real = draw(tmp_path / "real")
    for path in real.glob("*/*"):
        path.write_bytes(b"\0\0\0\x24ftypheic\0\0\0\0mif1heic")
    with pytest.raises(InputError, match="no picture that can be read is left"):
        init(real=real, rendered=draw(tmp_path / "rendered"), output=tmp_path / "mine.yaml")
    assert "a HEIC: save it as PNG" in capsys.readouterr().out


def test_sizes_are_those_of_pictures_that_are_there(tmp_path, capsys):
    real = draw(tmp_path / "real")
    for name, size in (("flat", (400, 5)), ("tall", (5, 300)), ("large", (400, 300))):
        Image.new("RGB", size, (len(name), 9, 99)).save(real / f"star/{name}.png")
    init(real=real, rendered=draw(tmp_path / "rendered", seed=2), output=tmp_path / "mine.yaml")
    said = "height x width: 40 x 32 the smallest, 40 x 32 in the middle, 300 x 400 the largest"
    assert said in capsys.readouterr().out


@pytest.mark.usefixtures("one_test_set")
def test_pictures_that_look_alike_are_named_with_a_pattern_that_keeps_them_together(
    tmp_path, capsys
):
    real = tmp_path / "real"
    for place, label in enumerate(CLASSES):
        (real / label).mkdir(parents=True)
        for k in range(12):
            blotches = np.random.default_rng((place, k)).integers(0, 256, (6, 8, 3), dtype=np.uint8)
            picture = Image.fromarray(blotches).resize((64, 48), Image.Resampling.BICUBIC)
            for frame, quality in enumerate((95, 60)):
                picture.save(real / label / f"track{k}_{frame:03}.jpg", quality=quality)
    output = tmp_path / "mine.yaml"
    init(real=real, rendered=draw(tmp_path / "rendered", seed=2), output=output)
    said = capsys.readouterr().out
    assert said.count("alike, in validation or test and elsewhere") == 1
    assert re.search(r"(\w+/track\d+)_00\d\.jpg: \1_00\d\.jpg", said)
    (pattern,) = re.findall(r"--group '(.+)' would keep them together", said)
    assert re.search(r"test pictures among them: \d+", said)
    listing.list_real.cache_clear()
    init(real=real, rendered=tmp_path / "rendered", output=output, force=True, group=pattern)
    assert "  alike, in" not in capsys.readouterr().out


def test_grey_pictures_on_paper_get_a_grey_study(tmp_path):
    real = draw(tmp_path / "real", classes=("0", "1"), grey=True, size=(28, 28))
    output = tmp_path / "grey.yaml"
    init(real=real, output=output)
    config = merged(output)
    assert config["images"]["channels"] == 1
    assert (config["images"]["height"], config["images"]["width"]) == (28, 28)
    assert "real-warp-aug" in config["mixes"]
    # What is written on paper no pretrained network knows.
    assert (config["learners"], config["learner_settings"]) == (["small"], {})
    assert sources.complete(config)["learner_settings"]["small"]["standardise"] is False
    assert "learner" not in output.read_text()
    # Fonts draw as many for each real one as they may; all of these join each mix.
    assert (config["rendered"]["count"], config["synthetic"]) == (170, "all")
    assert config["augmentation"]["blur"] == 0


def test_groups_are_passed_on(tmp_path, both):
    for path in both[0].rglob("*.png"):
        path.rename(path.with_name(f"cam{int(path.stem) % 6}_{path.stem}.png"))
    output = tmp_path / "mine.yaml"
    init(real=both[0], rendered=both[1], output=output, group="^(.*)_")
    assert merged(output)["real"]["group"] == "^(.*)_"


@pytest.mark.usefixtures("one_test_set")
@pytest.mark.parametrize(
    ("grey", "minutes", "learners"),
    [
        (False, 5, ["small", "frozen"]),
        (False, 30, ["small", "frozen"]),
        (False, 200, ["small", "frozen", "finetuned"]),
        (True, 200, ["small"]),
    ],
)
def test_learners_follow_from_the_pictures_and_the_minutes(
    tmp_path, capsys, grey, minutes, learners
):
    real = draw(tmp_path / "real", classes=("0", "1"), grey=grey)
    rendered = draw(tmp_path / "rendered", classes=("0", "1"), seed=1, grey=grey)
    output = tmp_path / "mine.yaml"
    init(real=real, rendered=rendered, output=output, minutes=minutes)
    config = merged(output)
    assert config["learners"] == learners
    cells = grid.cells(sources.complete(config))
    assert {cell.learner for cell in cells} == set(learners)
    said = capsys.readouterr().out
    assert f"classifiers: {len(cells)}, " in said
    if minutes == 200:
        assert {"real", "rendered", "real-rendered", "real-rendered-aug"} <= set(config["mixes"])
    several = f", by {len(learners)} learners each ({', '.join(learners)})"
    assert (several in said) == ("learners each" in said) == (len(learners) > 1)


@pytest.mark.parametrize(("each", "count"), [(2, 20), (12, 180)])
def test_fonts_draw_ten_for_each_real_picture(tmp_path, each, count):
    real = draw(tmp_path / "real/train", classes=("0", "1"), n=each).parent
    draw(real / "validation", classes=("0", "1"), n=2, seed=1)
    draw(real / "test", classes=("0", "1"), n=3, seed=2)
    output = tmp_path / "mine.yaml"
    init(real=real, output=output)
    config = merged(output)
    pool = 2 * each
    assert config["rendered"]["count"] == 10 * pool
    cells = grid.cells(sources.complete(config))
    held = {cell.n_synthetic for cell in cells if cell.synthetic != "none"}
    assert (max(cell.n_real for cell in cells), held) == (pool, {10 * pool})


def sizes(height, width, n=100, spread=0):
    rng = np.random.default_rng(0)
    return np.array([[height, width]]) + rng.integers(-spread, spread + 1, (n, 2))


@pytest.mark.parametrize(
    ("height", "width", "chosen"),
    [
        (32, 20, (40, 24)),
        (44, 26, (40, 24)),
        (28, 28, (28, 28)),
        (8, 8, (16, 16)),
        (100, 400, (20, 80)),
        (3000, 4000, (56, 74)),
        (3000, 3600, (64, 64)),
        (200, 190, (48, 48)),
        (90, 30, (40, 16)),
    ],
)
def test_the_size_follows_the_median(height, width, chosen):
    assert proposal.size(sizes(height, width)) == chosen


@pytest.mark.parametrize(
    ("height", "width", "chosen"),
    [
        (28, 28, (96, 96)),
        (96, 96, (96, 96)),
        (97, 110, (128, 128)),
        (150, 150, (160, 160)),
        (161, 180, (192, 192)),
        (180, 240, (168, 224)),
        (3000, 3600, (224, 224)),
        # As far from square as `size` makes them.
        (32, 20, (96, 58)),
        (100, 400, (56, 224)),
        (3000, 4000, (170, 224)),
        (400, 130, (224, 73)),
        # No side is too short for it.
        (60, 600, (45, 224)),
        (600, 60, (224, 45)),
    ],
)
def test_a_pretrained_network_sees_pictures_as_large_as_they_are(height, width, chosen):
    found = proposal.pretrained_size(sizes(height, width))
    assert found == chosen
    assert all(32 <= side <= 224 for side in found)


def test_pictures_of_many_proportions_are_not_stretched():
    assert proposal.fit(sizes(40, 30, spread=2)) == "stretch"
    assert proposal.fit(np.concatenate([sizes(40, 20), sizes(20, 40)])) == "crop"


@pytest.mark.parametrize("pool", [6, 9, 30, 100, 2215, 60_000])
def test_counts_grow_to_the_whole_pool(pool):
    fewest = proposal.least_count(pool, 3)
    for n in (1, 2, 3, 5):
        counts = proposal.counts(fewest, pool, n)
        assert counts[-1] == pool
        assert counts == sorted(set(counts))
        assert len(counts) <= n
        assert min(counts) >= min(pool, 6)


@pytest.mark.usefixtures("one_test_set")
@pytest.mark.parametrize("minutes", [15, 60])
@pytest.mark.parametrize("size", [(40, 32), (150, 150), (400, 400)])
def test_a_study_of_any_size_ends_in_time(tmp_path, size, minutes):
    for name, seed in (("real", 1), ("rendered", 2)):
        draw(tmp_path / name, n=10, seed=seed, size=size)
    output = tmp_path / "mine.yaml"
    init(
        real=tmp_path / "real",
        rendered=tmp_path / "rendered",
        output=output,
        minutes=minutes,
    )
    config = merged(output)
    assert proposal.seconds(config) <= 60 * minutes
    # The question itself is always asked.
    assert {"real-aug", "real-rendered-aug"} < set(config["mixes"])


def test_values_survive_the_writing():
    values = [
        "real-aug",
        "no",
        "null",
        "1e3",
        "a: b # c",
        "x\n y",
        "ü\u2028😀",
        "",
        "'",
        '"',
        "-",
        "{}",
        "~",
    ]
    config = {"list": [1, 0.5, True, None], "map": {value: value for value in values}}
    config["map"] |= {"nested": dict(zip(values, values, strict=True))}
    text = proposal.to_yaml(config, {"list": "a comment", "map.no": "another"})
    assert json.dumps(yaml.safe_load(text)) == json.dumps(config)
    assert "[1, 0.5, true, null]  # a comment\n" in text


def test_characters_that_no_font_has_are_found_before_anything_is_read(tmp_path):
    real = draw(tmp_path / "real", classes=("一", "二", "7"))
    with pytest.raises(InputError, match=r"none of \d+ font files has 一, 二; .*fonts-droid-fallb"):
        init(real=real, output=tmp_path / "mine.yaml")
    with pytest.raises(InputError, match=r"none of \d+ font files has 한; .*Debian's fonts-nanum"):
        init(real=real, output=tmp_path / "mine.yaml", characters="한12")
    assert not (tmp_path / "mine.yaml").exists()


def test_characters_that_no_font_has_together_are_found(tmp_path):
    # Thai and Devanagari digits.
    real = draw(tmp_path / "real", classes=("๓", "७"))
    with pytest.raises(InputError, match=r"has all classes, and the fewest have .*fonts-noto-core"):
        init(real=real, output=tmp_path / "mine.yaml")


def test_characters_of_few_fonts_are_told(tmp_path, capsys):
    real = draw(tmp_path / "real", classes=("א", "ב"))
    init(real=real, output=tmp_path / "mine.yaml")
    said = capsys.readouterr().out
    assert re.search(r"few fonts: (\d+) of \d+ font files have all of these \(of א, \1\)", said)
    init(real=real, output=tmp_path / "other.yaml", characters="12")
    assert "few fonts" not in capsys.readouterr().out
