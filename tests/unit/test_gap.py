"""The gap's measures, on sets whose answer is known, and the choice of real images."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from realink.commands.gap import measure_gap
from realink.commands.real import draw_real
from realink.images.imagesets import ImageSet, Shape
from realink.learners.small import network as small
from realink.scores import gap
from realink.store.checkpoints import save
from realink.store.files import write_images

MEASURES = {"detected", "frechet", "kernel", "density", "coverage", "copied", "nearest"}
SMALL = replace(gap.DETECTOR, steps=60, width=4)
SHAPE = Shape(28, 28, 1, 2)


def blobs(n, *, low=8, high=20, seed):
    """Blurred spots of random widths, centred evenly in low..high on both axes."""
    rng = np.random.default_rng(seed)
    rows, columns, widths = rng.uniform([low, low, 4], [high, high, 40], (n, 3)).T[..., None, None]
    y, x = np.mgrid[:28, :28]
    return (255 * np.exp(-((y - rows) ** 2 + (x - columns) ** 2) / widths)).astype(np.uint8)


@pytest.fixture(scope="module")
def judge():
    """A network that learnt nothing; its random features tell spots apart well enough."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return small.Network(SMALL, SHAPE).eval()


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(gap, "DETECTOR", SMALL)


def numbered(n):
    """A pool in which the first pixels of an image say which one it is."""
    images = np.zeros((n, 28, 28), np.uint8)
    images[:, 0, 0], images[:, 0, 1] = np.divmod(np.arange(n), 256)
    return labelled(images)


def labelled(images):
    return ImageSet(images, np.zeros(len(images), np.int64), ("spot", "none"))


def numbers(images):
    return (256 * images[:, 0, 0].astype(int) + images[:, 0, 1]).tolist()


@pytest.mark.parametrize(
    ("pool", "n_real", "left"),
    [
        (7, 2, 3),
        (1000, 0, 500),
        (1000, 500, 500),
        (1000, 501, 499),
        (1000, 999, 1),
        (1000, 1000, 0),
        (12_000, 6000, 5000),
        (12_000, 11_000, 1000),
    ],
)
def test_the_reference_was_not_seen(pool, n_real, left):
    whole = numbered(pool)
    seen, unseen, floor = map(numbers, gap.split(whole, n_real, seed=5))
    # What the translators learn from is drawn elsewhere, by this.
    assert seen == numbers(whole.draw(n_real, seed=5).images)
    assert len(set(unseen)) == len(unseen) == left
    assert not set(unseen) & {*seen, *floor}
    reference = numbers(gap.split(whole, 0, seed=5).unseen)
    assert unseen == reference[len(reference) - left :]
    assert len(set(floor)) == len(floor) == len(reference) == min(5000, pool // 2)
    assert not set(floor) & set(reference)


def test_equal_and_different_sets(judge, quick):
    real, seen = blobs(600, seed=0), blobs(400, seed=1)
    same = gap.measure(blobs(900, seed=2), real, seen, judge, seed=3)
    other = gap.measure(blobs(900, low=14, high=26, seed=2), real, seen, judge, seed=3)
    assert same.keys() == other.keys() == {"n_compared", *MEASURES}
    assert same["n_compared"] == other["n_compared"] == 600
    assert same["detected"] == pytest.approx(0.5, abs=0.08)
    assert other["detected"] > 0.75
    assert same["frechet"] < other["frechet"] / 20
    assert abs(same["kernel"]) < other["kernel"] / 20
    assert same["density"] == pytest.approx(1, abs=0.15)
    assert same["coverage"] > 0.9
    assert other["coverage"] < 0.6
    assert same["copied"] < 0.04
    assert same["nearest"] == pytest.approx(1, abs=0.1)
    assert other["nearest"] > 1.2


def test_colour_images_of_any_size_are_compared(quick):
    """Sets that differ by their colour alone, in a network with a size of its own."""
    random = np.random.default_rng(0)
    spots = np.stack([blobs(700, seed=0)[:, :24, :20]] * 3, axis=3)
    red = spots * np.array([1, 0.2, 0.2])
    real, made = spots[:300], spots[400:]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        judge = small.Network(replace(SMALL, standardise=True), Shape(24, 20, 3, 2)).eval()
    same = gap.measure(made, real, real[:9], judge, seed=3)
    other = gap.measure(red[400:].astype(np.uint8), real, real[:9], judge, seed=3)
    assert same["detected"] < 0.65 < 0.95 < other["detected"]
    assert same["frechet"] < other["frechet"] / 3
    assert same["nearest"] < other["nearest"]
    dark = random.permutation(made) // 2
    # The detector sees how light they are, though the judge does not.
    assert gap.detected(dark, real, seed=3) > 0.95


def test_the_nearest_is_found_whatever_fits_in_memory(monkeypatch):
    made, seen = np.random.default_rng(0).integers(0, 256, (2, 40, 24, 20, 3), np.uint8)
    apart = made[:, None].astype(float) - seen
    expected = np.sqrt(np.square(apart).sum((2, 3, 4))).min(1) / 255
    for numbers_at_once in (1, 7 * made[0].size, 10**9):
        monkeypatch.setattr(gap, "NEAREST_NUMBERS", numbers_at_once)
        np.testing.assert_allclose(gap._to_nearest(made, seen), expected, rtol=1e-9)


def test_the_seed_decides_alone(judge, quick):
    real, made = blobs(210, seed=0), blobs(400, low=9, seed=1)
    torch.manual_seed(8)
    once = gap.measure(made, real, real[:9], judge, seed=3)
    torch.manual_seed(9)
    state = torch.get_rng_state()
    assert gap.measure(made, real, real[:9], judge, seed=3) == once
    assert torch.equal(torch.get_rng_state(), state)
    assert gap.measure(made, real, real[:9], judge, seed=4)["frechet"] != once["frechet"]


def test_what_the_detector_learnt_by_heart_does_not_count(quick):
    made, real = np.random.default_rng(0).integers(0, 256, (2, 120, 28, 28), np.uint8)
    halved = np.concatenate([made[:60], made[:60]]), np.concatenate([real[:60], real[:60]])
    assert gap.detected(*halved, seed=0) > 0.9
    assert gap.detected(made, real, seed=0) == pytest.approx(0.5, abs=0.15)


def test_copies_are_found():
    seen, real = blobs(300, seed=0), blobs(400, seed=1)
    assert gap.nearness(seen[:100], real, seen) == (1, pytest.approx(0, abs=1e-3))
    copied, _ = gap.nearness(np.concatenate([seen[:100], blobs(100, seed=2)]), real, seen)
    assert copied == pytest.approx(0.5, abs=0.03)


def test_without_enough_real_images_nothing_is_measured(judge, quick):
    many, few = blobs(200, seed=0), blobs(199, seed=1)
    nothing = {"n_compared": 0, **dict.fromkeys(MEASURES)}
    assert gap.measure(many, few, many, judge, seed=0) == nothing
    assert gap.measure(few, many, many, judge, seed=0) == nothing
    unseen = gap.measure(many, blobs(200, seed=2), None, judge, seed=0)
    assert {name for name, value in unseen.items() if value is None} == {"copied", "nearest"}


@pytest.mark.parametrize("chunk", [1, 5, 100])
def test_density_and_coverage_by_hand(monkeypatch, chunk):
    monkeypatch.setattr(gap, "FEATURES_CHUNK", chunk)
    # Each group's six points are 1 apart, so the balls of 0..5 have the radii 5, 4, 3, 3, 4, 5.
    real = np.array([0, 1, 2, 3, 4, 5, 100, 101, 102, 103, 104, 105], float)[:, None]
    made = np.array([2.5, 9.5, 50.0])[:, None]
    # 2.5 lies in all six of its group; 9.5 only in that of 5; 50 in none.
    assert gap.density_and_coverage(made, real) == (pytest.approx((6 + 1 + 0) / 5 / 3), 6 / 12)


def test_distances_of_two_gaussians():
    rng = np.random.default_rng(0)
    real = rng.normal(size=(20_000, 2)).astype(np.float32)
    frechet, kernel = gap.distances(3 * real + [2, 0], real, seed=0)
    # |mean|^2 + the sum of (3 - 1)^2 over both axes.
    assert frechet == pytest.approx(4 + 8, rel=0.03)
    assert kernel > 1
    assert gap.distances(real, real, seed=0)[0] == pytest.approx(0, abs=1e-6)


def test_distances_are_those_of_torchmetrics():
    from torchmetrics.image.fid import FrechetInceptionDistance
    from torchmetrics.image.kid import KernelInceptionDistance

    rng = np.random.default_rng(0)
    made, real = rng.gamma(2, size=(300, 4)), rng.gamma(3, size=(260, 4))
    given = torch.nn.Identity()
    given.num_features = 4
    kernel = KernelInceptionDistance(given, subsets=gap.SUBSETS, subset_size=len(real))
    frechet = FrechetInceptionDistance(given)
    torch.manual_seed(5)
    for metric in frechet, kernel:
        metric.update(torch.from_numpy(real), real=True)
        metric.update(torch.from_numpy(made), real=False)
    expected = frechet.compute().item(), kernel.compute()[0].item()
    assert gap.distances(made, real, seed=5) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "n_real", "compared"), [("t", 250, 250), ("t", 301, 0), ("rendered", None, 250)]
)
def test_the_command_compares_with_what_the_replicate_left(
    tmp_path, judge, quick, name, n_real, compared
):
    write_images(tmp_path / "pool", labelled(blobs(500, seed=0)))
    save(tmp_path / "judge", judge, "small", SMALL, SHAPE)
    draw = {"pool": tmp_path / "pool", "replicate": 2, "seed": 1}
    draw_real(**draw, n=250, output=tmp_path / "made")
    made = {"images_of": name, "images": tmp_path / "made", "checkpoint": tmp_path / "judge"}
    output = tmp_path / "gap.json"
    measure_gap(**draw, **made, n=n_real, output=output, device="cpu")
    record = json.loads(output.read_text())
    identity = {"images": name, "n_real": n_real, "replicate": 2, "n_compared": compared}
    assert record.items() >= identity.items()
    assert record.keys() == {*identity, *MEASURES}
    # The images are those that a translator of 250 would have seen.
    assert record["copied"] == (1 if n_real == 250 else None)


def test_without_images_the_command_compares_real_with_real(tmp_path, judge, quick):
    write_images(tmp_path / "pool", labelled(blobs(800, seed=0)))
    save(tmp_path / "judge", judge, "small", SMALL, SHAPE)
    measure_gap(
        images_of="real",
        pool=tmp_path / "pool",
        checkpoint=tmp_path / "judge",
        replicate=1,
        seed=1,
        output=tmp_path / "gap.json",
        device="cpu",
    )
    record = json.loads((tmp_path / "gap.json").read_text())
    assert record["detected"] == pytest.approx(0.5, abs=0.1)
    assert record["coverage"] > 0.9
    # Different real images: the distance of a set to itself is 0.
    assert record["frechet"] > 1e-3
