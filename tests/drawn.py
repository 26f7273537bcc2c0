"""A small set of labelled pictures that the tests draw: shapes, photographed and rendered."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

HEIGHT, WIDTH = 24, 20
SHAPES = ("circle", "square", "triangle")
GROUPS = 20  # cameras


def photographed(shape: str, seed: int) -> Image.Image:
    """A shape of any colour on a blotched ground, in uneven light, with noise: RGB.

    The ground alone of a shape that is none of `SHAPES`.
    """
    random = np.random.default_rng(((*SHAPES, shape).index(shape), seed))
    blotches = random.integers(0, 256, (4, 4, 3), dtype=np.uint8)
    picture = Image.fromarray(blotches).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    ground = np.array(blotches).mean(axis=(0, 1))
    # Away from the ground's own colour, so that the shape can be seen.
    colour = (ground + random.uniform(90, 165, 3)) % 256
    if shape in SHAPES:
        _draw(picture, shape, random, tuple(colour.astype(int)))
    picture = picture.filter(ImageFilter.GaussianBlur(0.5))
    light = np.linspace(*random.uniform(0.7, 1.2, 2), WIDTH)[:, None]
    levels = np.asarray(picture) * light + random.normal(0, 6, (HEIGHT, WIDTH, 3))
    return Image.fromarray(levels.clip(0, 255).astype(np.uint8))


def rendered(shape: str, seed: int) -> Image.Image:
    """A shape in one of few colours, and nothing behind it but for a corner's pixel: RGBA."""
    random = np.random.default_rng((len(SHAPES) + SHAPES.index(shape), seed))
    picture = Image.new("RGBA", (WIDTH, HEIGHT))
    colour = [(200, 40, 40), (40, 90, 200), (30, 30, 30)][seed % 3]
    _draw(picture, shape, random, (*colour, 255))
    picture.putpixel((0, 0), (*colour, seed % 256))  # no two alike
    return picture


def write_real(folder: Path, names: Mapping[str, str] | None = None, each: int = 60) -> None:
    """Write photographs, ``<class>/camera<group>_<number>.jpg`` or ``.png``.

    Parameters
    ----------
    names : of each shape's class, if that is not the shape
    each : pictures of a class
    """
    for shape in SHAPES:
        for seed in range(each):
            kind = "png" if seed % 2 else "jpg"
            name = f"{(names or {}).get(shape, shape)}/camera{seed % GROUPS:02}_{seed:03}.{kind}"
            _save(photographed(shape, seed), folder / name)


def write_rendered(folder: Path, names: Mapping[str, str] | None = None, each: int = 40) -> None:
    """Write rendered pictures, ``<class>/<number>.png``."""
    for shape in SHAPES:
        for seed in range(each):
            name = f"{(names or {}).get(shape, shape)}/{seed:03}.png"
            _save(rendered(shape, seed), folder / name)


def _draw(picture: Image.Image, shape: str, random: np.random.Generator, colour: tuple) -> None:
    size = random.uniform(9, 15)
    left, top = random.uniform(1, WIDTH - 1 - size), random.uniform(1, HEIGHT - 1 - size)
    box = left, top, left + size, top + size
    pen = ImageDraw.Draw(picture)
    if shape == "circle":
        pen.ellipse(box, fill=colour)
    elif shape == "square":
        pen.rectangle(box, fill=colour)
    else:
        pen.polygon([(left, top + size), (left + size, top + size), (left + size / 2, top)], colour)


def _save(picture: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)
