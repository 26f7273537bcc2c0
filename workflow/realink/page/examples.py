"""Pictures put side by side: the three domains, and test images that one mix alone gets right."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from realink.page.sheets import TEXT, draw, named
from realink.plan.mixes import Mix
from realink.store.predictions import Predictions

SHOWN = 10  # images of each domain
ACROSS = 5
CLASSES = 4  # of which examples are drawn, at most


def of_classes(labels: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The place of an image for each wanted label, none twice; -1 where there is none left."""
    places, used = np.full(len(wanted), -1), {}
    for slot, label in enumerate(wanted):
        found = np.flatnonzero(labels == label)
        place = used.get(label, 0)
        if place < len(found):
            places[slot], used[label] = found[place], place + 1
    return places


def plot_triptych(
    plain: Mapping[str, np.ndarray], augmented: Mapping[str, np.ndarray], *, invert: bool = False
) -> Figure:
    """Draw the domains side by side, and below them the same images augmented.

    Parameters
    ----------
    plain : uint8 [n, height, width] or [..., 3], by the domains' titles
    augmented : the same images, augmented, by the same titles
    invert : as for `realink.page.sheets.plot_rendered`
    """
    height, width = next(iter(plain.values())).shape[1:3]
    rows = -(-SHOWN // ACROSS)
    side = 2.0  # inches, so that the words can still be read on a phone
    figure = Figure(
        figsize=(side * len(plain) + 0.5, 2 * (side * rows * height / (ACROSS * width)) + 0.7),
        layout="constrained",
    )
    grid = figure.subplots(2, len(plain), squeeze=False)
    rowwise = (plain, "as is", True), (augmented, "augmented", False)
    for line, (images, words, titled) in zip(grid, rowwise, strict=True):
        for axes, (title, own) in zip(line, images.items(), strict=True):
            cells = np.full((rows * ACROSS, *own.shape[1:]), 255, np.uint8)
            cells[: len(own)] = 255 - own if invert else own
            draw(axes, cells.reshape(rows, ACROSS, *own.shape[1:]))
            if titled:
                axes.set_title(title, color=TEXT, loc="center", parse_math=False)
        line[0].set_ylabel(words, color=TEXT)
    return figure


class Pair(NamedTuple):
    """Two mixes of one count that are told apart by examples.

    n_real : the count
    mix, other : their names
    """

    n_real: int
    mix: str
    other: str


def pair(metrics: pd.DataFrame, recommended: str | None, n: int) -> Pair | None:
    """The recommended mix at a count, or the best where that is the baseline, and the baseline.

    The baseline is augmented as the mix is; for augmented real images it is those as they are.
    None if the study has no two such mixes there.
    """
    own = metrics[metrics["n_real"] == n]
    means = own.groupby("mix")["test_error"].mean().sort_values(kind="stable")
    for name in dict.fromkeys([*filter(None, [recommended]), *means.index]):
        mix = Mix.parse(name)
        other = Mix(None, True, learner=mix.learner) if mix.is_baseline else mix.baseline
        if name in means and name != other.name and other.name in means:
            return Pair(n, name, other.name)
    return None


class Examples(NamedTuple):
    """Test images that one mix gets right in more replicates than the other.

    places : int [at most SHOWN], those that differ most
    predicted : int [as many], what the other mix predicts in most replicates
    count : images that the one gets right, and the other wrong, in most replicates
    """

    places: np.ndarray
    predicted: np.ndarray
    count: int


def examples(
    metrics: pd.DataFrame,
    predictions: Predictions,
    n: int,
    right: str,
    wrong: str,
    label: int | None = None,
) -> Examples:
    """Find test images that `right` gets right and `wrong` does not, at a count.

    Parameters
    ----------
    metrics : in the order of `predictions`, with the index that counts its rows
    label : place of the only class that is looked at
    """
    at = metrics["n_real"] == n
    rows = [metrics.index[at & (metrics["mix"] == mix)].to_numpy() for mix in (right, wrong)]
    all_tested, all_wrong = predictions.tested, predictions.wrong
    tested = [all_tested[own] for own in rows]
    second = predictions.predicted[rows[1]]
    shares = [
        # Of an image that none of them was tested on, nothing is clear.
        1 - (all_wrong[own].sum(0) + 0.5 * ~read.any(0)) / read.sum(0).clip(1)
        for own, read in zip(rows, tested, strict=True)
    ]
    clear = (shares[0] > 0.5) & (shares[1] < 0.5)
    if label is not None:
        clear &= predictions.labels == label
    # Those that differ most; of these any, but always the same.
    order = np.random.default_rng(0).permutation(len(predictions.labels))
    order = order[np.argsort(-(shares[0] - shares[1])[order], kind="stable")]
    places = order[clear[order]][:SHOWN]
    wrongly = [
        np.bincount(own[own != label]).argmax()
        for own, label in (
            (second[tested[1][:, place], place], predictions.labels[place]) for place in places
        )
    ]
    return Examples(places, np.array(wrongly, int), int(clear.sum()))


def plot_examples(
    images: np.ndarray,
    labels: np.ndarray,
    classes: tuple[str, ...],
    found: Mapping[str, Examples],
    *,
    invert: bool = False,
    nothing: str = "no two mixes to tell apart in this study",
) -> Figure:
    """Draw examples, a row for each title, with what they are and what they were taken for.

    Parameters
    ----------
    images, labels : of all test images
    found : by the rows' titles
    nothing : what is written if there are none
    """
    height, width = images.shape[1:3]
    inch = 1.1
    lines = [max(1, -(-len(own.places) // ACROSS)) for own in found.values()]
    tall = [count * (inch * height / width + 0.3) + 0.6 for count in lines]
    figure = Figure(figsize=(ACROSS * inch, sum(tall) or inch), layout="constrained")
    figure.patch.set_alpha(0)
    if not found:
        figure.text(0.01, 0.5, nothing, color=TEXT)
        return figure
    parts = figure.subfigures(len(found), 1, squeeze=False, height_ratios=tall)[:, 0]
    for part, count, (title, own) in zip(parts, lines, found.items(), strict=True):
        part.patch.set_alpha(0)
        part.suptitle(title, color=TEXT, x=0.01, ha="left", fontsize="medium", parse_math=False)
        for slot, axes in enumerate(part.subplots(count, ACROSS).flat):
            if slot >= len(own.places):
                axes.axis("off")
                continue
            place, taken = own.places[slot], own.predicted[slot]
            picture = 255 - images[place] if invert else images[place]
            draw(axes, picture[None, None])
            words = [named(classes, label, 9) for label in (labels[place], taken)]
            axes.set_xlabel(
                f"{words[0]}, not {words[1]}", color=TEXT, fontsize="small", parse_math=False
            )
    return figure
