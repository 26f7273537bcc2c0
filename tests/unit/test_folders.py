"""Folders of pictures: listed, split and read; bad input stops, or is left out with its reason."""

import hashlib
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from realink.errors import InputError
from realink.images import folders, listing, names, reading
from realink.store.files import read_table, write_table

SIZE = {"height": 24, "width": 20, "channels": 3, "fit": "stretch", "background": 255}
SPLIT = {"validation": 0.1, "test": 0.2, "group": None}
CLASSES = ("cat", "dog")
HOSTILE = [
    "a b",
    "it's",
    'say "x"',
    "ü日本",
    "new\nline",
    "-dash",
    "<script>",
    "$(x);`y`",
    "*",
    "{n}",
]


@pytest.fixture(autouse=True)
def _listed_anew():
    listing.list_real.cache_clear()
    listing.list_rendered.cache_clear()


def noise(seed, size=(24, 20)):
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def draw(root, classes=("cat", "dog", "wolf"), n=10, seed=0):
    """Noise as <class>/<n>.png, each picture another one."""
    for i, label in enumerate(classes):
        (root / label).mkdir(parents=True, exist_ok=True)
        for k in range(n):
            noise((seed, i, k)).save(root / label / f"{k}.png")
    return root


def load(root, *, duplicates="stop", **changed):
    return folders.load_real(root, **{**SIZE, **SPLIT, **changed}, duplicates=duplicates)


def reasons(manifest):
    out = manifest[manifest["left_out"] != ""]
    return dict(zip(out["file"], out["left_out"], strict=True))


def test_a_folder_is_split_by_class_and_read_whole(tmp_path):
    draw(tmp_path, n=10)
    pool, validation, test, manifest = load(tmp_path)
    for part, n in ((pool, 7), (validation, 1), (test, 2)):
        assert np.bincount(part.labels).tolist() == [n] * 3
        assert part.shape == (24, 20, 3, 3)
        assert part.classes == ("cat", "dog", "wolf")
        assert (part.masks, part.groups) == (None, None)
    assert list(manifest) == ["file", "class", "split", "group", "sha256", "left_out"]
    assert manifest["file"].tolist() == sorted(manifest["file"])
    assert manifest["split"].value_counts().to_dict() == {"train": 21, "validation": 3, "test": 6}
    row = manifest[manifest["file"] == "dog/3.png"].iloc[0]
    assert row["sha256"] == hashlib.sha256((tmp_path / "dog/3.png").read_bytes()).hexdigest()
    part = {"train": pool, "validation": validation, "test": test}[row["split"]]
    there = [i for i in range(len(part)) if (part.images[i] == np.asarray(noise((0, 1, 3)))).all()]
    assert part.labels[there].tolist() == [1]


def test_the_pool_does_not_come_class_by_class(tmp_path):
    pool, *_ = load(draw(tmp_path, n=20))
    assert len(set(pool.labels[:8].tolist())) == 3


def test_a_given_split_is_kept_and_validation_comes_from_training(tmp_path):
    draw(tmp_path / "train", n=10)
    draw(tmp_path / "test", n=4, seed=1)
    pool, validation, test, _ = load(tmp_path)
    assert [len(part) for part in (pool, validation, test)] == [27, 3, 12]
    draw(tmp_path / "val", n=3, seed=2)
    listing.list_real.cache_clear()
    pool, validation, test, manifest = load(tmp_path)
    assert [len(part) for part in (pool, validation, test)] == [30, 9, 12]
    assert set(manifest[manifest["split"] == "validation"]["file"].str[:4]) == {"val/"}


def test_a_further_picture_moves_next_to_no_other(tmp_path):
    def splits():
        listing.list_real.cache_clear()
        return {p.file: p.split for p in listing.list_real(tmp_path, **SPLIT).used}

    draw(tmp_path, n=40)
    before = splits()
    for n in range(40, 44):
        noise((0, 0, n)).save(tmp_path / "cat" / f"{n}.png")
        after = splits()
        moved = [file for file in before if before[file] != after[file]]
        assert len(moved) <= 2
        assert all(file.startswith("cat/") for file in moved)
        before = after


def test_groups_stay_whole_and_are_recorded(tmp_path):
    for camera in range(12):
        for label in ("cat", "dog"):
            (tmp_path / label).mkdir(exist_ok=True)
            for k in range(3):
                noise((camera, label == "cat", k)).save(tmp_path / label / f"c{camera}_{k}.png")
    pool, validation, test, manifest = load(tmp_path, group="^(.*)_")
    parts = [set(np.array(p.group_names)[p.groups]) for p in (pool, validation, test)]
    assert all(parts)
    assert sum(map(len, parts)) == 12
    assert set.union(*parts) == {f"c{n}" for n in range(12)}
    assert manifest.groupby("group")["split"].nunique().max() == 1


def test_a_group_in_two_given_splits_stops(tmp_path):
    for n, split in enumerate(("train", "test")):
        for label in ("cat", "dog"):
            (tmp_path / split / label).mkdir(parents=True)
            for k in range(4):
                noise((n, label == "cat", k)).save(tmp_path / split / label / f"cam{n * k}_{k}.png")
    with pytest.raises(InputError, match="group 'cam0'") as error:
        load(tmp_path, group="^(.*)_")
    assert "`real: group:`" in str(error.value)


def test_a_pattern_that_is_none_is_named(tmp_path):
    with pytest.raises(InputError, match=r"`real: group:`: '\(' "):
        load(draw(tmp_path), group="(")


def broken(root):
    """Files that are no pictures, beside good ones; and the reason that each is given."""
    cat = root / "cat"
    whole = (cat / "0.png").read_bytes()
    (cat / "truncated.png").write_bytes(whole[:-60])
    (cat / "empty.png").write_bytes(b"")
    (cat / "text.png").write_text("no picture")
    noise(99, (1, 1)).save(cat / "dot.png")
    frames = [noise(n) for n in range(3)]
    frames[0].save(cat / "moving.gif", save_all=True, append_images=frames[1:])
    frames[0].save(cat / "moving.webp", save_all=True, append_images=frames[1:])
    (cat / "moving.png").write_bytes((cat / "moving.gif").read_bytes())
    (cat / "gone.png").symlink_to(root / "nowhere.png")
    (cat / "notes.txt").write_text("notes")
    noise(98).save(root / "stray.png")
    return {
        "cat/truncated.png": "damaged",
        "cat/empty.png": "empty",
        "cat/text.png": "not a picture",
        "cat/dot.png": "1 x 1 pixels",
        "cat/moving.gif": "not a picture",
        "cat/moving.webp": "animated",
        "cat/moving.png": "not a picture",
        "cat/gone.png": "broken link",
        "cat/notes.txt": "not a picture",
        "stray.png": "folder",
    }


def test_what_cannot_be_read_is_left_out_with_its_reason(tmp_path, caplog):
    expected = broken(draw(tmp_path))
    (tmp_path / "cat" / ".hidden.png").write_text("")
    (tmp_path / ".git" / "objects").mkdir(parents=True)
    (tmp_path / ".git" / "x.png").write_text("")
    pool, validation, test, manifest = load(tmp_path)
    assert len(pool) + len(validation) + len(test) == 30
    why = reasons(manifest)
    assert why.keys() == expected.keys()
    for file, reason in expected.items():
        assert reason in why[file], file
        assert file in caplog.text
    assert len(manifest) == 40


def test_an_unreadable_file_is_left_out(tmp_path, monkeypatch):
    draw(tmp_path)
    locked = tmp_path / "cat" / "3.png"
    read = Path.read_bytes

    def refused(path):  # root may read everything
        if path == locked:
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refused)
    *_, manifest = load(tmp_path)
    assert reasons(manifest) == {"cat/3.png": "cannot be read: Permission denied"}


def test_a_picture_that_vanishes_stops(tmp_path, monkeypatch):
    draw(tmp_path)
    decode = reading.decode

    def decode_and_remove(content, **options):
        (tmp_path / "wolf" / "9.png").unlink(missing_ok=True)
        return decode(content, **options)

    monkeypatch.setattr(reading, "decode", decode_and_remove)
    with pytest.raises(InputError, match=r"wolf/9\.png: gone since .* run snakemake again"):
        load(tmp_path)


@pytest.mark.parametrize("label", HOSTILE)
def test_hostile_names_survive(tmp_path, label):
    draw(tmp_path, classes=("plain", label), n=6)
    (tmp_path / label / "0.png").rename(tmp_path / label / f"{label}.png")
    pool, validation, test, manifest = load(tmp_path)
    assert set(pool.classes) == {"plain", label}
    assert len(pool) + len(validation) + len(test) == 12
    assert f"{label}/{label}.png" in manifest["file"].tolist()
    write_table(tmp_path / "m.csv", manifest)
    read = read_table(tmp_path / "m.csv", dtype=str, keep_default_na=False)
    pd.testing.assert_frame_equal(read, manifest)


def test_a_carriage_return_in_a_name_does_not_break_the_manifest(tmp_path):
    draw(tmp_path)
    (tmp_path / "cat" / "Icon\r").write_text("")  # of macOS
    *_, manifest = load(tmp_path)
    write_table(tmp_path / "m.csv", manifest)
    read = read_table(tmp_path / "m.csv", dtype=str, keep_default_na=False)
    assert r"cat/Icon\r" in read["file"].tolist()
    assert len(read) == 31


def test_inputs_are_the_pictures_that_snakemake_can_name(tmp_path):
    draw(tmp_path, classes=("plain", "a b", "new\nline", "{n}"), n=2)
    (tmp_path / "plain" / "notes.txt").write_text("")
    (tmp_path / "plain" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    declared = listing.inputs(tmp_path)
    odd = listing.unnameable(tmp_path)
    there = {str(path) for path in tmp_path.rglob("*.png") if path.exists()}
    assert {*declared, *odd} == there
    assert declared == sorted(declared)
    assert {path for path in odd if "{n}" in path} == {f"{tmp_path}/{{n}}/{k}.png" for k in (0, 1)}
    noise(77).save(tmp_path / "{n}" / "0.png")
    assert listing.unnameable(tmp_path) != odd


def copies(root):
    """The same picture in training and test, once as it is and once in another format."""
    draw(root / "train")
    draw(root / "test", n=3, seed=1)
    noise((1, 0, 0)).save(root / "train" / "cat" / "copy.bmp")
    (root / "train" / "dog" / "copy.png").write_bytes((root / "test/dog/2.png").read_bytes())


def test_the_same_picture_in_training_and_test_stops(tmp_path):
    copies(tmp_path)
    with pytest.raises(InputError, match=r"same picture is in two splits: .*duplicates: drop") as e:
        load(tmp_path, validation=0)
    for file in ("train/cat/copy.bmp", "test/cat/0.png", "train/dog/copy.png", "test/dog/2.png"):
        assert file in str(e.value)


def test_or_is_dropped_from_training(tmp_path):
    copies(tmp_path)
    pool, _, test, manifest = load(tmp_path, validation=0, duplicates="drop")
    assert (len(pool), len(test)) == (30, 9)
    why = reasons(manifest)
    assert why == {
        "train/cat/copy.bmp": "the same picture is in test: test/cat/0.png",
        "train/dog/copy.png": "the same picture is in test: test/dog/2.png",
    }


def test_validation_gives_way_to_test_and_training_to_both(tmp_path):
    for n, split in enumerate(("train", "validation", "test")):
        draw(tmp_path / split, n=3, seed=n)
        noise(500).save(tmp_path / split / "cat" / "same.png")
    *parts, manifest = load(tmp_path, duplicates="drop")
    assert [len(part) for part in parts] == [9, 9, 10]
    assert reasons(manifest).keys() == {"train/cat/same.png", "validation/cat/same.png"}


def test_copies_within_a_split_count_once(tmp_path):
    draw(tmp_path / "train")
    draw(tmp_path / "test", seed=1)
    noise((0, 0, 4)).save(tmp_path / "train" / "cat" / "again.png")
    pool, validation, _, manifest = load(tmp_path, validation=0)
    assert (len(pool), len(validation)) == (30, 0)
    assert reasons(manifest) == {"train/cat/again.png": "a copy of train/cat/4.png"}


@pytest.mark.parametrize("duplicates", ["stop", "drop"])
def test_the_same_picture_in_two_classes_stops(tmp_path, duplicates):
    draw(tmp_path)
    noise((0, 0, 4)).save(tmp_path / "dog" / "4.png")
    with pytest.raises(InputError, match=r"in two classes: 'cat/4.png' and 'dog/4.png'; remove"):
        load(tmp_path, duplicates=duplicates)


@pytest.mark.parametrize("size", [(1500, 1300), (1600, 1300)])
def test_a_large_jpeg_and_a_png_of_it_are_copies(tmp_path, size):
    root = draw(tmp_path, n=8)
    jpeg, png = root / "cat/large.jpg", root / "cat/large.png"
    noise(7, (13, 15)).resize(size).save(jpeg)
    Image.open(jpeg).save(png, compress_level=1)
    noise(8, (13, 15)).resize(size).save(root / "cat/other.jpg")
    *_, manifest = load(root, duplicates="drop")
    (twice,) = reasons(manifest).items()
    assert {twice[0], twice[1].split(": ")[-1].removeprefix("a copy of ")} == {
        "cat/large.jpg",
        "cat/large.png",
    }


def test_large_jpegs_alone_are_never_decoded_whole(tmp_path, monkeypatch):
    root = draw(tmp_path, n=8)
    for k in range(2):
        noise(k, (13, 15)).resize((1600, 1300)).save(root / f"cat/large{k}.jpg")

    def refused(directory, picture):
        raise AssertionError(picture)

    monkeypatch.setattr(reading, "whole_key", refused)
    load(root)


def test_a_class_without_a_picture_is_named(tmp_path):
    (draw(tmp_path) / "zebra").mkdir()
    with pytest.raises(InputError, match=r"real: directory:.*no picture to train on.*'zebra'"):
        load(tmp_path)


def test_a_class_of_which_nothing_can_be_read_is_named(tmp_path):
    (draw(tmp_path) / "zebra").mkdir()
    for k in range(3):
        (tmp_path / "zebra" / f"{k}.png").write_text("")
    with pytest.raises(InputError, match=r"no picture to train on is left of 'zebra'.*empty file"):
        load(tmp_path)


def test_one_class_alone_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"real: directory:.*class"):
        load(draw(tmp_path, classes=("cat",)))


def test_a_missing_directory_is_named(tmp_path):
    with pytest.raises(InputError, match=r"real: directory:.*nowhere"):
        load(tmp_path / "nowhere")


@pytest.fixture
def objects(tmp_path):
    """Rendered pictures with an alpha channel, 8 a class."""
    for i, label in enumerate(("cat", "dog")):
        (tmp_path / label).mkdir()
        for k in range(8):
            image = noise((i, k)).convert("RGBA")
            image.putalpha(Image.fromarray(np.pad(np.full((12, 10), 255, np.uint8), ((6,), (5,)))))
            image.save(tmp_path / label / f"{k}.png")
    return tmp_path


def rendered(root, classes=("cat", "dog"), total=100, seed=1, **changed):
    return folders.load_rendered(root, classes, **{**SIZE, **changed}, total=total, seed=seed)


def test_rendered_pictures_keep_their_masks(objects):
    images, manifest = rendered(objects, background=7)
    assert len(images) == 16
    assert (images.masks[:, 6:18, 5:15] == 255).all()
    assert (images.masks[:, :6] == 0).all()
    assert (images.images[:, :6] == 7).all()
    assert set(manifest["split"]) == {"rendered"}
    noise(50).save(objects / "cat" / "opaque.png")
    listing.list_rendered.cache_clear()
    images, _ = rendered(objects)
    assert sum((mask == 255).all() for mask in images.masks) == 1


def test_cut_outs_keep_their_colours_beside_the_background(objects):
    noise(50, (24, 40)).save(objects / "cat" / "opaque.png")
    images, _ = rendered(objects, background=7, fit="fit")
    own = [np.asarray(Image.open(path)) for path in sorted(objects.glob("*/?.png"))]
    shown = {picture[6:18, 5:15, :3].tobytes() for picture in own}
    found = images.colours[:, 6:18, 5:15]
    opaque = [place for place in range(17) if found[place].tobytes() not in shown]
    assert len(opaque) == 1
    # An opaque picture's are its pixels; nothing is object in what `fit` adds to it.
    np.testing.assert_array_equal(images.colours[opaque], images.images[opaque])
    assert (images.masks[opaque[0], 6:18] == 255).all()
    assert not images.masks[opaque[0], [0, 5, 18, -1]].any()
    assert (images.images[opaque[0], [0, 5, 18, -1]] == 7).all()


def test_real_pictures_may_be_cut_out_too(tmp_path):
    draw(tmp_path, n=10)
    *opaque, _ = load(tmp_path)
    assert [(part.masks, part.colours) for part in opaque] == [(None, None)] * 3
    for path in tmp_path.glob("*/*.png"):
        picture = Image.open(path).convert("RGBA")
        picture.putpixel((3, 5), (20, 20, 20, 128))
        picture.save(path)
    listing.list_real.cache_clear()
    for part in load(tmp_path)[:3]:
        assert (part.masks[:, 5, 3] == 128).all()
        assert (part.colours[:, 5, 3] == 20).all()
        assert abs(part.images[:, 5, 3].astype(int) - 137).max() <= 1
        part.masks[:, 5, 3] = 255
        assert (part.masks == 255).all()


def test_opaque_rendered_pictures_have_no_masks(tmp_path):
    images, _ = rendered(draw(tmp_path), ("cat", "dog", "wolf"), fit="fit")
    assert images.masks is None


def test_total_are_drawn_by_the_seed(objects):
    a, manifest = rendered(objects, total=5)
    b, _ = rendered(objects, total=5)
    c, _ = rendered(objects, total=5, seed=2)
    assert len(a) == 5
    np.testing.assert_array_equal(a.images, b.images)
    assert not np.array_equal(a.images, c.images)
    assert list(reasons(manifest).values()) == ["not drawn: `total` is 5"] * 11
    all_of_them, _ = rendered(objects, total=16)
    np.testing.assert_array_equal(a.images, all_of_them.images[:5])


def test_rendered_classes_stand_in_the_real_ones_order(objects):
    images, _ = rendered(objects, classes=("dog", "cat"))
    cat = np.asarray(Image.open(objects / "cat/0.png").convert("RGBA"))[6:18, 5:15, :3]
    place = [i for i in range(16) if (images.images[i, 6:18, 5:15] == cat).all()]
    assert images.labels[place].tolist() == [1]


def test_classes_that_one_side_lacks_are_named(objects):
    with pytest.raises(InputError, match="the real images lack 'dog'"):
        rendered(objects, classes=("cat",))
    with pytest.raises(InputError, match=f"{re.escape(str(objects))} lack 'zebra'"):
        rendered(objects, classes=("cat", "dog", "zebra"))


def test_nothing_of_other_needs_to_be_rendered(objects):
    images, _ = rendered(objects, classes=("cat", "dog", "other"))
    assert images.classes == ("cat", "dog", "other")
    assert set(images.labels) == {0, 1}


def test_one_class_is_rendered_where_the_other_one_is_other(objects):
    shutil.rmtree(objects / "dog")
    images, _ = rendered(objects, classes=("cat", "other"))
    assert (images.classes, set(images.labels)) == (("cat", "other"), {0})
    for name in ("Other", "others"):
        with pytest.raises(InputError, match=f"lack '{name}'.* rename it 'other', which need not"):
            rendered(objects, classes=("cat", name))
    with pytest.raises(InputError, match="lack 'dog', which the real images have; both need the s"):
        rendered(objects, classes=("cat", "dog"))


def test_copies_of_rendered_pictures(objects):
    (objects / "cat" / "again.png").write_bytes((objects / "cat/0.png").read_bytes())
    images, manifest = rendered(objects)
    assert len(images) == 16
    assert next(iter(reasons(manifest).values())).startswith("a copy of cat/")
    (objects / "dog" / "cat.png").write_bytes((objects / "cat/0.png").read_bytes())
    listing.list_rendered.cache_clear()
    with pytest.raises(InputError, match="the same picture is in two classes"):
        rendered(objects)


@pytest.mark.parametrize("size", [(20, 24), (1600, 1300)])
def test_rendered_pictures_that_are_real_ones_stop_or_are_dropped(tmp_path, size):
    real, made = tmp_path / "real", draw(tmp_path / "made", CLASSES, seed=5)
    expected = {}
    for k, split in enumerate(names.SPLITS):
        draw(real / split, CLASSES, n=3, seed=6 + k)
        own, again = real / f"{split}/cat/own.jpg", made / f"cat/{split}.png"
        noise((9, k), (13, 15)).resize(size).save(own)
        # Large ones, too, whose JPEG is decoded smaller.
        Image.open(own).save(again, compress_level=1)
        expected[f"cat/{split}.png"] = f"the same picture is in {split}"
    *parts, _ = load(real)
    sets = dict(zip(names.SPLITS, parts, strict=True))
    some = "3 of its pictures are real ones: 'cat/test.*`real: duplicates: drop`"
    with pytest.raises(InputError, match=some):
        rendered(made, CLASSES, real=sets)
    images, manifest = rendered(made, CLASSES, real=sets, duplicates="drop")
    assert reasons(manifest) == expected
    assert len(images) == 20
    # As many as are asked for are drawn, from the others.
    assert len(rendered(made, CLASSES, total=19, real=sets, duplicates="drop")[0]) == 19


def test_the_whole_is_the_same_every_time(tmp_path):
    broken(draw(tmp_path))
    first = load(tmp_path)
    for path in tmp_path.rglob("*.png"):
        if path.exists():
            os.utime(path)
    listing.list_real.cache_clear()
    again = load(tmp_path)
    for one, other in zip(first[:3], again[:3], strict=True):
        np.testing.assert_array_equal(one.images, other.images)
    pd.testing.assert_frame_equal(first[3], again[3])


def test_a_name_that_is_no_utf_8_does_not_break_the_manifest(tmp_path):
    draw(tmp_path)
    whole = (tmp_path / "cat" / "0.png").read_bytes()
    with open(os.fsencode(tmp_path / "cat") + b"/\xff.png", "wb") as file:
        file.write(whole)
    *_, manifest = load(tmp_path, duplicates="drop")
    write_table(tmp_path / "m.csv", manifest)
    assert r"cat/\xff.png" in read_table(tmp_path / "m.csv", dtype=str)["file"].tolist()


def test_a_class_all_of_whose_test_pictures_are_broken_stops(tmp_path):
    draw(tmp_path / "train")
    draw(tmp_path / "test", seed=1)
    label = sorted(path.name for path in (tmp_path / "test").iterdir())[0]
    for path in (tmp_path / "test" / label).iterdir():
        path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(InputError, match=rf"no picture to test on is left of '{label}' in .*test/"):
        load(tmp_path)
