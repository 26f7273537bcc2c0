"""Files: whole or not at all, and clear about what is wrong with them."""

import numpy as np
import pytest

from realink.artifacts import (
    read_digits,
    read_json,
    read_table,
    read_tensors,
    write_digits,
    write_json,
    write_tensors,
    written_whole,
)
from realink.digits import Digits
from realink.errors import InputError


@pytest.fixture
def digits():
    rng = np.random.default_rng(0)
    return Digits(rng.integers(0, 256, (12, 28, 28), dtype=np.uint8), np.arange(12) % 10)


def test_digits_survive_the_disk(tmp_path, digits):
    write_digits(tmp_path / "d.safetensors", digits, face=np.arange(12))
    read = read_digits(tmp_path / "d.safetensors")
    np.testing.assert_array_equal(read.images, digits.images)
    np.testing.assert_array_equal(read.labels, digits.labels)
    np.testing.assert_array_equal(
        read_tensors(tmp_path / "d.safetensors")[0]["face"], np.arange(12)
    )


def test_arrays_in_another_memory_order_are_written_right(tmp_path, digits):
    turned = digits.images.transpose(0, 2, 1)
    write_tensors(tmp_path / "d.safetensors", {"turned": turned})
    np.testing.assert_array_equal(read_tensors(tmp_path / "d.safetensors")[0]["turned"], turned)


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


def test_a_truncated_file_is_named(tmp_path, digits):
    path = tmp_path / "d.safetensors"
    write_digits(path, digits)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"d\.safetensors: not a whole safetensors file"):
        read_digits(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"absent\.safetensors: no such file"):
        read_digits(tmp_path / "absent.safetensors")


def test_what_is_no_digit_set_is_refused(tmp_path):
    write_tensors(tmp_path / "a", {"images": np.zeros((3, 28, 28), np.uint8)})
    with pytest.raises(InputError, match="holds no 'labels'"):
        read_digits(tmp_path / "a")
    write_digits(tmp_path / "b", Digits(np.zeros((3, 32, 32), np.uint8), np.zeros(3, np.int64)))
    with pytest.raises(InputError, match=r"has uint8 \[3, 32, 32\]"):
        read_digits(tmp_path / "b")


def test_json_survives_and_broken_json_is_named(tmp_path):
    write_json(tmp_path / "m.json", {"error": 0.0123, "mix": "real"})
    assert read_json(tmp_path / "m.json") == {"error": 0.0123, "mix": "real"}
    (tmp_path / "m.json").write_text('{"error": 0.01')
    with pytest.raises(InputError, match=r"m\.json"):
        read_json(tmp_path / "m.json")


def test_a_table_survives_and_a_cut_off_one_is_named(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text("mix,error\nreal,0.0123\nfont,0.1234\n")
    assert read_table(path)["error"].tolist() == [0.0123, 0.1234]
    path.write_text("mix,error\nreal,0.0123\nfont,0.1")
    with pytest.raises(InputError, match=r"m\.csv: cut off"):
        read_table(path)
