"""Files: whole or not at all, and clear about what is wrong with them."""

import json

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from realink.errors import InputError
from realink.images.imagesets import ImageSet
from realink.store import tables
from realink.store.files import (
    digest,
    read_images,
    read_json,
    read_table,
    read_tensors,
    write_images,
    write_json,
    write_table,
    write_tensors,
    written_whole,
)


@pytest.fixture(params=[(), (3,)], ids=["grey", "colour"])
def images(request):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (12, 24, 20, *request.param), dtype=np.uint8)
    return ImageSet(
        pixels,
        np.arange(12) % 3,
        ("NA", "<script>", "ü\n'\""),
        rng.integers(0, 256, (12, 24, 20), dtype=np.uint8),
        np.arange(12) % 2,
        ("left", "right"),
    )


def test_images_survive_the_disk(tmp_path, images):
    write_images(tmp_path / "i.safetensors", images, face=np.arange(12))
    read = read_images(tmp_path / "i.safetensors")
    for name in ("images", "labels", "masks", "groups"):
        np.testing.assert_array_equal(getattr(read, name), getattr(images, name))
    assert (read.classes, read.group_names) == (images.classes, images.group_names)
    np.testing.assert_array_equal(
        read_tensors(tmp_path / "i.safetensors")[0]["face"], np.arange(12)
    )


def test_masks_and_groups_may_be_missing(tmp_path, images):
    bare = ImageSet(images.images, images.labels, images.classes)
    write_images(tmp_path / "i.safetensors", bare)
    read = read_images(tmp_path / "i.safetensors")
    assert (read.masks, read.groups, read.group_names) == (None, None, ())


def test_arrays_in_another_memory_order_are_written_right(tmp_path, images):
    turned = images.images.swapaxes(1, 2)
    write_tensors(tmp_path / "i.safetensors", {"turned": turned})
    np.testing.assert_array_equal(read_tensors(tmp_path / "i.safetensors")[0]["turned"], turned)


def test_the_bytes_are_those_of_safetensors_itself(tmp_path):
    kinds = ["?", "u1", "i1", "i2", "u2", "f2", "i4", "u4", "f4", "f8", "i8", "u8"]
    arrays = {f"{name}{kind}": np.arange(3).astype(kind) for kind in kinds for name in ("b", "a")}
    arrays |= {"ü\n'\"\x7f": np.zeros((2, 0, 3), np.uint8), "one": np.array(7.0)}
    for record in ({}, {"classes": ["NA", "<script>", "ü\n'\"", "\x00\\"]}):
        write_tensors(tmp_path / "ours", arrays, record)
        text = json.dumps(record, sort_keys=True)
        save_file(arrays, tmp_path / "its", {"realink": f"{digest(arrays, text)} {text}"})
        assert (tmp_path / "ours").read_bytes() == (tmp_path / "its").read_bytes()


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "sub" / "table.csv"
    with written_whole(target) as temporary:
        temporary.write_text("old")

    def write_half():
        with written_whole(target) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert target.read_text() == "old"
    assert list(target.parent.iterdir()) == [target]


def test_a_truncated_file_is_named(tmp_path, images):
    path = tmp_path / "i.safetensors"
    write_images(path, images)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"i\.safetensors: not a whole safetensors file"):
        read_images(path)


def test_a_changed_byte_is_noticed_wherever_it_is(tmp_path, images):
    path = tmp_path / "i.safetensors"
    write_images(path, images)
    content = path.read_bytes()
    for at in np.linspace(0, len(content) - 1, 200).astype(int):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(InputError, match=r"i\.safetensors: not a whole safetensors file"):
            read_images(path)


def test_of_what_was_published_without_a_digest_the_rest_is_read(tmp_path):
    arrays = {"read": np.arange(5, dtype=np.uint8)}
    save_file(arrays, tmp_path / "old", metadata={"realink": '{"classes": ["a"]}'})
    read, metadata = read_tensors(tmp_path / "old")
    assert (read["read"].tolist(), metadata) == ([0, 1, 2, 3, 4], {"classes": ["a"]})
    save_file(arrays, tmp_path / "other")
    with pytest.raises(InputError, match=r"other: .*realink did not write it"):
        read_tensors(tmp_path / "other")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"absent\.safetensors: no such file"):
        read_images(tmp_path / "absent.safetensors")


def test_what_is_no_image_set_is_refused(tmp_path):
    pixels, labels = np.zeros((3, 24, 20), np.uint8), np.zeros(3, np.int64)
    names = {"classes": ["a", "b"], "group_names": []}
    write_tensors(tmp_path / "a", {"images": pixels}, names)
    with pytest.raises(InputError, match="a: holds no 'labels'"):
        read_images(tmp_path / "a")
    write_tensors(tmp_path / "b", {"images": pixels, "labels": labels})
    with pytest.raises(InputError, match="b: holds no 'classes'"):
        read_images(tmp_path / "b")
    write_tensors(tmp_path / "c", {"images": pixels.astype(float), "labels": labels}, names)
    with pytest.raises(InputError, match=r"c: not an image set: .*float64 \[3, 24, 20\]"):
        read_images(tmp_path / "c")
    write_tensors(tmp_path / "d", {"images": pixels, "labels": labels + 2}, names)
    with pytest.raises(InputError, match="d: not an image set: a label is none of the 2"):
        read_images(tmp_path / "d")
    for n, wrong in enumerate(({"classes": 3}, {"classes": ["a", 7]}, {"group_names": None})):
        write_tensors(tmp_path / f"e{n}", {"images": pixels, "labels": labels}, names | wrong)
        with pytest.raises(InputError, match=f"e{n}: not an image set"):
            read_images(tmp_path / f"e{n}")
    write_tensors(tmp_path / "f", {"images": pixels, "labels": labels}, ["classes"])
    with pytest.raises(InputError, match=r"f: .*its metadata are no record"):
        read_images(tmp_path / "f")


def test_json_survives_and_broken_json_is_named(tmp_path):
    write_json(tmp_path / "m.json", {"error": 0.0123, "mix": "real"})
    assert read_json(tmp_path / "m.json") == {"error": 0.0123, "mix": "real"}
    (tmp_path / "m.json").write_text('{"error": 0.01')
    with pytest.raises(InputError, match=r"m\.json"):
        read_json(tmp_path / "m.json")


def test_a_table_survives_and_a_cut_off_one_is_named(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text("mix,error\nreal,0.0123\nrendered,0.1234\n")
    assert read_table(path)["error"].tolist() == [0.0123, 0.1234]
    path.write_text("mix,error\nreal,0.0123\nrendered,0.1")
    with pytest.raises(InputError, match=r"m\.csv: cut off"):
        read_table(path)


def test_what_is_no_table_or_record_is_named_in_one_line(tmp_path):
    path = tmp_path / "t"
    for content in (b"a,b\n1,2\n3,4,5\n", b"a\n\xff\n", b"\n"):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"t: not a whole table \(.*\); delete it and run"):
            read_table(path)
    path.write_bytes(b"a,b\n1,2\n")
    with pytest.raises(InputError, match="t: lacks the column c, d; delete it"):
        read_table(path, ["a", "c", "d"])
    for content in (b"[1]", b"null", b"[" * 100_000, b"\xff", b'{"a": ' + b"9" * 5000 + b"}"):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"t: .*; delete it and run snakemake again"):
            read_json(path)


def test_an_error_is_one_line_whatever_it_names():
    error = InputError("a\nb\r\x1b[31m\udcff\u202eü日本: rename it")
    assert str(error) == r"a\nb\r\x1b[31m\udcff\u202eü日本: rename it"


def test_a_record_that_lacks_a_key_or_has_another_type_is_named(tmp_path):
    path = tmp_path / "r.json"
    whole = {"learner": "small", "mix": "real", "n_real": 5, "replicate": 1}
    write_json(path, whole)
    assert tables.classifiers_table([path]).to_dict("records") == [whole]
    for wrong in (
        {"learner": 7},
        {"mix": 7},
        {"n_real": None},
        {"n_real": True},
        {"replicate": "1"},
    ):
        write_json(path, whole | wrong)
        (name,) = wrong
        with pytest.raises(InputError, match=rf"r\.json: '{name}' is .*; delete it"):
            tables.classifiers_table([path])
    write_json(path, {"learner": "small", "mix": "real"})
    with pytest.raises(InputError, match=r"r\.json: 'n_real' is missing; delete it"):
        tables.classifiers_table([path])
    identity = {"translator": "warp", "n_real": 5, "replicate": 1, "classes": ["a", "b"]}
    for confusion in ([[1, 2]], [[1, 2], [3]], [1, 2]):
        write_json(path, identity | {"confusion": confusion})
        with pytest.raises(InputError, match=r"r\.json: 'confusion' has not a row"):
            tables.confusions_table([path])


def test_names_survive_a_table(tmp_path):
    names = ["a,b", "new\nline", "'\"", "NA", "007", " ü ", "-dash", "<script>", "{n}", ""]
    table = pd.DataFrame({"file": names, "left_out": names[::-1]})
    write_table(tmp_path / "t.csv", table)
    read = read_table(tmp_path / "t.csv", dtype=str, keep_default_na=False)
    pd.testing.assert_frame_equal(read, table)
