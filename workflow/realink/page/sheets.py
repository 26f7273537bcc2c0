"""Contact sheets: rendered images, and what translators make of them."""

from collections.abc import Sequence

import matplotlib
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from realink.images.imagesets import ImageSet
from realink.page import lettering

TEXT = "#767676"  # can be read on white and on a dark page; what is not an image is transparent
BENT = "#0072B2"
LOST = "#D55E00"  # vermilion: told from dark by its hue and from light by its lightness
MOST_CLASSES = 12  # columns of more would be too small to see anything in
COLUMNS = 20
PIXELS_PER_INCH = 150  # of a picture, so that a sheet's 160 show each of its pixels


def plot_rendered(rendered: ImageSet, faces: int | None = None, *, invert: bool = False) -> Figure:
    """Draw a contact sheet of rendered images: each class in columns of its own.

    Parameters
    ----------
    rendered : in random order, so that its beginning shows many kinds
    faces : how many faces they were drawn in, if fonts drew them
    invert : whether to show black as white, as is due to writing that is kept white on black
    """
    height, width, _, classes = rendered.shape
    shown = range(min(classes, MOST_CLASSES))
    across = max(1, min(COLUMNS // len(shown), 10 * PIXELS_PER_INCH // (len(shown) * width)))
    columns = len(shown) * across
    rows = int(np.clip(0.7 * columns * width / height, 2, 14))
    places = _places(rendered.labels, shown, rows, across)
    figure = Figure(
        figsize=(10, 10 * rows * height / (columns * width) + 0.7), layout="constrained"
    )
    axes = figure.subplots()
    draw(axes, _sheet(rendered, places, invert))
    _name_columns(axes, rendered, shown, across * width, invert, 10 / len(shown))
    found = f"{np.sum(places >= 0):,} of {len(rendered):,} rendered images"
    if faces is not None:
        found += f", in {faces:,} faces"
    axes.set_title(found + _left_out(rendered), fontsize="medium", color=TEXT)
    return figure


def plot_translations(
    rendered: ImageSet,
    translated: ImageSet,
    predicted: np.ndarray,
    real: ImageSet,
    title: str,
    *,
    from_real: np.ndarray | None = None,
    invert: bool = False,
    pairs: int = 4,
) -> Figure:
    """Draw rendered images above their translations, and real ones below them all.

    Parameters
    ----------
    rendered, translated : rendered images and their translations, image by image
    predicted : int [n], the class that the judge gives each translation; where that is not the
        label, the translation is framed and the class written in it
    real : real images that the translator saw; of unlabelled ones, any are shown
    title : of the sheet
    from_real : bool [n], which translations are real images that were bent, if that is known;
        they have a dot in their lower left
    invert : as for `plot_rendered`
    pairs : rows of rendered images, each above the row of its translations
    """
    height, width, _, classes = rendered.shape
    shown = range(min(classes, MOST_CLASSES))
    across = max(1, 10 // len(shown))
    places = _places(rendered.labels, shown, pairs, across)
    sheet = np.concatenate(
        [
            np.stack([_sheet(images, places, invert) for images in (rendered, translated)], axis=1)
            # A row of rendered images, then that of their translations.
            .reshape(2 * pairs, *_sheet(rendered, places[:1], invert).shape[1:]),
            _sheet(real, _places_of_real(real, shown, across), invert),
        ]
    )
    rows, columns = sheet.shape[:2]
    # 28 pixels are shown at 0.58 inches, and large images in all their pixels.
    inches = max(0.58 / max(height, width), 1 / PIXELS_PER_INCH)
    figure = Figure(
        figsize=(max(columns * width * inches + 0.6, 4.5), rows * height * inches + 1.1),
        layout="constrained",
    )
    axes = figure.subplots()
    draw(axes, sheet)
    for pair, column in np.argwhere(places >= 0):
        index = places[pair, column]
        if predicted[index] != rendered.labels[index]:
            corner = column * width, (2 * pair + 1) * height
            _frame(axes, corner, (width, height), named(rendered.classes, predicted[index], 8))
        if from_real is not None and from_real[index]:
            left, top = column * width, (2 * pair + 2) * height
            axes.plot(left + 0.12 * width, top - 0.15 * height, "o", color=BENT, ms=4, mec="white")
    if real.labels is not None:
        _say_where_real_ones_lack(axes, real, shown, (across * width, height), 2 * pairs)
    names = ["in", "out"] * pairs + ["real", "real"]
    size = min(12.0, 0.8 * 72 * height * inches)
    axes.set_yticks((np.arange(rows) + 0.5) * height - 0.5, names, fontsize=size, color=TEXT)
    _name_columns(axes, rendered, shown, across * width, invert, across * width * inches)
    axes.set_title(title + _left_out(rendered), fontsize="medium", color=TEXT, parse_math=False)
    for row in range(2, rows, 2):
        axes.axhline(row * height - 0.5, color="0.6", linewidth=0.8)
    words = ["framed: the judge sees another class, written in it"]
    if from_real is not None:
        words.append("dot: a real image, bent; without one: a rendered image, bent")
    axes.set_xlabel("\n".join(words), fontsize="small", color=TEXT)
    return figure


def named(classes: Sequence[str], place: int, most: int) -> str:
    """The name of a class, or its number, as `short` has it."""
    return short(lettering.label(classes[place], classes), most)


def short(name: str, most: int) -> str:
    """A class's name on one line of at most so many characters, all of which can be drawn."""
    line = "".join(
        c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in " ".join(name.split())
    )
    return line if len(line) <= most else line[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _places(labels: np.ndarray, shown: range, rows: int, across: int) -> np.ndarray:
    """Which image goes where, int [rows, classes shown x across]; -1 where a class has no more."""
    places = np.full((rows, len(shown) * across), -1)
    for label in shown:
        found = np.flatnonzero(labels == label)[: rows * across]
        own = np.full(rows * across, -1)
        own[: len(found)] = found
        places[:, label * across : (label + 1) * across] = own.reshape(across, rows).T
    return places


def _places_of_real(real: ImageSet, shown: range, across: int) -> np.ndarray:
    """Two rows of `_places`, or of any images where none has a label."""
    if real.labels is not None:
        return _places(real.labels, shown, 2, across)
    places = np.arange(2 * len(shown) * across).reshape(2, -1)
    return np.where(places < len(real), places, -1)


def _sheet(images: ImageSet, places: np.ndarray, invert: bool) -> np.ndarray:
    """Images at their places, uint8 [rows, columns, height, width(, 3)], on white."""
    sheet = np.full((*places.shape, *images.images.shape[1:]), 255, np.uint8)
    filled = places >= 0
    chosen = images.images[places[filled]]
    sheet[filled] = 255 - chosen if invert else chosen
    return sheet


def draw(axes: Axes, sheet: np.ndarray) -> None:
    """Draw images uint8 [rows, columns, height, width(, 3)] as one picture on nothing."""
    axes.figure.patch.set_alpha(0)
    rows, columns, height, width = sheet.shape[:4]
    picture = sheet.swapaxes(1, 2).reshape(rows * height, columns * width, *sheet.shape[4:])
    axes.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.grid(False)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    sns.despine(ax=axes, left=True, bottom=True)


def _name_columns(
    axes: Axes, images: ImageSet, shown: range, pixels: int, invert: bool, inches: float
) -> None:
    """Write each class's name above its columns, `pixels` of the sheet and `inches` wide."""
    names = [named(images.classes, label, 20) for label in shown]
    size = matplotlib.rcParams["font.size"] * 0.9
    slanted = max(map(len, names)) * 0.65 * size / 72 > inches
    slant = {"rotation": 35, "ha": "left", "rotation_mode": "anchor"} if slanted else {}
    axes.set_xticks((np.array(shown) + 0.5) * pixels - 0.5)
    # A name is text, whatever dollar signs are in it.
    axes.set_xticklabels(names, parse_math=False, fontsize=size, color=TEXT, **slant)
    for label in shown[1:]:
        if pixels > images.shape.width:
            axes.axvline(label * pixels - 0.5, color="0.6", linewidth=0.8)


def _say_where_real_ones_lack(
    axes: Axes, real: ImageSet, shown: range, size: tuple[int, int], row: int
) -> None:
    """Write into the columns of classes without a real image, from a row on, that there is none."""
    width, height = size
    for label in shown:
        if not (real.labels == label).any():
            axes.text(
                (label + 0.5) * width - 0.5,
                (row + 1) * height - 0.5,
                "no real\nimage",
                color=TEXT,
                fontsize=7,
                ha="center",
                va="center",
            )


def _frame(axes: Axes, corner: tuple[int, int], size: tuple[int, int], text: str) -> None:
    """Frame one image of the sheet, and write what the judge sees into its upper right."""
    (left, top), (width, height) = corner, size
    axes.add_patch(
        Rectangle(corner, width - 1, height - 1, fill=False, edgecolor=LOST, linewidth=2)
    )
    axes.text(
        left + 0.93 * width,
        top + 0.07 * height,
        text,
        color=LOST,
        fontsize=8 if len(text) < 3 else 5.5,
        fontweight="bold",
        ha="right",
        va="top",
        parse_math=False,
        bbox={"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 0.8},
    )


def _left_out(images: ImageSet) -> str:
    """Words for a title where a sheet cannot show all classes."""
    classes = len(images.classes)
    return "" if classes <= MOST_CLASSES else f"; {MOST_CLASSES} of {classes:,} classes"
