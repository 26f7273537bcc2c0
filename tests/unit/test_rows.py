"""Large arrays: their rows are read when they are asked for, and are what plain arrays hold."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from realink.errors import InputError
from realink.images import folders, listing
from realink.images.imagesets import ImageSet, concatenate
from realink.images.resized import reduced
from realink.learners.small import network
from realink.store import files, rows
from realink.store.files import read_images, write_images
from realink.store.rows import Rows, Spool, Stored
from realink.training import controls
from realink.translation.batches import Pool
from realink.translation.loop import translate
from realink.translation.translators import randomised
from realink.translation.translators.randomised.model import Translator
from tests import drawn

CLASSES = ("a", "b", "c")
LIMIT = 5000  # bytes


@pytest.fixture
def small_limit(monkeypatch):
    """Arrays of more than a few images are large."""
    monkeypatch.setattr(rows, "LARGE", LIMIT)
    monkeypatch.setattr(files, "LARGE", LIMIT)


@pytest.fixture(params=[(), (3,)], ids=["grey", "colour"])
def images(request):
    rng = np.random.default_rng(0)
    pixels, colours = rng.integers(0, 256, (2, 60, 24, 20, *request.param), dtype=np.uint8)
    masks = rng.integers(0, 256, pixels.shape[:3], dtype=np.uint8)
    groups = np.arange(60) % 2
    return ImageSet(pixels, np.arange(60) % 3, CLASSES, masks, groups, ("x", "y"), colours)


def large(tmp_path, images):
    """The same from disk."""
    write_images(tmp_path / "i.safetensors", images)
    found = read_images(tmp_path / "i.safetensors")
    assert all(isinstance(one, Rows) for one in (found.images, found.masks, found.colours))
    return found


def same(one, other):
    for name in ("images", "labels", "masks", "groups", "colours"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


KEYS = [
    3,
    -1,
    np.int64(7),
    slice(None),
    slice(5, 9),
    slice(None, None, -7),
    slice(4, 4),
    np.array([8, 9, 10, 2, 2, -3]),
    np.array([], np.int64),
    np.array([[1, 2], [59, 0]]),
    np.arange(60) % 3 == 1,
    [4, 5],
]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_rows_take_the_keys_of_a_plain_array(tmp_path, small_limit, images, key):
    found = large(tmp_path, images)
    for name in ("images", "masks"):
        plain, stored = getattr(images, name), getattr(found, name)
        np.testing.assert_array_equal(stored[key], plain[key])
        assert isinstance(stored[key], np.ndarray)
        assert (stored.shape, stored.dtype, stored.ndim) == (plain.shape, plain.dtype, plain.ndim)
        assert (len(stored), stored.nbytes) == (len(plain), plain.nbytes)


def test_a_place_that_is_not_there_is_an_error(tmp_path, small_limit, images):
    stored = large(tmp_path, images).images
    for key in (60, np.array([-61]), np.zeros(59, bool)):
        with pytest.raises(IndexError):
            stored[key]


def test_a_part_of_a_large_set_is_read_when_it_is_small(tmp_path, small_limit, images):
    found = large(tmp_path, images)
    order = np.random.default_rng(1).permutation(60)
    most, few = found.take(order[:50]), found.take(order[:2])
    assert isinstance(most.images, Rows)
    assert isinstance(few.images, np.ndarray)
    same(most, images.take(order[:50]))
    same(few, images.take(order[:2]))
    same(most.take(np.arange(50) % 2 == 0), images.take(order[:50:2]))
    same(found.draw(40, seed=3), images.draw(40, seed=3))


def test_slices_are_plain_and_make_up_the_set(tmp_path, small_limit, images):
    for found in (images, large(tmp_path, images)):
        parts = list(found.slices(LIMIT))
        assert len(parts) > 10
        assert all(isinstance(part.images, np.ndarray) for part in parts)
        assert all(part.images.nbytes + part.masks.nbytes <= LIMIT for part in parts)
        for name in ("images", "labels", "masks", "groups", "colours"):
            whole = np.concatenate([getattr(part, name) for part in parts])
            np.testing.assert_array_equal(whole, getattr(images, name))
    np.testing.assert_array_equal(np.stack(list(found.images)), images.images)


def test_large_sets_are_put_one_after_another_without_being_read(tmp_path, small_limit, images):
    first, second = large(tmp_path, images), images.take(slice(30))
    order = np.arange(60)[::-1]
    together = concatenate([first.take(order), second, first])
    assert isinstance(together.images, Rows)
    plain = concatenate([images.take(order), second, images])
    np.testing.assert_array_equal(together.images, plain.images)
    np.testing.assert_array_equal(together.images[40:100:3], plain.images[40:100:3])


def test_what_is_written_from_disk_is_written_the_same(tmp_path, small_limit, images):
    found = large(tmp_path, images)
    write_images(tmp_path / "again", found)
    assert (tmp_path / "again").read_bytes() == (tmp_path / "i.safetensors").read_bytes()
    order = np.random.default_rng(1).permutation(60)
    write_images(tmp_path / "some", found.take(order))
    write_images(tmp_path / "plain", images.take(order))
    assert (tmp_path / "some").read_bytes() == (tmp_path / "plain").read_bytes()


def test_a_changed_byte_of_a_large_set_is_noticed(tmp_path, small_limit, images):
    large(tmp_path, images)
    path = tmp_path / "i.safetensors"
    content = path.read_bytes()
    for at in np.linspace(0, len(content) - 1, 50).astype(int):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(InputError, match=r"i\.safetensors: not a whole safetensors file"):
            read_images(path)
    path.write_bytes(content[:-1])
    with pytest.raises(InputError, match=r"i\.safetensors: not a whole safetensors file"):
        read_images(path)


def test_a_set_that_is_cut_off_while_it_is_read_is_named(tmp_path, small_limit, images):
    found = large(tmp_path, images)
    os.truncate(tmp_path / "i.safetensors", 9000)
    with pytest.raises(InputError, match=r"i\.safetensors: cut off while it was read"):
        found.images[-1]


def test_a_set_stays_what_it_was_when_another_takes_its_name(tmp_path, small_limit, images):
    found = large(tmp_path, images)
    write_images(tmp_path / "i.safetensors", images.take(slice(30)))
    same(found, images)


def test_a_spool_is_an_array_and_leaves_no_file(tmp_path, small_limit):
    content = np.random.default_rng(0).integers(0, 256, (40, 9, 30), dtype=np.uint8)
    for n, kind in ((4, np.ndarray), (40, Stored)):
        spool = Spool((n, 9, 30), tmp_path / "new")
        assert isinstance(spool.part, kind)
        order = np.random.default_rng(1).permutation(n)
        spool[order[:2]] = content[order[:2]]
        for place in order[2:]:
            spool[int(place)] = content[place]
        np.testing.assert_array_equal(rows.rows([spool.part]), content[:n])
        np.testing.assert_array_equal(spool[1], content[1])
    assert list((tmp_path / "new").iterdir()) == []


def test_a_folder_is_read_the_same_through_a_file(tmp_path, monkeypatch):
    drawn.write_real(tmp_path / "real", each=8)
    drawn.write_rendered(tmp_path / "rendered", each=8)
    size = {"height": 24, "width": 20, "channels": 3, "fit": "fit", "background": 255}

    def read():
        listing.list_real.cache_clear()
        listing.list_rendered.cache_clear()
        split = {"validation": 0.1, "test": 0.2, "group": None, "duplicates": "stop"}
        *sets, _ = folders.load_real(tmp_path / "real", **size, **split, beside=tmp_path)
        pictures, _ = folders.load_rendered(
            tmp_path / "rendered", sets[0].classes, **size, total=20, seed=1, beside=tmp_path
        )
        return *sets, pictures

    plain = read()
    monkeypatch.setattr(rows, "LARGE", LIMIT)
    spooled = read()
    assert isinstance(spooled[0].images, Rows)
    assert isinstance(spooled[-1].masks, Rows)
    for one, other in zip(plain, spooled, strict=True):
        for name in ("images", "masks", "colours"):
            there = getattr(one, name), getattr(other, name)
            assert (there[0] is None) == (there[1] is None)
            if there[0] is not None:
                np.testing.assert_array_equal(*there)


def test_what_reads_images_takes_large_ones(tmp_path, small_limit, images):
    found, channels = large(tmp_path, images), images.shape.channels
    settings = network.Settings(width=4, steps=3)
    taught, _ = network.train([images], settings, seed=1)
    again, _ = network.train([found], settings, seed=1)
    for one, other in zip(taught.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)
    known = network.predict(taught, images.images)
    np.testing.assert_array_equal(network.predict(taught, found.images), known)
    noise = [controls.changed("noise", one, None, 1).images for one in (images, found)]
    np.testing.assert_array_equal(*noise)
    np.testing.assert_array_equal(*(controls.flipped(one, 1).images for one in (images, found)))
    np.testing.assert_array_equal(*(reduced(one.images, 12, 10) for one in (images, found)))
    assert reduced(found.images, 24, 20) is found.images
    index = torch.tensor([5, 3, 40])
    for one, other in zip(Pool(images, "cpu")[index], Pool(found, "cpu")[index], strict=True):
        assert torch.equal(one, other)
    model = Translator(randomised.Settings(), images.shape).eval()
    real = replace(images, masks=None, colours=None)
    made = [translate(model, one, real, seed=1).images for one in (images, found)]
    assert isinstance(made[0], Rows)
    np.testing.assert_array_equal(*made)
    assert made[0].shape == (60, 24, 20, *[3] * (channels == 3))


DRAW = """
import re, sys
from pathlib import Path
from realink.commands.real import draw_real
pool, output = map(Path, sys.argv[1:])
draw_real(pool=pool, n=700, replicate=1, seed=1, output=output)
# Not getrusage's, in which there is what the parent held, too.
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


def test_a_large_set_is_drawn_from_without_being_held(tmp_path):
    spool = Spool((1400, 224, 224, 3), tmp_path)  # 211 MB of holes
    pool = ImageSet(rows.rows([spool.part]), np.arange(1400) % 3, CLASSES)
    write_images(tmp_path / "pool", pool)
    told = subprocess.run(
        [sys.executable, "-c", DRAW, tmp_path / "pool", tmp_path / "drawn"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert int(told.stdout) < 150_000  # kilobytes, half of them of the libraries
    assert len(read_images(tmp_path / "drawn")) == 700
