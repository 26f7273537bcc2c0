"""The study that is proposed for a person's own folders: its config, and how long it will take."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import yaml

from realink.images.listed import Listing
from realink.images.names import TEST, TRAIN
from realink.images.survey import Survey
from realink.plan import durations, grid, sources

CORES = 2
LEAST_COUNT, MOST_COUNTS = 55, 5  # the talk's smallest count
# Replicates and numbers of counts, the larger ones first.
DRAWS = (3, MOST_COUNTS), (3, 4), (3, 3), (2, 4), (2, 3), (1, 3), (1, 2)
FONT_IMAGES = 20_000
PRETRAINED_SIDES = (96, 128, 160, 192, 224)  # pixels of the longer side
# For photographs: the first that fits, or the last.
FROZEN = "frozen"
PRETRAINED = [["small", "frozen", "finetuned"], ["small", "frozen"]]
NEAR_SQUARE = 1.3  # proportion up to which pictures are made square
LONGEST = 1.25  # side of others, of the square's: the network would halve longer ones once more
# Fewer pictures, or groups to test on, had better all be tested, in turns.
FEW_LABELLED, FEW_TEST_GROUPS, TURNS = 1_000, 20, 5
ALIKE = 2.0  # ratio of the outer proportions up to which stretching all pictures is harmless

# In the order in which they are worth their time; the first four or five are the question itself.
PHOTOGRAPHS = [
    *("real-aug", "real-rendered-aug", "real-harvest-aug", "real-randomised-aug", "real"),
    *("rendered", "real-rendered", "harvest-aug", "rendered-aug", "real-cyclegan-aug"),
    *("real-harvest", "randomised-aug", "cyclegan-aug"),
]
PLAIN = [
    *("real", "real-aug", "real-rendered-aug", "real-warp-aug"),
    *("rendered", "rendered-aug", "real-rendered", "warp-aug", "real-cyclegan-aug", "real-warp"),
    "cyclegan-aug",
]
# With unlabelled pictures.
UNLABELLED_PHOTOGRAPHS = [
    *("real-aug", "harvest-aug", "real-harvest-aug", "real-pseudo-aug", "harvest-pseudo-aug"),
    *("real-harvest-pseudo-aug", "real-randomised-aug", "randomised-aug", "real-rendered-aug"),
]
UNLABELLED_PLAIN = [
    *("real-aug", "rendered-aug", "real-rendered-aug", "real-pseudo-aug", "rendered-pseudo-aug"),
    *("real-rendered-pseudo-aug", "real-warp-aug", "real-warp-pseudo-aug"),
]
# For photographs, whose light, sharpness and noise vary as a camera's: by the validation error on
# meters (docs/lab/meters.md).
PHOTOMETRIC = {
    "brightness": 0.1,
    "contrast": 0.3,
    "colour": 0.15,
    "gradient": 0.3,
    "blur": 1.0,
    "noise": 0.03,
}
MOVED = {"rotation": 10, "scale": 0.15, "aspect": 0.15, "shear": 0.15}
MOVED |= {"shift": 2, "elastic": 0.5, "smoothness": 5}
# Faces as displays of meters and clocks have them, beside those of the font packages.
SEGMENTS = "resources/segments"


def propose(
    defaults: Mapping[str, Any],
    real: Survey,
    rendered: Survey | None,
    *,
    study: str,
    real_directory: str,
    rendered_directory: str,
    characters: str | dict[str, str],
    group: str | None,
    minutes: float,
    unlabelled_directory: str = "",
    speed: durations.Speed = durations.MEASURED,
) -> dict[str, Any]:
    """Choose a study of some folders that ends within some minutes on two cores, if one can.

    Parameters
    ----------
    defaults : the config that it is laid over, config/config.yaml
    real, rendered : what was found; None if fonts draw the rendered images of `characters`
    unlabelled_directory : of further pictures without labels; empty for none
    speed : of the machine

    Returns
    -------
    dict
        Every key of a config.
    """
    small = size(real.sizes)
    channels = _channels(real, rendered)
    photographs = are_photographs(real, rendered)
    height, width = pretrained_size(real.sizes) if photographs else small
    images = {"height": height, "width": width, "channels": channels, "fit": fit(real.sizes)}
    side = max(small) if max(small) < max(height, width) else 0
    of_small = {"side": side} if side else {}
    of_small |= {"standardise": True} if photographs else {}
    pool = len(real.kept(TRAIN))
    fewest = least_count(pool, len(real.listing.classes))
    if rendered is None:
        count = max(pool, min(FONT_IMAGES, 10 * pool), 10)
        drawn = {"source": "fonts", "characters": characters, "geometry": "frame", "count": count}
        texts = characters.values() if isinstance(characters, dict) else characters
        if photographs and set("".join(texts)) <= set("0123456789"):
            drawn["folder"] = SEGMENTS
    else:
        drawn = {"source": "folder", "directory": rendered_directory, "count": None}
    copied = rendered is not None and rendered.real
    settings = {
        "source": "folder",
        "directory": real_directory,
        "group": group,
        "duplicates": "drop" if real.copies.split_twice or copied else "stop",
    } | ({"split": sources.ROTATE} if real.listing.replicates else {})
    without = {"source": "folder", "directory": unlabelled_directory}
    without = without if unlabelled_directory else {}
    augmentation = dict(defaults["augmentation"])
    if photographs:
        augmentation |= (
            MOVED | PHOTOMETRIC | {"colour": PHOTOMETRIC["colour"] if channels == 3 else 0}
        )
        # What a font draws may be light on dark as well as dark on light.
        augmentation |= {"invert": 0.2 if rendered is None else 0}
    config = dict(defaults) | {
        "study": study,
        "images": defaults["images"] | images,
        "real": defaults["real"] | settings,
        "unlabelled": defaults["unlabelled"] | without,
        "rendered": defaults["rendered"] | drawn,
        "synthetic": "all",
        "rendered_counts": [],
        "learners": [grid.SMALL],
        "learner_settings": {grid.SMALL: of_small} if of_small else {},
        "augmentation": augmentation,
    }
    mixes = PHOTOGRAPHS if photographs else PLAIN
    if unlabelled_directory:
        mixes = UNLABELLED_PHOTOGRAPHS if photographs else UNLABELLED_PLAIN
    learners = PRETRAINED if photographs else [[grid.SMALL]]
    draws = DRAWS
    if turns := real.listing.replicates:
        draws = [(turns, n) for n in (MOST_COUNTS, 4, 3, 2)]
        # Parts to test on cannot be saved, so that a learner is: fonts draw characters.
        alone = [grid.SMALL] if rendered is None or not photographs else [FROZEN]
        learners = learners if alone in learners else [*learners, alone]
    return _within_budget(config, mixes, learners, draws, fewest, pool, 60 * minutes, speed)


def turns(labelled: Listing, fixed: Listing | None) -> int:
    """In how many replicates pictures had better be tested in turns, each once; 0 for one test set.

    Parameters
    ----------
    labelled : all pictures, with the splits of their folders alone
    fixed : with the one test set that they would have; None if they are too few for one
    """
    if any(picture.split != TRAIN for picture in labelled.used):
        return 0  # whoever split them knows why
    groups = {picture.group for picture in labelled.used} - {""}
    tested = {} if fixed is None else {picture.group for picture in fixed.split(TEST)} - {""}
    if len(labelled.used) >= FEW_LABELLED and not (groups and len(tested) < FEW_TEST_GROUPS):
        return 0
    most = min(TURNS, len(groups or labelled.used))
    return most if most > 1 else 0


def are_photographs(real: Survey, rendered: Survey | None) -> bool:
    """Whether pictures are such that a pretrained network may be right for them."""
    return _channels(real, rendered) == 3 or not real.plain


def _channels(real: Survey, rendered: Survey | None) -> int:
    return 3 if real.coloured or (rendered is not None and rendered.coloured) else 1


def _within_budget(
    config: dict[str, Any],
    mixes: Sequence[str],
    learners: Sequence[list[str]],
    draws: Sequence[tuple[int, int]],
    fewest: int,
    most: int,
    budget: float,
    speed: durations.Speed,
) -> dict[str, Any]:
    """Fill in learners, mixes, counts and replicates: the largest grid that fits, or the last.

    `draws` are the replicates, and how many counts, in the order in which they are given up.
    """
    rotate = config["real"]["split"] == sources.ROTATE

    def least(learned: list[str]) -> int:
        # Of real images alone and with rendered ones, as they are and in the looks of real ones.
        return min(3 if rotate and learned == learners[-1] else 4, len(mixes))

    grids = [
        (learned, replicates, n, places)
        for learned in learners
        for replicates, n in draws
        for places in range(len(mixes), least(learned) - 1, -1)
        # A further learner is worth less than draws.
        if learned == learners[-1] or replicates == draws[0][0]
    ]
    proposed = config
    for learned, replicates, n, places in grids:
        none = [0] if grid.has_unlabelled(config) else []
        chosen = {"counts": none + counts(fewest, most, n), "replicates": replicates}
        chosen |= {"mixes": list(mixes[:places]), "learners": learned}
        proposed = config | chosen
        if seconds(proposed, speed) <= budget:
            break
    return proposed


def least_count(pool: int, classes: int) -> int:
    """The smallest N: two images a class on average, or 55 where there are many more."""
    return min(pool, max(2 * classes, min(LEAST_COUNT, pool // 8)))


def counts(fewest: int, most: int, n: int) -> list[int]:
    """At most `n` counts, evenly spread in their logarithm, each at least 1.5 times the last."""
    n = min(n, 1 + int(math.log(most / fewest) / math.log(1.5)))
    even = np.geomspace(fewest, most, n) if n > 1 else np.array([most])
    return sorted({fewest, *(_rounded(value) for value in even[1:-1]), most} if n > 1 else {most})


def _rounded(value: float) -> int:
    """Two digits that count: 139 is 140."""
    step = 10 ** max(0, math.floor(math.log10(value)) - 1)
    return round(value / step) * step


def size(sizes: np.ndarray) -> tuple[int, int]:
    """Height and width of a study's images, from those of its pictures, int64 [n, 2].

    About 32 pixels, 48 or 64 where the pictures are larger; square, or of the pictures' proportion
    where this is far from it.
    """
    height, width = np.median(sizes, axis=0)
    side = 32 if max(height, width) <= 96 else 48 if max(height, width) <= 256 else 64
    # Smaller images would be enlarged to no end.
    side = max(16, min(side, _even(max(height, width))))
    ratio = height / width
    if max(ratio, 1 / ratio) <= NEAR_SQUARE:
        return side, side
    # About as many pixels as the square has.
    longest = _even(side * min(LONGEST, max(ratio, 1 / ratio) ** 0.5))
    short = max(16, _even(longest / max(ratio, 1 / ratio)))
    return (longest, short) if ratio > 1 else (short, longest)


def pretrained_size(sizes: np.ndarray) -> tuple[int, int]:
    """Height and width at which a pretrained network sees pictures of these sizes, int64 [n, 2].

    As large as the pictures, in steps, since it was trained on large ones; of the proportion that
    `size` gives.
    """
    height, width = size(sizes)
    held, longest = np.median(sizes.max(axis=1)), max(height, width)
    side = next((side for side in PRETRAINED_SIDES if side >= held), PRETRAINED_SIDES[-1])
    return round(height * side / longest), round(width * side / longest)


def _even(value: float) -> int:
    return 2 * round(value / 2)


def fit(sizes: np.ndarray) -> str:
    """How pictures of these sizes are brought to one: stretched, if their proportions are alike."""
    low, high = np.quantile(sizes[:, 0] / sizes[:, 1], (0.05, 0.95))
    return "stretch" if high / low <= ALIKE else "crop"


def seconds(config: Mapping[str, Any], speed: durations.Speed = durations.MEASURED) -> float:
    """Estimate how long a study takes on two cores of a machine."""
    return durations.work(sources.complete(config), speed) / CORES


def differing(config: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """What of a config has to stand in a file that is laid over the defaults."""
    different: dict[str, Any] = {}
    for key, value in config.items():
        default = defaults.get(key)
        if value == default and isinstance(value, type(default)):
            continue
        # A mapping of characters replaces a string; it has no defaults within.
        nested = isinstance(value, Mapping) and isinstance(default, Mapping)
        different[key] = differing(value, default) if nested else value
    return different


def to_yaml(config: Mapping[str, Any], comments: Mapping[str, str]) -> str:
    """Write a config with comments, of the key ``a.b`` behind its line."""
    lines = []
    for key, value in config.items():
        block = isinstance(value, Mapping)
        lines.append((f"{_flow(key)}:{'' if block else ' ' + _flow(value)}", comments.get(key)))
        if block:
            lines += [
                (f"  {_flow(name)}: {_flow(inner)}", comments.get(f"{key}.{name}"))
                for name, inner in value.items()
            ]
    return "".join(f"{text}  # {comment}\n" if comment else f"{text}\n" for text, comment in lines)


def _flow(value: Any) -> str:
    """A value on one line, text in double quotes unless it is a plain word."""
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_flow(k)}: {_flow(v)}' for k, v in value.items())}}}"
    if isinstance(value, str):
        if re.fullmatch(r"[A-Za-z][A-Za-z_-]+", value) and yaml.safe_load(value) == value:
            return value
        text = yaml.safe_dump(value, default_style='"', allow_unicode=True, width=math.inf)
        return text.strip()
    return yaml.safe_dump(value).removesuffix("...\n").strip()
