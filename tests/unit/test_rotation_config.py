"""Configs of studies in which pictures take turns: what may be asked for, and what is known."""

import pytest

from realink.errors import InputError
from realink.images import listing, rotation
from realink.plan import durations, grid, schema, sizes, sources
from tests.unit.test_sources import config, folders, laid_over  # noqa: F401


@pytest.fixture(autouse=True)
def _without_listings():
    rotation.list_rotated.cache_clear()
    listing.list_real.cache_clear()


@pytest.fixture
def turned(folders):  # noqa: F811
    """60 pictures of 20 cameras, in 5 turns."""
    return laid_over(
        folders,
        {
            "real": {"split": "rotate", "group": r"^camera\d\d"},
            "replicates": 5,
            "synthetic": "all",
            "rendered_counts": [],
            "mixes": ["real", "real-rendered"],
        },
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"replicates": 1}, r"`real: split:`: by rotate each replicate tests .* 2 or more"),
        ({"replicates": 21}, r"tests groups .* has 20; set `replicates` to 20 or fewer"),
        ({"real": {"group": r"^(camera0)?"}}, "finds no group"),
        ({"counts": [5, 45]}, r"45 real images asked for, but .* has 42 to train on"),
        (
            {"real": {"source": "embedded"}},
            r"rotate is for a folder .* 'embedded' .* `split: fixed`",
        ),
        ({"real": {"source": "mnist"}}, r"rotate is for a folder of pictures; the source 'mnist'"),
    ],
)
def test_what_cannot_rotate_is_named_with_what_to_do(turned, changes, said):
    with pytest.raises(InputError, match=said):
        sources.check(laid_over(turned, changes))


def test_a_split_of_another_name_is_none(config):  # noqa: F811
    with pytest.raises(InputError, match=r"`real: split:`: 'round' is not one of"):
        schema.check(laid_over(config, {"real": {"split": "round"}}))


def test_what_is_known_before_anything_is_read(turned):
    sources.check(turned)
    found = sources.counts(turned)
    assert found == {"train": 42, "validation": 6, "test": 12, "labelled": 60}
    assert sources.labelled(turned) == sources.given_away(turned) == 60
    complete = sources.complete(turned)
    assert sizes.encoded(complete, "real/all") == sizes.count(complete, "labelled") == 60
    assert len(grid.cells(complete)) == 2 * 2 * 5
    fixed = laid_over(turned, {"real": {"split": "fixed"}})
    # All but the test set.
    assert sources.given_away(fixed) == 60 - sources.counts(fixed)["test"]


def test_features_of_all_are_made_once(turned):
    def seconds(**changes):
        images = {"height": 32, "width": 32}
        asked = laid_over(turned, {"learners": ["frozen"], "images": images} | changes)
        return durations.work(sources.complete(asked)), len(grid.cells(sources.complete(asked)))

    five, three = seconds(), seconds(replicates=3)
    each = durations.START_SECONDS + durations.HEAD_SECONDS
    # Two more replicates are their classifiers, and dealing out: nothing is encoded for them.
    more = (five[1] - three[1]) * each + 2 * durations.TURN_SECONDS
    assert five[0] - three[0] == pytest.approx(more)


@pytest.mark.parametrize("source", ["pool", "folder"])
def test_unlabelled_pictures_are_without_the_groups_that_a_replicate_holds_out(
    turned, tmp_path, source
):
    directory = str(tmp_path / "real") if source == "folder" else ""
    asked = laid_over(
        turned, {"unlabelled": {"source": source, "directory": directory}, "counts": [0, 5]}
    )
    # At least as many as the replicate that trains on fewest: the same groups, in either case.
    assert sources.unlabelled(asked) == 42
