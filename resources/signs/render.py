"""Draw the rendered signs of the signs study from their templates.

Run it as ``python render.py TEMPLATES OUTPUT`` (see README.md); the same Pillow writes the same
pixels. TEMPLATES holds transparent drawings 0.png to 42.png, of some classes several, 10_1.png and
so on, as the repository does that README.md names. Each is turned, seen a little from the side and
placed at random; its colours stay as drawn, and its alpha straight.
"""

import csv
import random
import shutil
import sys
from pathlib import Path

import numpy as np
from PIL import Image

COUNT = 200  # pictures a class
SIDE, FINER = 64, 4  # pixels of a picture, and how much finer it is drawn
LARGEST = 256  # pixels of a template's longer side, to which larger ones are reduced
TURN = 10  # degrees to either side
SCALE = (0.7, 1.0)  # side of the sign, of the picture's
TILT = 0.05  # of the sign's side, by which each corner is moved, at most
FLAT = 0.14  # by which a sign seen from the side is narrower, at most
ROOM = 0.6  # of the room beside the sign, which its place takes


def template(path: Path) -> Image.Image:
    """Read a drawing, RGBA, cut to what can be seen and centred in a square."""
    drawn = Image.open(path).convert("RGBA")
    drawn.thumbnail((LARGEST, LARGEST))
    drawn = drawn.crop(drawn.getchannel("A").point(lambda alpha: 255 * (alpha > 16)).getbbox())
    side = max(drawn.size) + 2
    square = Image.new("RGBA", (side, side))
    square.paste(drawn, ((side - drawn.width) // 2, (side - drawn.height) // 2))
    return square


def render(drawn: Image.Image, chance: random.Random) -> Image.Image:
    """Show a template as one picture."""
    big = SIDE * FINER
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) / 2
    angle = np.deg2rad(chance.uniform(-TURN, TURN))
    shown = corners @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    shown[:, 0] *= 1 - chance.choice((0, chance.uniform(0, FLAT)))
    shown += [[chance.uniform(-TILT, TILT) for _ in range(2)] for _ in range(4)]
    shown *= chance.uniform(*SCALE) * big
    room = np.maximum(big / 2 - np.abs(shown).max(0), 0) * ROOM
    shown += big / 2 + room * [chance.uniform(-1, 1) for _ in range(2)]
    # Pillow asks where each pixel of the result comes from: the plane's map back to the template.
    rows = []
    for (x, y), (u, v) in zip(shown, (corners + 0.5) * drawn.width, strict=True):
        rows += [(x, y, 1, 0, 0, 0, -u * x, -u * y, u), (0, 0, 0, x, y, 1, -v * x, -v * y, v)]
    equations = np.array(rows)
    back = np.linalg.solve(equations[:, :8], equations[:, 8])
    large = drawn.transform(
        (big, big), Image.Transform.PERSPECTIVE, back.tolist(), Image.Resampling.BICUBIC
    )
    return large.resize((SIDE, SIDE), Image.Resampling.BOX)


def main(templates: Path, output: Path) -> None:
    with (Path(__file__).parent / "images.csv").open(newline="") as table:
        classes = sorted({row["class"] for row in csv.DictReader(table)})
    found = {
        number: sorted(templates.glob(f"{number}.png")) + sorted(templates.glob(f"{number}_*.png"))
        for number in range(len(classes))
    }
    if lacking := [str(number) for number, files in found.items() if not files]:
        sys.exit(f"error: {templates} has no template of the classes {', '.join(lacking)}")
    if output.exists():
        sys.exit(f"error: {output} is there already: remove it, or name another folder")
    made = output.with_name(f".{output.name}.part")
    shutil.rmtree(made, ignore_errors=True)
    for (number, files), name in zip(found.items(), classes, strict=True):
        drawings, chance = [template(path) for path in files], random.Random(f"sign {number}")
        (made / name).mkdir(parents=True)
        for place in range(COUNT):
            picture = render(drawings[place % len(drawings)], chance)
            picture.save(made / name / f"{place:03d}.png")
    made.rename(output)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python render.py TEMPLATES OUTPUT")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
