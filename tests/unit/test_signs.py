"""The script that draws the rendered signs from templates, on templates drawn here."""

import importlib.util
import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

SCRIPT = Path(__file__).parents[2] / "resources/signs/render.py"


@pytest.fixture
def render():
    spec = importlib.util.spec_from_file_location("render", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def drawing(colour: tuple[int, int, int], size: tuple[int, int] = (300, 200)) -> Image.Image:
    """A disc on nothing, whose hidden pixels are white."""
    picture = Image.new("RGBA", size, (255, 255, 255, 0))
    ImageDraw.Draw(picture).ellipse((60, 20, 220, 180), fill=(*colour, 255))
    return picture


def test_a_template_is_shown_whole_in_its_own_colours(render, tmp_path):
    drawing((20, 30, 200)).save(tmp_path / "0.png")
    drawn = render.template(tmp_path / "0.png")
    assert drawn.width == drawn.height
    assert max(drawn.size) <= render.LARGEST + 2
    chance, sides = random.Random("a"), []
    for _ in range(20):
        picture = np.asarray(render.render(drawn, chance))
        assert picture.shape == (render.SIDE, render.SIDE, 4)
        alpha = picture[..., 3]
        # Straight alpha: half-covered pixels have the sign's colour, and no white comes in.
        off = abs(picture[alpha > 40][:, :3].astype(int) - (20, 30, 200))
        assert off[:, :2].max() <= 15
        assert off[:, 2].max() <= 30  # bicubic interpolation overshoots at edges
        there = np.flatnonzero(alpha.max(0) > 128)
        sides.append((there[-1] - there[0] + 1) / render.SIDE)
    assert 0.5 < min(sides) < 0.8 < max(sides) <= 1


def test_every_class_is_drawn_from_all_its_templates_and_each_time_alike(
    render, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(render, "COUNT", 2)
    templates = tmp_path / "templates"
    templates.mkdir()
    for number in range(43):
        drawing((200, number, 0)).save(templates / f"{number}.png")
    drawing((0, 0, 0)).save(templates / "7_1.png")
    for name in "one", "two":
        render.main(templates, tmp_path / name)
    one, two = (sorted((tmp_path / name).rglob("*.png")) for name in ("one", "two"))
    assert len(one) == 86
    assert len({path.parent for path in one}) == 43
    assert [a.read_bytes() for a in one] == [b.read_bytes() for b in two]
    seventh = sorted((tmp_path / "one").glob("07_*"))[0]
    reds = [np.asarray(Image.open(path))[32, 32, 0] for path in sorted(seventh.iterdir())]
    assert reds[0] > 150 > 50 > reds[1]
    with pytest.raises(SystemExit, match="is there already"):
        render.main(templates, tmp_path / "one")
    (templates / "3.png").unlink()
    with pytest.raises(SystemExit, match=r"no template of the classes 3$"):
        render.main(templates, tmp_path / "three")
    assert not (tmp_path / "three").exists()
