"""Pictures gathered by a table: each checked, the folder whole or not at all."""

import hashlib
from pathlib import Path

import pandas as pd
import pytest

from realink.commands.gather import gather
from realink.errors import InputError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def made(tmp_path):
    """Three files of a clone, and the table of two of them."""
    rows = []
    for place, (split, label) in enumerate((("train", "0"), ("test", "NA"), ("test", "1"))):
        path = tmp_path / f"clone/pictures/some {place}.JPG"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"picture {place}".encode())
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        rows.append((f"pictures/some {place}.JPG", sha256, split, label, "hall", "more"))
    table = pd.DataFrame(rows[:2], columns=["source", "sha256", "split", "class", "group", "kind"])
    table.to_csv(tmp_path / "table.csv", index=False)
    return table, tmp_path


def gathered(root):
    gather(root / "table.csv", source=root / "clone", output=root / "data/out")
    return sorted(path for path in (root / "data").rglob("*") if path.is_file())


def test_a_folder_of_splits_and_classes_named_by_group(made, capsys):
    table, root = made
    first, second = (sha256[:10] for sha256 in table["sha256"])
    out = root / "data/out"
    assert gathered(root) == [out / f"test/NA/hall_{second}.jpg", out / f"train/0/hall_{first}.jpg"]
    assert (out / f"train/0/hall_{first}.jpg").read_bytes() == b"picture 0"
    assert capsys.readouterr().out == f"{out}: 2 pictures, each as its sha256 says\n"
    with pytest.raises(InputError, match="is there already"):
        gathered(root)


def test_a_table_without_splits_makes_a_folder_of_classes(made):
    table, root = made
    table.assign(split="").to_csv(root / "table.csv", index=False)
    first, second = (sha256[:10] for sha256 in table["sha256"])
    out = root / "data/out"
    assert gathered(root) == [out / f"0/hall_{first}.jpg", out / f"NA/hall_{second}.jpg"]


def test_a_split_for_some_pictures_alone_is_refused(made):
    table, root = made
    table.loc[1, "split"] = ""
    table.to_csv(root / "table.csv", index=False)
    with pytest.raises(InputError, match=r"line 3: .*`split`"):
        gathered(root)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda path: path.unlink(), "some 1.JPG is not there"),
        (lambda path: path.write_bytes(b"other"), "some 1.JPG is another file"),
    ],
)
def test_a_file_that_is_not_the_tables_leaves_nothing(made, damage, says):
    _, root = made
    damage(root / "clone/pictures/some 1.JPG")
    with pytest.raises(InputError, match=f"1 of 2 pictures are wrong: pictures/{says}"):
        gathered(root)
    assert not (root / "data").exists()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("source", "../secret"),
        ("source", "/etc/passwd"),
        ("source", ""),
        ("split", ".."),
        ("class", "a/b"),
        ("class", ""),
        ("group", "../up"),
        ("sha256", "12"),
        ("source", "pictures/some\0"),
        ("class", "1\0"),
        ("group", "x" * 250),
    ],
)
def test_a_table_cannot_reach_outside(made, column, value):
    table, root = made
    table.loc[1, column] = value
    table.to_csv(root / "table.csv", index=False)
    with pytest.raises(InputError, match=r"table\.csv, line 3: `source` must be a path below"):
        gathered(root)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,b\n1,2\n", "needs the columns source, sha256"),
        ("\n", "not a CSV table"),
        ("a,b\n1,2\n3,4,5\n", r"not a CSV table \(.* saw 3\)$"),
        ("", "ends within a line"),
        ("a,b\n1,", "ends within a line"),
    ],
)
def test_another_table_is_refused(made, text, says):
    _, root = made
    (root / "table.csv").write_text(text)
    with pytest.raises(InputError, match=says):
        gathered(root)
    (root / "table.csv").unlink()
    with pytest.raises(InputError, match="no such file"):
        gathered(root)


def test_a_picture_that_stands_there_twice_is_refused(made):
    table, root = made
    pd.concat([table, table[:1]]).to_csv(root / "table.csv", index=False)
    with pytest.raises(InputError, match=r"table\.csv, line 4: this picture stands there twice"):
        gathered(root)


def test_the_table_of_meters_is_what_the_study_says():
    table = pd.read_csv(ROOT / "resources/meters/images.csv", dtype=str)
    assert table["split"].value_counts().to_dict() == {
        "train": 2215,
        "test": 1051,
        "validation": 289,
    }
    assert set(table["class"]) == set("0123456789")
    assert table["sha256"].is_unique
    # No owner's meters are in two splits, and no meter.
    assert table.groupby("owner")["split"].nunique().max() == 1
    assert table.groupby("group")["split"].nunique().max() == 1
    assert table.groupby("split")["group"].nunique().to_dict() == {
        "train": 26, "validation": 6, "test": 12
    }  # fmt: skip


def test_the_table_of_signs_is_what_the_study_says():
    table = pd.read_csv(ROOT / "resources/signs/images.csv", dtype=str)
    assert table["split"].value_counts().to_dict() == {
        "test": 12_630,
        "train": 5_680,
        "validation": 855,
    }
    assert table["class"].nunique() == 43
    assert table.groupby("split")["class"].nunique().eq(43).all()
    assert table["source"].is_unique
    # No track is in two splits.
    assert table.groupby("group")["split"].nunique().max() == 1
