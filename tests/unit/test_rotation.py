"""Labelled pictures that take turns: each is tested in one replicate."""

import random
import shutil
from collections import Counter

import numpy as np
import pytest

from realink.errors import InputError
from realink.images.listing import list_labelled
from realink.images.places import Places
from realink.images.rotated import load_rotated
from realink.images.rotation import MOST_VALIDATION, list_rotated, turns
from realink.store.files import read_images, write_images
from realink.store.places import read_places, write_places
from tests import drawn

IMAGES = {"height": 24, "width": 20, "channels": 3, "fit": "stretch", "background": 255}
CAMERA = r"^camera(\d\d)"


def made_up(seed, groups, classes=3):
    """Units and classes of pictures, in groups of 1 to 30 pictures, each of several classes."""
    random_ = random.Random(seed)
    pictures = []
    for group in range(groups):
        pictures += [
            (f"g{group}", "abcdef"[random_.randrange(classes)])
            for _ in range(random_.randint(1, 30))
        ]
    return pictures


@pytest.mark.parametrize("groups", [2, 3, 5, 6, 12, 40])
@pytest.mark.parametrize("seed", range(5))
def test_each_group_is_tested_once_and_is_in_one_split_of_a_replicate(groups, seed):
    pictures = made_up(seed, groups)
    for replicates in range(2, min(groups, 6) + 1):
        found = turns(pictures, replicates, 0.1)
        assert {own.tested for own in found} == set(range(1, replicates + 1))
        of_group = {}
        for (group, _), own in zip(pictures, found, strict=True):
            assert of_group.setdefault(group, own) == own
            assert own.tested not in own.validates
        for replicate in range(1, replicates + 1):
            rest = [p for p, own in zip(pictures, found, strict=True) if own.tested != replicate]
            chosen = [
                p for p, own in zip(pictures, found, strict=True) if replicate in own.validates
            ]
            assert len(chosen) <= MOST_VALIDATION * len(rest)
            # What is left to train on has each class that the two of them have.
            left = Counter(rest) - Counter(chosen)
            assert {label for _, label in left} == {label for _, label in rest}


def test_it_follows_from_names_not_from_their_order():
    pictures = made_up(7, 12)
    found = dict(zip(pictures, turns(pictures, 5, 0.1), strict=True))
    mixed = pictures[::-1]
    assert dict(zip(mixed, turns(mixed, 5, 0.1), strict=True)) == found


def test_single_pictures_are_dealt_by_class():
    pictures = [
        (f"{label}{n}", label) for label, size in (("a", 52), ("b", 23)) for n in range(size)
    ]
    found = turns(pictures, 5, 0.1)
    for replicate in range(1, 6):
        tested = Counter(
            p[1] for p, own in zip(pictures, found, strict=True) if own.tested == replicate
        )
        chosen = Counter(
            p[1] for p, own in zip(pictures, found, strict=True) if replicate in own.validates
        )
        assert tested["a"] in (10, 11)
        assert tested["b"] in (4, 5)
        assert chosen["a"] in (4, 5)
        assert chosen["b"] in (1, 2)
    # Replicates choose by pictures of their own.
    assert len({frozenset(own.validates) for own in found}) > 3


def test_of_three_groups_none_is_lost_for_choices():
    pictures = [
        (f"car{n}", "abc"[i % 3]) for n, size in enumerate((14, 10, 6)) for i in range(size)
    ]
    found = turns(pictures, 3, 0.1)
    assert Counter(own.tested for own in found) == {1: 14, 2: 10, 3: 6}
    assert not any(own.validates for own in found)


def test_all_pictures_join_whatever_folders_of_splits_say(tmp_path):
    drawn.write_real(tmp_path / "flat", each=12)
    for shape in drawn.SHAPES:
        for place, picture in enumerate(sorted((tmp_path / f"flat/{shape}").iterdir())):
            split = ("train", "test", "val")[place % 3]
            target = tmp_path / f"split/{split}/{shape}/{picture.name}"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(picture, target)
    # One picture a class and camera: groups would be in two splits, which is no fault here.
    flat, split = (
        list_rotated(tmp_path / name, validation=0.1, group=CAMERA, replicates=4)
        for name in ("flat", "split")
    )
    assert len(split.used) == len(flat.used) == 36
    tested = {p.group: p.tested for p in flat.used}
    assert {p.group: p.tested for p in split.used} == tested
    for replicate in range(1, 5):
        parts = [
            {p.group for p in split.of(replicate).split(name)}
            for name in ("train", "validation", "test")
        ]
        assert sum(map(len, parts)) == len(set().union(*parts))
        assert split.of(replicate).held_out_groups == parts[1] | parts[2]


@pytest.mark.parametrize(
    ("group", "replicates", "said"),
    [
        (
            r"^camera(\d)",
            4,
            "tests groups .* in each of 4 replicates, but .* has 2; set `replicates` to 2",
        ),
        (None, 40, r"tests pictures .* in each of 40 replicates, but .* has 36"),
    ],
)
def test_more_replicates_than_groups_or_pictures_are_refused(tmp_path, group, replicates, said):
    drawn.write_real(tmp_path, each=12)
    with pytest.raises(InputError, match=said):
        list_rotated(tmp_path, validation=0.1, group=group, replicates=replicates)


def test_a_class_of_one_group_is_refused(tmp_path):
    drawn.write_real(tmp_path, each=12)
    for picture in sorted((tmp_path / "circle").iterdir())[1:]:
        picture.unlink()
    with pytest.raises(InputError, match=r"train on of the class 'circle' .* 1 of 1 groups"):
        list_rotated(tmp_path, validation=0.1, group=CAMERA, replicates=5)


def test_reading_gives_each_picture_a_place_and_the_same_bytes_again(tmp_path):
    drawn.write_real(tmp_path / "real", each=12)
    twin = tmp_path / "real/square/camera00_copy.png"
    shutil.copy(tmp_path / "real/square/camera01_001.png", twin)
    (tmp_path / "real/circle/camera03_broken.png").write_bytes(b"no picture")
    options = {"validation": 0.1, "group": CAMERA, "replicates": 5}
    images, places, manifest = load_rotated(tmp_path / "real", **IMAGES, **options)
    assert len(images) == 36 == len(places.tested)
    used = manifest[manifest["left_out"] == ""]
    assert Counter(used["tested"]) == Counter(places.tested.tolist())
    assert set(used["split"]) == {"labelled"}
    assert set(manifest.loc[manifest["left_out"] != "", "tested"]) == {0}
    for replicate in range(1, 6):
        own = places.of(replicate)
        assert sorted(np.concatenate(list(own.values()))) == list(range(36))
        groups = [set(images.groups[own[split]]) for split in ("train", "validation", "test")]
        assert sum(map(len, groups)) == len(set().union(*groups))
        assert len(own["test"])
    for name in ("one", "two"):
        again = load_rotated(tmp_path / "real", **IMAGES, **options)
        write_images(tmp_path / f"{name}.safetensors", again[0])
        write_places(tmp_path / f"{name}.places.safetensors", again[1])
    for suffix in ("safetensors", "places.safetensors"):
        one, two = ((tmp_path / f"{name}.{suffix}").read_bytes() for name in ("one", "two"))
        assert one == two
    assert (read_images(tmp_path / "one.safetensors").labels == images.labels).all()
    found = read_places(tmp_path / "one.places.safetensors")
    assert all(map(np.array_equal, found, places))
    with pytest.raises(InputError, match="holds no places"):
        read_places(tmp_path / "one.safetensors")


def test_a_replicate_whose_pictures_all_fail_is_refused(tmp_path):
    drawn.write_real(tmp_path, each=4)
    listing = list_rotated(tmp_path, validation=0, group=None, replicates=4)
    for picture in listing.used:
        if picture.tested == 2:
            (tmp_path / picture.file).write_bytes(b"no picture")
    with pytest.raises(InputError, match="replicate 2 has no picture to test on"):
        load_rotated(tmp_path, **IMAGES, validation=0, group=None, replicates=4)


def test_splits_of_folders_are_told_where_nobody_rotates(tmp_path):
    drawn.write_real(tmp_path / "test", each=2)
    drawn.write_real(tmp_path / "train", each=2)
    found = list_labelled(tmp_path, None)
    assert Counter(p.split for p in found.used) == {"train": 6, "test": 6}


def test_places_split_a_set_in_three():
    places = Places(np.array([1, 2, 1, 3]), np.array([[0, 1, 0, 0], [0] * 4, [1, 0, 0, 0]], bool))
    assert {name: own.tolist() for name, own in places.of(1).items()} == {
        "train": [3],
        "validation": [1],
        "test": [0, 2],
    }


def test_a_class_without_a_picture_is_named(tmp_path):
    drawn.write_real(tmp_path, each=4)
    (tmp_path / "star").mkdir()
    (tmp_path / "star/notes.txt").touch()
    with pytest.raises(InputError, match="no picture to train on of the class 'star'"):
        list_rotated(tmp_path, validation=0.1, group=None, replicates=4)
