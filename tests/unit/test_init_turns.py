"""`init` of few pictures: each is tested once, in turns, and a person is told what that means."""

import pytest

from realink.commands.init import init
from realink.images import listing, rotation
from realink.plan import grid, proposal, sources
from tests import drawn
from tests.unit.test_init import _at_a_root_without_results, draw, merged  # noqa: F401


@pytest.fixture(autouse=True)
def _without_listings():
    rotation.list_rotated.cache_clear()


def cars(root):
    """30 photographs of three cars, and 906 rendered ones."""
    taken = 0
    for car, size in enumerate((14, 10, 6)):
        for place in range(size):
            shape, taken = drawn.SHAPES[place % 3], taken + 1
            path = root / f"real/{shape}/car{car}_{place:02}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            drawn.photographed(shape, taken).save(path)
    drawn.write_rendered(root / "rendered", each=302)
    return {"real": root / "real", "rendered": root / "rendered"}


def test_thirty_photographs_of_three_cars(tmp_path, capsys):
    output = tmp_path / "mine.yaml"
    init(**cars(tmp_path), group=r"^car\d", output=output)
    config = merged(output)
    assert (config["real"]["split"], config["replicates"]) == ("rotate", 3)
    # Each replicate trains on two cars, and has no group to spare for choices.
    assert sources.counts(config) == {"train": 16, "validation": 0, "test": 14, "labelled": 30}
    assert config["counts"][-1] == 16
    assert len(config["counts"]) >= 2
    assert proposal.seconds(config) <= 30 * 60
    cells = grid.cells(sources.complete(config))
    assert {cell.replicate for cell in cells} == {1, 2, 3}
    assert {"real-aug", "real-rendered-aug", "real-harvest-aug"} <= set(config["mixes"])
    said = " ".join(capsys.readouterr().out.split())
    assert "groups: 3, each of them is tested once" in said
    assert "tested: all 30 labelled pictures, since one test set of so few would say little" in said
    assert "The 3 groups are dealt into 3 parts" in said
    assert "With 3 groups, what holds for the next one stays unsure" in said


def test_pictures_without_groups_take_turns_by_themselves(tmp_path, capsys):
    output = tmp_path / "mine.yaml"
    init(real=draw(tmp_path / "real"), rendered=draw(tmp_path / "rendered", seed=1), output=output)
    config = merged(output)
    assert (config["real"]["split"], config["replicates"]) == ("rotate", 5)
    assert "the pictures are dealt into 5 parts" in " ".join(
        capsys.readouterr().out.split()
    ).replace("The", "the")


def test_whoever_split_them_keeps_the_test_set(tmp_path):
    real = tmp_path / "real"
    draw(real / "train")
    draw(real / "test", n=4, seed=1)
    init(real=real, rendered=draw(tmp_path / "rendered", seed=2), output=tmp_path / "mine.yaml")
    assert merged(tmp_path / "mine.yaml")["real"]["split"] == "fixed"


def test_a_class_of_one_group_alone_keeps_one_test_set(tmp_path):
    real = draw(tmp_path / "real")
    for path in list(real.rglob("*.png")):
        camera = 0 if path.parent.name == "star" else int(path.stem) % 6
        path.rename(path.with_name(f"cam{camera}_{path.name}"))
    output = tmp_path / "mine.yaml"
    rendered = draw(tmp_path / "rendered", seed=2)
    init(real=real, rendered=rendered, group=r"^cam\d", output=output)
    assert merged(output)["real"]["split"] == "fixed"


@pytest.mark.parametrize(
    ("pictures", "groups", "turns"),
    [(999, 0, 5), (1000, 0, 0), (3000, 44, 5), (3000, 200, 0), (40, 1, 0), (40, 2, 2), (40, 4, 4)],
)
def test_few_pictures_or_few_groups_to_test_on(pictures, groups, turns):
    found = [
        listing.Picture(f"{i}.png", "ab"[i % 2], "train", f"g{i % groups}" if groups else "")
        for i in range(pictures)
    ]
    labelled = listing.Listing("real", ("a", "b"), tuple(found))
    part = tuple(
        listing.Picture(
            p.file,
            p.label,
            "test" if i % max(groups, 10) < max(groups, 10) // 5 else "train",
            p.group,
        )
        for i, p in enumerate(found)
    )
    fixed = listing.Listing("real", ("a", "b"), part)
    assert proposal.turns(labelled, fixed) == turns
    # Of none for one test set, what there is says it.
    assert proposal.turns(labelled, None) == (5 if groups == 200 else turns)


@pytest.mark.parametrize("minutes", [15, 60])
@pytest.mark.parametrize("size", [(40, 32), (400, 400)])
def test_turns_of_pictures_of_any_size_end_in_time(tmp_path, size, minutes):
    for name, seed in (("real", 1), ("rendered", 2)):
        draw(tmp_path / name, n=10, seed=seed, size=size)
    output = tmp_path / "mine.yaml"
    given = {"real": tmp_path / "real", "rendered": tmp_path / "rendered"}
    init(**given, output=output, minutes=minutes)
    config = merged(output)
    assert config["replicates"] == 5
    assert proposal.seconds(config) <= 60 * minutes
    assert {"real-aug", "real-rendered-aug"} < set(config["mixes"])


def test_pictures_alike_in_two_turns_are_named(tmp_path, capsys):
    real = draw(tmp_path / "real")
    for path in sorted(real.rglob("*.png"))[::3]:
        with path.open("rb") as file:
            content = file.read()
        path.with_name(f"again{path.name}").write_bytes(content + b"\0")  # another file
    rendered = draw(tmp_path / "rendered", seed=2)
    for path in sorted(real.glob("*/1.png")):
        (rendered / path.parent.name / "real.png").write_bytes(path.read_bytes())
    output = tmp_path / "mine.yaml"
    init(real=real, rendered=rendered, output=output)
    said = capsys.readouterr().out
    assert "copies, left out: 12" in said
    assert "the same picture is a real one, left out: 3" in said
    assert merged(output)["real"]["duplicates"] == "drop"
