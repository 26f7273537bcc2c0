"""Pictures that look alike are found across splits, and patterns that keep them together."""

import io
import itertools
import re

import numpy as np
import pytest
from PIL import Image

from realink.images.listing import Picture
from realink.images.near import keeps_together, look, near_copies


def photograph(seed):
    blotches = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(blotches).resize((320, 240), Image.Resampling.BICUBIC)


def encoded_anew(picture):
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=50)
    return Image.open(buffer).convert("RGB")


CHANGES = {
    "encoded anew": encoded_anew,
    "halved": lambda picture: picture.resize((160, 120)),
    "cropped": lambda picture: picture.crop((3, 2, 317, 238)),
    "framed anew": lambda picture: Image.blend(picture, picture.transform(
        picture.size, Image.Transform.AFFINE, (1, 0, 1, 0, 1, 1)), 0.5),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_near_copies_are_found_and_no_others(change):
    pictures, looks = [], []
    for seed in range(40):
        picture = photograph(seed)
        for split, shown in (("test", picture), ("train", CHANGES[change](picture))):
            pictures.append(Picture(f"{split}/{seed}.png", "cat", split))
            looks.append(look(shown))
    pairs = {(one.file, other.file) for one, other in near_copies(pictures, looks)}
    assert pairs <= {(f"test/{seed}.png", f"train/{seed}.png") for seed in range(40)}
    assert len(pairs) >= 36


@pytest.mark.parametrize(("label", "split"), [("dog", "train"), ("", "unlabelled")])
def test_of_other_or_unknown_labels_they_must_be_nearer(label, split):
    found = {}
    for change in ("encoded anew", "halved"):
        pictures, looks = [], []
        for seed in range(40):
            picture = photograph(seed)
            pictures += [
                Picture(f"{seed}.png", "cat", "test"),
                Picture(f"{seed}.jpg", label, split),
            ]
            looks += [look(picture), look(CHANGES[change](picture))]
        pairs = near_copies(pictures, looks)
        assert all(one.file[:-4] == other.file[:-4] for one, other in pairs)
        found[change] = len(pairs)
    assert found == {"encoded anew": 40, "halved": 40}


def test_they_are_of_two_splits():
    seen = look(photograph(1))
    where = [("cat", "test"), ("cat", "test"), ("dog", "train"), ("cat", "validation")]
    pictures = [Picture(f"{i}.png", *place) for i, place in enumerate(where)]
    pairs = near_copies(pictures, [seen] * 4)
    assert [(int(one.file[0]), int(other.file[0])) for one, other in pairs] == [
        (0, 2), (0, 3), (1, 2), (1, 3), (3, 2),
    ]  # fmt: skip
    assert near_copies([], []) == []


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        ("img_{}_jpg.rf.{:032x}.jpg", "img_7"),
        ("{} ({}).png", "7"),
        ("track{}_{:04}.png", "track7_"),
        ("{}{:02}.png", ""),  # numbers alone say nothing
    ],
)
def test_a_pattern_that_keeps_them_together_is_named(names, pattern):
    places = itertools.product(range(12), range(1, 4))
    pictures = [Picture(f"cat/{names.format(*place)}", "cat") for place in places]
    pairs = list(zip(pictures[::3], pictures[1::3], strict=True))
    found = keeps_together(pairs, pictures)
    if not pattern:
        assert found == ""
        return
    assert re.search(found, names.format(7, 3))[1] == pattern
    assert keeps_together([], pictures) == ""
    # Not if others are alike.
    assert keeps_together([(pictures[0], pictures[-1])], pictures) == ""


@pytest.mark.parametrize(
    "copy",
    [
        "{} 2.jpg",
        "{} copy.jpg",
        "{} copy 2.jpg",
        "Copy of {}.jpg",
        "Kopie von {}.jpg",
        "{}-Kopie.jpg",
        "{} - Kopie.jpg",
        "{}~2.jpg",
        "{}-edited.jpg",
        "{}_copy.jpeg",
        "{} (2).jpg",
    ],
)
def test_copies_that_programs_name_stay_together(copy):
    names = [name.format(f"IMG_{k:04}") for k in range(12) for name in ("{}.jpg", copy)]
    pictures = [Picture(f"cat/{name}", "cat") for name in names]
    pairs = list(zip(pictures[::2], pictures[1::2], strict=True))
    found = keeps_together(pairs, pictures)
    assert [re.search(found, name)[1] for name in names[:4]] == [
        *["IMG_0000"] * 2,
        *["IMG_0001"] * 2,
    ]
