"""MNIST: checks of what a person hands in, and the fixed splits; draws of image sets."""

import gzip
import hashlib
import struct

import numpy as np
import pytest

from realink.errors import InputError
from realink.images import mnist as source
from realink.images.imagesets import ImageSet
from realink.images.sources import SOURCES


def idx(array):
    header = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}i", *array.shape)
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture
def mnist(tmp_path, monkeypatch):
    """Four small IDX files that pass for MNIST: their own sums stand in for the true ones."""
    rng = np.random.default_rng(0)
    arrays = {
        "train-images-idx3-ubyte": rng.integers(0, 256, (70, 28, 28)),
        "train-labels-idx1-ubyte": rng.integers(0, 10, 70),
        "t10k-images-idx3-ubyte": rng.integers(0, 256, (20, 28, 28)),
        "t10k-labels-idx1-ubyte": rng.integers(0, 10, 20),
    }
    contents = {name: idx(array) for name, array in arrays.items()}
    for name, content in contents.items():
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content))
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    monkeypatch.setattr(source, "MNIST_FILES", sums)
    monkeypatch.setattr(source, "MNIST_POOL", 60)
    monkeypatch.delenv("REALINK_MNIST", raising=False)
    return tmp_path, arrays


def test_mnist_is_split_in_order(mnist, tmp_path):
    directory, arrays = mnist
    pool, validation, test = source.load_mnist(directory, tmp_path)
    images = np.concatenate([pool.images, validation.images])
    np.testing.assert_array_equal(images, arrays["train-images-idx3-ubyte"])
    assert [len(part.labels) for part in (pool, validation, test)] == [60, 10, 20]
    np.testing.assert_array_equal(test.labels, arrays["t10k-labels-idx1-ubyte"])
    assert pool.labels.dtype == np.int64


def test_mnist_may_be_plain_and_named_by_the_environment(mnist, tmp_path, monkeypatch):
    directory, arrays = mnist
    packed = directory / "t10k-labels-idx1-ubyte.gz"
    packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    monkeypatch.setenv("REALINK_MNIST", str(directory))
    _, _, test = source.load_mnist(None, tmp_path)
    np.testing.assert_array_equal(test.labels, arrays["t10k-labels-idx1-ubyte"])


def test_truncated_file_is_named(mnist, tmp_path):
    file = mnist[0] / "train-images-idx3-ubyte.gz"
    file.write_bytes(file.read_bytes()[:-500])
    with pytest.raises(InputError, match=r"train-images-idx3-ubyte\.gz: broken or truncated"):
        source.load_mnist(mnist[0], tmp_path)


def test_damaged_file_is_named(mnist, tmp_path):
    file = mnist[0] / "train-images-idx3-ubyte.gz"
    content = file.read_bytes()
    file.write_bytes(content[:1000] + bytes(50) + content[1050:])
    with pytest.raises(InputError, match=r"train-images-idx3-ubyte\.gz: broken or truncated"):
        source.load_mnist(mnist[0], tmp_path)


def test_a_small_file_that_holds_more_than_any_memory_is_refused(mnist, tmp_path):
    file = mnist[0] / "train-images-idx3-ubyte.gz"
    file.write_bytes(gzip.compress(bytes(2**26)) * 1000)  # 67 GB in 65 MB
    with pytest.raises(InputError, match=r"train-images-idx3-ubyte\.gz: .*SHA-256 differs"):
        source.load_mnist(mnist[0], tmp_path)


def test_other_data_is_refused(mnist, tmp_path):
    file = mnist[0] / "t10k-images-idx3-ubyte.gz"
    file.write_bytes(gzip.compress(idx(np.zeros((20, 28, 28)))))
    with pytest.raises(InputError, match=r"t10k-images-idx3-ubyte.*SHA-256 differs"):
        source.load_mnist(mnist[0], tmp_path)


def test_missing_file_is_named(mnist, tmp_path):
    (mnist[0] / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(InputError, match=r"neither train-labels-idx1-ubyte nor .*REALINK_MNIST"):
        source.load_mnist(mnist[0], tmp_path)


def test_missing_directory_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere: no such directory"):
        source.load_mnist(tmp_path / "nowhere", tmp_path)


def test_without_network_it_says_what_to_do(tmp_path, monkeypatch):
    from torchvision.datasets import MNIST

    monkeypatch.delenv("REALINK_MNIST", raising=False)
    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:9/"])  # nothing listens there
    with pytest.raises(InputError, match=r"could not be downloaded.*real: directory:.*embedded"):
        source.load_mnist(None, tmp_path)


def test_embedded_split_is_fixed_and_disjoint():
    pool, validation, test = source.load_embedded()
    assert (len(pool.labels), len(validation.labels), len(test.labels)) == (4000, 0, 1000)
    assert np.bincount(test.labels).tolist() == [100] * 10
    seen = {image.tobytes() for image in pool.images}
    assert not any(image.tobytes() in seen for image in test.images)
    assert pool.images.max() == 255
    counts = {name: SOURCES[name].real({}).counts for name in ("embedded", "mnist")}
    there = {"train": len(pool), "validation": len(validation), "test": len(test)}
    assert counts["embedded"] == there
    assert counts["mnist"] == {"train": source.MNIST_POOL, "validation": 5_000, "test": 10_000}


def numbered(n):
    """A set whose labels tell its images apart."""
    images = np.zeros((n, 24, 20, 3), np.uint8)
    return ImageSet(images, np.arange(n, dtype=np.int64), tuple(map(str, range(n))))


def test_draws_are_nested_random_and_differ_between_replicates():
    pool = numbered(1000)
    small, large = pool.draw(55, seed=7).labels, pool.draw(385, seed=7).labels
    np.testing.assert_array_equal(small, large[:55])
    assert len(set(large)) == 385
    assert not np.array_equal(small, np.sort(small))
    assert not np.array_equal(small, pool.draw(55, seed=8).labels)


def test_drawing_more_than_the_pool_is_refused():
    with pytest.raises(InputError, match="11 images asked for, there are 10"):
        numbered(10).draw(11, seed=1)
