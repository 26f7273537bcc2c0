"""Folders as names alone: what no picture has to be read for."""

import os

import pytest

from realink.errors import InputError
from realink.images import listing, names
from realink.images.splits import split_off

SPLIT = {"validation": 0.1, "test": 0.2, "group": None}


def touch(root, *files):
    for file in files:
        path = os.path.join(os.fsencode(root), os.fsencode(file))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(os.fsencode(file))
    return root


def numbered(*folders, n=6):
    return [f"{folder}/{k}.png" for folder in folders for k in range(n)]


def test_a_class_may_be_called_train(tmp_path):
    touch(tmp_path, *numbered("train", "bus"))
    assert listing.list_real(tmp_path, **SPLIT).classes == ("bus", "train")


def test_pictures_outside_the_folders_of_classes_are_named(tmp_path):
    touch(tmp_path, "0.png", "1.png")
    with pytest.raises(InputError, match=r"or more; it has none, and 2 pictures outside: '0.png'"):
        listing.list_real(tmp_path, **SPLIT)


def test_where_the_only_picture_of_a_class_is(tmp_path):
    touch(tmp_path, *numbered("train/a", "train/b", "test/a"), "test/c/0.png")
    with pytest.raises(InputError, match=r"train on of the class 'c' \(all of it is in test\)"):
        listing.list_real(tmp_path, **SPLIT)


def test_splits_beside_classes_stop(tmp_path):
    touch(tmp_path, *numbered("train/a", "train/b", "test/a", "bus"))
    with pytest.raises(InputError, match="'bus' beside 'test', 'train'"):
        listing.list_real(tmp_path, **SPLIT)


def test_two_folders_of_one_split_stop(tmp_path):
    touch(tmp_path, *numbered("train/a", "train/b", "val/a", "validation/a"))
    with pytest.raises(InputError, match="both val and validation"):
        listing.list_real(tmp_path, **SPLIT)


def test_one_name_in_two_unicode_forms_is_one_class(tmp_path):
    touch(tmp_path, *numbered("\u00fc", n=3), *numbered("x"), "u\u0308/9.png")
    listed = listing.list_real(tmp_path, **SPLIT)
    assert listed.classes == ("x", "\u00fc")
    assert len(listed.used) == 10


def test_a_name_that_is_no_utf_8_is_left_out(tmp_path):
    touch(tmp_path, *numbered("a", "b"), b"a/\xff.png")
    out = [p for p in listing.list_real(tmp_path, **SPLIT).pictures if p.left_out]
    assert [p.left_out for p in out] == ["its name, or its folder's, is not UTF-8: rename it"]
    assert len(listing.inputs(tmp_path)) == 12


def test_links_to_folders_are_followed_but_not_in_circles(tmp_path):
    touch(tmp_path / "real", *numbered("a", "b"))
    touch(tmp_path, *numbered("elsewhere"))
    (tmp_path / "real" / "c").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "real" / "a" / "up").symlink_to("..")
    listed = listing.list_real(tmp_path / "real", **SPLIT)
    assert listed.classes == ("a", "b", "c")
    assert len(listed.used) == 18


def test_what_snakemake_takes_for_a_variable_is_hashed(tmp_path):
    odd = ["<script>/0.png", "{n}/0.png", "a/{n,[0-9]{2}}.png", "a/new\nline.png"]
    plain = ["a/{.png", "a/<x y>.png", "a/1 < 2 > 0.png", "a/it's.png", "a/-dash.png"]
    touch(tmp_path, *odd, *plain)
    assert listing.inputs(tmp_path) == sorted(f"{tmp_path}/{file}" for file in plain)
    assert listing.unnameable(tmp_path).keys() == {f"{tmp_path}/{file}" for file in odd}


def test_the_working_directory_is_not_taken_for_an_empty_key():
    with pytest.raises(InputError, match="not a directory of pictures"):
        listing.list_real(listing.Path(""), **SPLIT)


def test_a_picture_of_no_group_stops(tmp_path):
    touch(tmp_path, *(f"{c}/g{k % 3}_{k}.png" for c in "ab" for k in range(9)), "a/other.png")
    with pytest.raises(InputError, match=r"`real: group:`.*1 pictures.*'a/other\.png'"):
        listing.list_real(tmp_path, **SPLIT | {"group": "^(.*)_"})


@pytest.mark.parametrize(
    ("n", "expected"),
    [(1, (1, 0, 0)), (2, (1, 1, 0)), (3, (1, 1, 1)), (4, (2, 1, 1)), (10, (7, 2, 1))],
)
def test_small_classes_are_trained_on_first_then_tested(n, expected):
    parts = split_off([(str(k), "a") for k in range(n)], {"test": 0.2, "validation": 0.1}, "train")
    assert tuple(map(parts.count, ("train", "test", "validation"))) == expected


def test_few_groups_are_set_aside_whole():
    pictures = [(f"g{k % 2}", label) for k in range(12) for label in "ab"]
    parts = split_off(pictures, {"test": 0.2, "validation": 0.1}, "train")
    assert {parts.count("train"), parts.count("test")} == {12}
    assert len({(unit, part) for (unit, _), part in zip(pictures, parts, strict=True)}) == 2


def test_splits_are_known_in_any_case(tmp_path):
    touch(tmp_path, *numbered("Train/a", "Train/b", "VALID/a", "Testing/a", "Testing/b"))
    listed = listing.list_real(tmp_path, **SPLIT)
    assert [len(listed.split(name)) for name in names.SPLITS] == [12, 6, 12]


def test_what_programs_leave_is_passed_over_wherever_it_stands(tmp_path):
    made = "@eaDir", "__MACOSX", "System Volume Information", "train/@eaDir", "train/a/#recycle"
    touch(tmp_path, *numbered("train/a", "train/b", "test/a", "test/b"), *numbered(*made))
    listed = listing.list_real(tmp_path, **SPLIT)
    assert listed.classes == ("a", "b")
    assert len(listed.used) == len(listing.inputs(tmp_path)) == 24
    assert {p.file for p in listed.pictures if p.left_out} == {f"{name}/" for name in made}
    assert {p.left_out for p in listed.pictures} == {"", names.PASSED_OVER}


@pytest.mark.parametrize("above", ["", "Train/"])
def test_a_class_may_be_called_thumbs(tmp_path, above):
    folders = "thumbs", "fists", "fists/thumbs", "palms/full", "palms/Thumbnails"
    touch(tmp_path, *numbered(*(above + folder for folder in folders)))
    touch(tmp_path, *["test/fists/0.png"] * bool(above))
    listed = listing.list_real(tmp_path, **SPLIT)
    assert listed.classes == ("fists", "palms", "thumbs")
    out = [p.file for p in listed.pictures if p.left_out]
    assert out == [f"{above}fists/thumbs/", f"{above}palms/Thumbnails/"]


@pytest.mark.parametrize("above", ["", "train/"])
def test_a_class_called_thumb_beside_stray_pictures_is_told_how_to_be_one(tmp_path, above):
    folders = "thumb", "fist", "palm"
    touch(tmp_path, *numbered(*(above + folder for folder in folders)), f"{above}0.png")
    touch(tmp_path, *["test/fist/0.png"] * bool(above))
    listed = listing.list_real(tmp_path, **SPLIT)
    assert listed.classes == ("fist", "palm")
    (why,) = [p.left_out for p in listed.pictures if p.file == f"{above}thumb/"]
    assert why.endswith("if it is a class, rename it, or move those pictures away")


@pytest.mark.parametrize("others", [(), ("leather",)])
def test_splits_inside_classes_stop(tmp_path, others):
    inside = "bottle/train/good", "bottle/test/bad", "cable/Train", "cable/valid"
    touch(tmp_path, *numbered(*inside, *others))
    said = "as 'bottle/train', '.*: turn them round, <split>/<class>/., as 'train/bottle'"
    with pytest.raises(InputError, match=said):
        listing.list_real(tmp_path, **SPLIT)


@pytest.mark.parametrize(
    "folders",
    [
        # One split alone, as of the pictures of a contest whose test set has no labels.
        ("bottle/train", "cable/train"),
        # A site may be called so.
        ("bottle/test", "bottle/train", "cable/port", "cable/depot"),
    ],
)
def test_folders_inside_classes_may_be_called_as_splits(tmp_path, folders):
    touch(tmp_path, *numbered(*folders))
    assert listing.list_real(tmp_path, **SPLIT).classes == ("bottle", "cable")


def test_a_table_without_splits_of_pictures_that_have_some_is_told(tmp_path):
    touch(tmp_path, *numbered("a/train", "a/test", "b/train", "b/test"), names.OF_A_TABLE)
    with pytest.raises(InputError, match=r"'a/test', .*: give the table a column `split`"):
        listing.list_real(tmp_path, **SPLIT)


def test_pictures_that_are_not_read_are_called_by_their_kind(tmp_path):
    odd = "a/0.HEIC", "a/1.gif", "a/2.txt"
    touch(tmp_path, *numbered("a", "b"), "a/6.JFIF", *odd)
    listed = listing.list_real(tmp_path, **SPLIT)
    assert len(listed.used) == 13
    heic, gif, text = [p.left_out for p in listed.pictures if p.left_out]
    assert heic == (
        "not a picture of a format that is read, but a HEIC by its name: save it as PNG"
    )
    assert "but a GIF by its name" in gif
    assert text.startswith("not a picture: none of .png, ")


def test_one_class_may_be_rendered(tmp_path):
    touch(tmp_path, *numbered("disc"))
    assert listing.list_rendered(tmp_path).classes == ("disc",)
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match=r"for each class, <class>/\*\.jpg; it has none"):
        listing.list_rendered(tmp_path / "none")


@pytest.mark.parametrize(
    ("pattern", "path", "group"),
    [
        (r"cam\d", "cam1/x.png", "cam1"),
        (r"^([^/]+)/", "cam1/x.png", "cam1"),
        # As they were when only the name was looked at.
        (r"^(g\d+)_", "cam1/g3_x.png", "g3"),
        (r"^(g\d+)_", "g3_x.png", "g3"),
        (r"^(.*)_", "g3_x.png", "g3"),
        (r"^day\d/", "site/day2/x.png", "day2/"),
        (r"^(g\d+)_", "cam1/x.png", ""),
        (r"(x)?", "abc.png", ""),
    ],
)
def test_a_group_is_looked_for_in_the_path_then_in_its_ends(pattern, path, group):
    assert names.group_of(names.compiled(pattern), path) == group


@pytest.mark.parametrize("above", ["", "train/"])
def test_groups_are_of_the_path_below_the_class(tmp_path, above):
    files = [f"{c}/cam{k % 5}/{k}.png" for c in ("cam7", "cam8") for k in range(20)]
    touch(
        tmp_path,
        *(above + file for file in files),
        *filter(None, [above and "test/cam7/cam9/0.png"]),
    )
    listed = listing.list_real(tmp_path, **SPLIT | {"group": r"cam\d"})
    assert {p.group for p in listed.used if "cam9" not in p.file} == {f"cam{k}" for k in range(5)}


def test_unlabelled_pictures_of_a_group_that_is_tested_on_stay_out_of_any_folder(tmp_path):
    touch(tmp_path, "monday/m1_0.png", "monday/m2_0.png")
    found = listing.list_unlabelled(tmp_path, group="^(.*)_", held_out=frozenset({"m1"}))
    assert [p.file for p in found.used] == ["monday/m2_0.png"]
