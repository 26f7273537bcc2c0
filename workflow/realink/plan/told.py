"""What `init` says to a person: of the folders, in the config that it writes, and of the study."""

import shlex
import textwrap
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from realink.asked import shown
from realink.images.characters import remedy
from realink.images.listed import Listing, Picture
from realink.images.names import LABELLED, OTHER, TEST, TRAIN
from realink.images.near import keeps_together
from realink.images.survey import Survey
from realink.plan import grid, sources

if TYPE_CHECKING:
    from realink.images.faces import Coverage  # where no font draws, nobody waits for it

FEW_GROUPS = 10  # of a study: with fewer, the next group stays unsure
NAMED = 5  # files that the report names, at most
# Of a class with fewer, each test picture is more than 10 % of its error.
FEW_TESTED = 10
# Font files that have all classes, below which faces vary little.
FEW_FONTS = 20
# Pseudo-labels from 55 pictures gained nothing, from 220 perhaps (docs/lab/unlabelled.md).
FEW_UNLABELLED = 200
HEAD = """\
# Written by `realink init`; laid over config.yaml, so only what differs stands here. Every key is
# described in workflow/schemas/config.schema.yaml. About {minutes} minutes on two cores.

"""


def unlabelled(found: Survey) -> str:
    """What was found in a folder of pictures without labels."""
    used = found.used
    lines = [f"unlabelled: {shown(str(found.listing.directory))}", f"  pictures: {len(used):,}"]
    if len(used) < FEW_UNLABELLED:
        lines.append("  few: pseudo-labels may gain nothing from them; some hundred are better")
    lines.append("  copies of pictures in validation or test are left out when the study is run")
    lines += _alike(found, None)
    return "\n".join([*lines, *_left_out(found), ""])


def folder(kind: str, found: Survey, group: str | None) -> str:
    """What was found in a folder, ``real`` or ``rendered``."""
    files = found.listing
    lines = [f"{kind}: {shown(str(files.directory))}"]
    used = found.used
    counted = Counter((p.split, p.label) for p in used)
    splits = list(dict.fromkeys(p.split for p in files.used))
    splits.sort(key=[LABELLED, "train", "validation", "test", "rendered"].index)
    wide = max(8, *(len(shown(name)) for name in files.classes))
    lines.append(f"  {'class':{wide}}" + "".join(f"{split:>12}" for split in splits))
    for name in files.classes:
        numbers = "".join(f"{counted[split, name]:12,}" for split in splits)
        lines.append(f"  {shown(name):{wide}}{numbers}")
    sums = (sum(counted[split, name] for name in files.classes) for split in splits)
    lines.append(f"  {'all':{wide}}" + "".join(f"{n:12,}" for n in sums))
    if len(found.sizes):
        by_area = found.sizes[np.argsort(found.sizes.prod(1), kind="stable")]
        low, middle, high = (
            f"{height} x {width}" for height, width in by_area[[0, len(by_area) // 2, -1]]
        )
        lines.append(
            f"  height x width: {low} the smallest, {middle} in the middle, {high} the largest"
        )
        lines.append(f"  colour: {found.coloured:,} of {len(found.sizes):,} pictures")
        if found.transparent:
            lines.append(f"  transparent: {found.transparent:,} pictures")
    if kind == "real" and OTHER in files.classes:
        lines.append(f"  {OTHER}: none of the other classes; rendered pictures need not have it")
    lines += _left_out(found)
    lines += _some(
        "the same picture in two splits; it stays in the first",
        [(keeps.file, other.file) for keeps, other in found.copies.split_twice],
    )
    lines += _some(
        "the same picture in two classes",
        [(one.file, other.file) for one, other in found.copies.labelled_twice],
    )
    lines += _some(
        "the same picture is a real one, left out",
        [(real.file, own.file) for real, own in found.real],
    )
    lines += _alike(found, None if kind == "rendered" else group or "")
    if kind == "real":
        lines.append(
            _groups(used, found.listing.replicates)
            if group
            else "  groups: none; if pictures belong together (one "
            "camera, object, writer), say so by --group"
        )
        tested = LABELLED if files.replicates else TEST
        lines += _few_tested({name: counted[tested, name] for name in files.classes})
    return "\n".join(lines) + "\n"


def _alike(found: Survey, group: str | None) -> list[str]:
    """Pairs of pictures that look alike; `group` is None where there are no groups."""
    where = "in validation or test and elsewhere"
    if any(one.tested and other.tested for one, other in found.near):
        where = "and tested by different replicates"
    lines = _some(
        f"alike, {where}; look whether they are the same",
        [(one.file, other.file) for one, other in found.near],
    )
    if not lines:
        return []
    pairs = ((one, other) if other.tested else (one,) for one, other in found.near)
    touched = len({p.file for pair in pairs for p in pair if p.tested or p.split == TEST})
    lines.append(f"    test pictures among them: {touched:,}; if so, errors will be too small")
    if group == "" and (pattern := keeps_together(found.near, found.listing.used)):
        lines.append(f"    --group {shlex.quote(pattern)} would keep them together")
    return lines


def _left_out(found: Survey) -> list[str]:
    unused = [(p.file, p.left_out) for p in found.listing.pictures if p.left_out]
    # Folders first: one may have been meant as a class, and only the first ones are named.
    unused.sort(key=lambda pair: not pair[0].endswith("/"))
    return [
        *_some("left out", unused + list(found.unreadable.items())),
        *_some("copies, left out", list(found.copies.left_out.items())),
    ]


def _groups(used: list[Picture], turns: int) -> str:
    """How many groups there are, and which one a picture is of, as the pattern may see another."""
    tested = set() if turns else {picture.group for picture in used if picture.split == TEST}
    example = f", such as {shown(used[0].group)} of {shown(used[0].file)}" if used else ""
    groups = len({picture.group for picture in used})
    how = "each of them is tested once" if turns else f"{len(tested)} of them to test on"
    return f"  groups: {groups}, {how}{example}"


def _few_tested(pictures: dict[str, int]) -> list[str]:
    """How coarse errors are, by each class's test pictures, if some class has few."""
    few = [name for name, n in pictures.items() if n < FEW_TESTED]
    if not few or not any(pictures.values()):  # without any, no study is proposed
        return []
    fewest = min(few, key=pictures.get)
    n, total = pictures[fewest], sum(pictures.values())
    in_class = f"{100 / n:.0f} % error in class {shown(fewest)}, and " if n else ""
    return [
        f"  errors will be coarse: {len(few)} of {len(pictures)} classes have fewer than "
        f"{FEW_TESTED} test pictures (class {shown(fewest)}: {n})",
        f"    one picture read wrongly is {in_class}{100 / total:.1f} % over all {total:,}; more "
        "labelled pictures help",
    ]


def fonts(drawn: Mapping[str, str], found: "Coverage", families: int) -> str:
    """That fonts will draw the rendered pictures: the text of each class, in how many files."""
    named = (text if text == name else f"{text} for {shown(name)}" for name, text in drawn.items())
    lines = [
        f"rendered: by fonts, since there is no --rendered: {families} font families draw "
        + ", ".join(named)
    ]
    if found.whole < FEW_FONTS:
        rarest = min(found.classes, key=found.classes.get)
        lines.append(
            f"  few fonts: {found.whole} of {found.files} font files have all of these (of "
            f"{shown(drawn[rarest])}, {found.classes[rarest]}); with further ones in "
            f"resources/fonts, {remedy(drawn[rarest])}, faces vary more"
        )
    return "\n".join([*lines, ""])


def undrawn(drawn: Mapping[str, str], found: "Coverage") -> str:
    """Why no font can draw all classes, and what to do."""
    lacking = [name for name, n in found.classes.items() if not n]
    rarest = lacking or sorted(found.classes, key=found.classes.get)[:NAMED]
    texts = "".join(drawn[name] for name in rarest)
    have = "has" if lacking else "has all classes, and the fewest have"
    return (
        f"fonts cannot draw these classes: none of {found.files} font files {have} "
        f"{', '.join(shown(drawn[name]) for name in rarest[:NAMED])}; put .ttf or .otf files that "
        f"have all of them into resources/fonts, {remedy(texts)}, or give --rendered, a folder of "
        "rendered pictures"
    )


def _some(what: str, pairs: list[tuple[str, str]]) -> list[str]:
    if not pairs:
        return []
    lines = [f"  {what}: {len(pairs):,}"]
    lines += [f"    {shown(first)}: {shown(second)}" for first, second in pairs[:NAMED]]
    return [*lines, "    ..."] if len(pairs) > NAMED else lines


def comments(config: dict[str, Any], found: Survey, drawn: Survey | None) -> dict[str, str]:
    """What is said behind the keys of the config."""
    pool = len(found.kept(TRAIN))
    twice = [*found.copies.split_twice, *(drawn.real if drawn else ())]
    return {
        "study": f"names the directory results/{config['study']}",
        "images.height": "pixels; more take longer",
        "images.channels": "colour" if config["images"]["channels"] == 3 else "grey",
        "images.fit": "the middle, since proportions vary; fit would keep all of each picture",
        "real.split": "each replicate tests another part, so that every picture is tested once",
        "real.group": "pattern on paths below a class; what it finds stays in one split",
        "real.duplicates": f"{len(twice)} pictures stand in two splits, or among the rendered",
        "rendered.characters": "one a class",
        "rendered.folder": "faces of seven segments join in; a photographed display may have them",
        "rendered.geometry": "anywhere in the picture, in many sizes",
        "unlabelled.source": "further real pictures, whose labels nothing reads",
        "counts": f"real images, N; {pool} can be trained on"
        + " in each replicate, or more" * bool(found.listing.replicates),
        "synthetic": "all that were rendered join each mix",
        "rendered.count": "how many fonts draw"
        if config["rendered"]["source"] == "fonts"
        else "all",
        "learners": "small learns from scratch; a pretrained network may know such things",
        "rendered_counts": "no further classifiers on rendered images alone",
        "replicates": "draws of the N real images"
        + ", and as many parts to test on; another number makes all anew"
        * bool(found.listing.replicates),
        "mixes": "with -aug: augmented while training",
        "learner_settings.small": "side: to which it reduces images; standardise: light varies",
        "augmentation.brightness": "of photographs; 0 switches one off",
        "augmentation.invert": "fonts draw light on dark only; real ones may be both",
    }


def _turns(listing: Listing) -> str:
    """What it means that pictures are tested in turns."""
    used, turns = listing.used, listing.replicates
    groups = {picture.group for picture in used} - {""}
    parts = f"the {len(groups)} groups" if groups else "the pictures"
    words = (
        f"tested: all {len(used):,} labelled pictures, since one test set of so few would say "
        f"little. {parts[0].upper()}{parts[1:]} are dealt into {turns} parts; in turn, each part "
        "is tested by classifiers that were trained on the others and have not seen it"
    )
    if groups and len(groups) < FEW_GROUPS:
        words += (
            f". With {len(groups)} groups, what holds for the next one stays unsure: pictures of "
            "further groups say most"
        )
    return textwrap.fill(words, 96, initial_indent="  ", subsequent_indent="    ") + "\n"


def study(config: dict[str, Any], found: Survey, takes: int, minutes: float, output: Path) -> str:
    """What the study will do, how long it takes, and how it is run."""
    images, draws, results = config["images"], config["replicates"], f"results/{config['study']}"
    counts = ", ".join(f"{n:,}" for n in config["counts"])
    learners = config["learners"]
    by = f", by {len(learners)} learners each ({', '.join(learners)})" if len(learners) > 1 else ""
    cells = grid.cells(sources.complete(config))
    indents = dict.fromkeys(["initial_indent", "subsequent_indent"], "    ")
    mixes = textwrap.fill(", ".join(config["mixes"]), 90, break_on_hyphens=False, **indents)
    middle = ", of each its middle, since their shapes differ"
    more = f", not the {minutes:g} asked for: no smaller study gives an answer"
    return (
        f"{shown(str(output))}: a study of these pictures\n"
        f"  size: all are brought to {images['height']} x {images['width']} pixels"
        f"{middle if images['fit'] == 'crop' else ''}, "
        f"{'in colour' if images['channels'] == 3 else 'grey'}\n"
        f"  labelled pictures: {counts} of those to train on, drawn "
        f"{'once' if draws == 1 else f'anew {draws} times'}\n"
        f"{_turns(found.listing) if found.listing.replicates else ''}"
        f"  classifiers: {len(cells)}, trained on {len(config['mixes'])} mixes of"
        f" pictures{by} (README.md says what each is):\n{mixes}\n"
        f"  time: about {takes} minutes on two cores{more if takes > max(1, minutes) else ''}\n\n"
        f"Run it, and read {results}/report.html; the classifier to use will be in {results}/final:"
        f"\n\n    snakemake --cores 2 --configfile {shlex.quote(str(output))}"
    )
