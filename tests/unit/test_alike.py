"""Pictures that look the same: the table of pairs, and how the page lists them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from realink.commands.alike import find_alike
from realink.images.places import Places
from realink.images.splits import hashed
from realink.page import alike as pages
from realink.store.files import read_table, write_images
from realink.store.manifests import placed
from realink.store.places import write_places
from tests import made_up

CLASSES = "cat", "dog"
SPLITS = "train", "validation", "test", "rendered"


def written(root, splits, sets):
    """Image sets and their manifests, of real and of rendered pictures."""
    rows = {"images.csv": [], "rendered.csv": []}
    for split, own in zip(splits, sets, strict=True):
        write_images(root / f"{split}.safetensors", own)
        # Names that come in the images' order.
        names = sorted((f"{split}/{n}.png" for n in range(len(own))), key=hashed)
        table = "rendered.csv" if split == "rendered" else "images.csv"
        rows[table] += [
            (name, own.classes[label], split, "")
            for name, label in zip(names, own.labels, strict=True)
        ]
    for name, lines in rows.items():
        columns = ["file", "class", "split", "left_out"]
        pd.DataFrame(lines, columns=columns).to_csv(root / name, index=False)
    return {
        "images": [root / f"{split}.safetensors" for split in splits],
        "splits": list(splits),
        "manifest": root / "images.csv",
        "rendered": root / "rendered.csv",
        "output": root / "alike.csv",
    }


def shown(asked):
    return dict(zip(asked["splits"], asked["images"], strict=True))


def copied(images, place, other, from_place):
    """The same with an image of another set, a little lighter, as encoded anew."""
    pixels = np.array(images.images)
    pixels[place] = np.minimum(other.images[from_place].astype(int) + 2, 255)
    return replace(images, images=pixels)


@pytest.fixture
def sets():
    """Noise, but for a test picture that is rendered, too, and a validation picture's twin."""
    pool, validation, test, rendered = (made_up.images(12, CLASSES, seed) for seed in range(4))
    return [copied(pool, 4, validation, 2), validation, test, copied(rendered, 6, test, 8)]


def test_pairs_of_a_held_out_picture_and_another_are_listed(tmp_path, sets):
    asked = written(tmp_path, SPLITS, sets)
    find_alike(**asked)
    table = read_table(asked["output"]).set_index("split")
    assert table.index.tolist() == ["validation", "test"]
    place = table[["place", "other_split", "other_place"]]
    assert place.loc["validation"].tolist() == [2, "train", 4]
    assert place.loc["test"].tolist() == [8, "rendered", 6]
    names = read_table(tmp_path / "images.csv", dtype=str)
    own = names.loc[names["split"] == "test", "file"].tolist()
    assert table.loc["test", "file"] == own[8]
    found = pages.read(asked["output"], shown(asked))
    assert (found.count, found.tested) == (2, 1)
    # Tested ones come first.
    assert [[one.split for one in pair] for pair in found.pairs] == [
        ["test", "rendered"],
        ["validation", "train"],
    ]
    assert all(one.image.startswith("data:image/webp") for pair in found.pairs for one in pair)
    assert found.pairs[0][0].name == own[8]
    hidden = pages.read(asked["output"], {})
    assert [one.image for pair in hidden.pairs for one in pair] == [""] * 4


def test_unlabelled_pictures_are_compared_and_named_by_their_place(tmp_path, sets):
    further = made_up.images(9, CLASSES, 7)
    further = replace(copied(further, 5, sets[2], 3), labels=None)
    asked = written(tmp_path, SPLITS[:3], [made_up.images(12, CLASSES, 8), *sets[1:3]])
    write_images(tmp_path / "unlabelled.safetensors", further)
    names = [f"{n}.png" for n in range(9)]
    table = pd.DataFrame({"file": names, "class": "", "split": "unlabelled", "left_out": ""})
    placed(table, ["x", "x", "x", "x", "x", "8.png", "x", "0.png", "1.png"]).to_csv(
        tmp_path / "further.csv", index=False
    )
    asked["images"].append(tmp_path / "unlabelled.safetensors")
    asked["splits"].append("unlabelled")
    find_alike(**asked, unlabelled=tmp_path / "further.csv")
    (row,) = read_table(asked["output"]).to_dict("records")
    assert (row["split"], row["place"]) == ("test", 3)
    assert (row["other_split"], row["other_place"]) == ("unlabelled", 5)
    # Of files that are not all there none is named.
    assert pd.isna(row["other_file"])
    placed(table, names[::-1]).to_csv(tmp_path / "further.csv", index=False)
    find_alike(**asked, unlabelled=tmp_path / "further.csv")
    assert read_table(asked["output"])["other_file"].tolist() == ["3.png"]


def test_nothing_alike_is_a_table_of_no_rows(tmp_path, sets):
    asked = written(tmp_path, SPLITS[:3], [sets[0], sets[2], sets[2].take(np.arange(0))])
    find_alike(**asked)
    assert pages.read(asked["output"], shown(asked)) == ([], 0, 0)


def test_pictures_that_take_turns_are_compared_between_the_turns(tmp_path, sets):
    pool = sets[0]
    labelled = copied(copied(pool, 6, pool, 2), 9, pool, 1)
    asked = written(tmp_path, ("labelled", "rendered"), [labelled, sets[3]])
    tested = np.repeat([1, 2, 3], 4)
    tested[9] = 1  # as its twin is
    write_places(tmp_path / "places.safetensors", Places(tested, np.zeros((3, 12), bool)))
    find_alike(**asked, places=tmp_path / "places.safetensors")
    table = read_table(asked["output"])
    assert table[["split", "other_split"]].to_numpy().tolist() == [["labelled", "labelled"]]
    assert set(table[["place", "other_place"]].to_numpy()[0]) == {2, 6}
    found = pages.read(asked["output"], shown(asked))
    assert (found.count, found.tested) == (1, 2)
