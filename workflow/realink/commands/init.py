"""Command `init`: from folders of pictures to the config of a study."""

import re
import shlex
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from realink.errors import InputError

if TYPE_CHECKING:
    from realink.images.listing import Picture
    from realink.images.survey import Survey

DEFAULTS = Path(__file__).parents[3] / "config/config.yaml"
NAMED = 5  # files that the report names, at most
# Pictures, and seconds, from which on a bar shows how far it is.
MANY, LONG = 10_000, 2.0


def init(
    *,
    real: Path,
    output: Path,
    rendered: Path | None = None,
    unlabelled: Path | None = None,
    characters: str | None = None,
    group: str | None = None,
    minutes: float = 30,
    force: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Look through folders of pictures, and write the config of a study of them.

    Parameters
    ----------
    real
        Folder of real pictures, one folder a class; or of train, validation and test, each with
        one folder a class.
    output
        Where to write the config; config/mine.yaml names the study "mine".
    rendered
        Folder of rendered pictures, one folder a class. Leave it out, and fonts draw the classes.
    unlabelled
        Folder of further real pictures without labels, in whatever folders below it.
    characters
        What fonts draw: one character for each class, in the classes' order. Not needed if each
        class is named by its character.
    group
        Regular expression on a file's name, such as "^([^_]*)": pictures whose names it finds the
        same text in (one camera, one object) stay in one split.
    minutes
        About how long the study may take on two cores.
    force
        Overwrite the config if it is there.
    """
    import yaml

    from realink.images import listing
    from realink.images.survey import survey
    from realink.study import proposal, sources
    from realink.study.files import written_whole

    _refuse_output(output, force)
    study = re.sub(r"[^A-Za-z0-9_.-]+", "-", output.stem).strip("-._") or "mine"
    defaults = yaml.safe_load(DEFAULTS.read_text())
    shares = {name: defaults["real"][name] for name in ("validation", "test")}
    files = listing.list_real(real, **shares, group=group)
    # Before all pictures are read, since it may well be what is missing.
    drawn_by_fonts = "" if rendered else _drawn_by_fonts(files.classes, characters)
    found, drawn = survey(files, _progress), None
    if rendered is not None:
        drawn = survey(listing.list_rendered(rendered), _progress)
    further = None if unlabelled is None else listing.list_unlabelled(unlabelled)
    print(_report("real", found, group))
    if drawn is not None:
        print(_report("rendered", drawn, None))
    if further is not None:
        print(f"unlabelled: {shown(str(unlabelled))}\n  pictures: {len(further.used):,}\n")
    _refuse(found, drawn)
    config = proposal.propose(
        defaults,
        found,
        drawn,
        study=study,
        real_directory=_portable(real),
        rendered_directory="" if rendered is None else _portable(rendered),
        characters=drawn_by_fonts,
        group=group,
        minutes=minutes,
        unlabelled_directory="" if unlabelled is None else _portable(unlabelled),
    )
    sources.check(config)
    minutes = max(1, round(proposal.seconds(config) / 60))
    different = proposal.differing(config, defaults)
    text = _HEAD.format(minutes=minutes) + proposal.to_yaml(different, _comments(config, found))
    with written_whole(output) as temporary:
        temporary.write_text(text, encoding="utf-8")
    print(_plan(config, minutes, output))


def _refuse_output(output: Path, force: bool) -> None:
    if output.suffix not in (".yaml", ".yml"):
        raise InputError(f"--output {output}: name a .yaml file, such as config/mine.yaml")
    if output.resolve() == DEFAULTS.resolve():
        raise InputError(f"--output {output}: these are the defaults of all studies; name another")
    if output.exists() and not force:
        raise InputError(f"{output} is there already; name another, or overwrite it by --force")


def _drawn_by_fonts(classes: tuple[str, ...], characters: str | None) -> str | dict[str, str]:
    """What fonts draw: a string if each class is a character, or the text of each class."""
    if characters is None:
        odd = [name for name in classes if len(name) != 1 or not name.isprintable() or name == " "]
        if odd:
            raise InputError(
                f"fonts cannot draw the class {odd[0]!r}, which is no single character: give "
                "--rendered, a folder of rendered pictures, or --characters, one for each class"
            )
        return "".join(classes)
    if set(characters) == set(classes) and len(characters) == len(classes):
        return characters
    if len(characters) != len(classes):
        raise InputError(
            f"--characters has {len(characters)} characters for {len(classes)} classes: give one "
            f"for each, in this order: {', '.join(map(shown, classes))}"
        )
    return dict(zip(classes, characters, strict=True))


def _portable(directory: Path) -> str:
    """A path as the workflow finds it, which runs here: relative, if it is below."""
    absolute = directory.absolute()
    here = Path.cwd()
    return str(absolute.relative_to(here) if absolute.is_relative_to(here) else absolute)


def _refuse(real: "Survey", rendered: "Survey | None") -> None:
    """Stop where a study could not run; the report has named the pictures."""
    from realink.images.copies import refuse_copies
    from realink.images.listing import RENDERED, TRAIN

    for found, split in ((real, TRAIN), (rendered, RENDERED)):
        if found is None:
            continue
        # The config will drop copies in two splits.
        refuse_copies(found.listing.directory, found.copies, "drop")
        have = {picture.label for picture in found.kept(split)}
        if empty := [name for name in found.listing.classes if name not in have]:
            raise InputError(
                f"{found.listing.directory}: no picture that can be read is left of the class "
                f"{', '.join(map(repr, empty))}; add some, or remove the folder"
            )
    if rendered is None:
        return
    a, b = set(real.listing.classes), set(rendered.listing.classes)
    lacking = [
        f"{found.listing.directory} lacks {', '.join(map(repr, sorted(names)))}"
        for found, names in ((rendered, a - b), (real, b - a))
        if names
    ]
    if lacking:
        raise InputError(
            f"real and rendered pictures must have the same classes: {'; '.join(lacking)}; add "
            "what is missing, or take the other side's folder away"
        )


def _progress(pictures: list["Picture"]) -> Iterator["Picture"]:
    """Hand pictures on, with a bar on stderr if that takes long."""
    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True)
    task = bar.add_task("reading pictures", total=len(pictures))
    started, showing = time.monotonic(), False
    try:
        for done, picture in enumerate(pictures):
            if not showing and (len(pictures) > MANY or time.monotonic() - started > LONG):
                bar.start()
                showing = True
            bar.update(task, completed=done)
            yield picture
    finally:
        if showing:
            bar.stop()


def shown(name: str) -> str:
    """A name as a terminal can show it, without what would move its cursor."""
    return name if name.isprintable() else repr(name)


def _report(kind: str, found: "Survey", group: str | None) -> str:
    """What was found in a folder, for a person."""
    import numpy as np

    files = found.listing
    lines = [f"{kind}: {shown(str(files.directory))}"]
    counted = Counter((p.split, p.label) for p in files.used)
    splits = list(dict.fromkeys(p.split for p in files.used))
    splits.sort(key=["train", "validation", "test", "rendered"].index)
    wide = max(8, *(len(shown(name)) for name in files.classes))
    lines.append(f"  {'class':{wide}}" + "".join(f"{split:>12}" for split in splits))
    for name in files.classes:
        numbers = "".join(f"{counted[split, name]:12,}" for split in splits)
        lines.append(f"  {shown(name):{wide}}{numbers}")
    sums = (sum(counted[split, name] for name in files.classes) for split in splits)
    lines.append(f"  {'all':{wide}}" + "".join(f"{n:12,}" for n in sums))
    if len(found.sizes):
        low, middle, high = np.quantile(found.sizes, (0, 0.5, 1), axis=0).astype(int)
        lines.append(
            f"  height x width: {low[0]} x {low[1]} at the least, {middle[0]} x {middle[1]} in the "
            f"middle, {high[0]} x {high[1]} at the most"
        )
        lines.append(f"  colour: {found.coloured:,} of {len(found.sizes):,} pictures")
        if found.transparent:
            lines.append(f"  transparent: {found.transparent:,} pictures")
    unused = [(p.file, p.left_out) for p in files.pictures if p.left_out]
    lines += _some("left out", unused + list(found.unreadable.items()))
    lines += _some("copies, left out", list(found.copies.left_out.items()))
    lines += _some(
        "the same picture in two splits; it stays in the first",
        [(keeps.file, other.file) for keeps, other in found.copies.split_twice],
    )
    lines += _some(
        "the same picture in two classes",
        [(one.file, other.file) for one, other in found.copies.labelled_twice],
    )
    if kind == "real":
        groups = len({p.group for p in files.used})
        lines.append(
            f"  groups: {groups}"
            if group
            else "  groups: none; if pictures belong together (one "
            "camera, object, writer), say so by --group"
        )
    return "\n".join(lines) + "\n"


def _some(what: str, pairs: list[tuple[str, str]]) -> list[str]:
    if not pairs:
        return []
    lines = [f"  {what}: {len(pairs):,}"]
    lines += [f"    {shown(first)}: {shown(second)}" for first, second in pairs[:NAMED]]
    return [*lines, "    ..."] if len(pairs) > NAMED else lines


_HEAD = """\
# Written by `realink init`; laid over config.yaml, so only what differs stands here. Every key is
# described in workflow/schemas/config.schema.yaml. About {minutes} minutes on two cores.

"""


def _comments(config: dict[str, Any], found: "Survey") -> dict[str, str]:
    """What is said behind the keys of the config."""
    from realink.images.listing import TRAIN

    pool = len(found.kept(TRAIN))
    return {
        "study": f"names the directory results/{config['study']}",
        "images.height": "pixels; more take longer",
        "images.channels": "colour" if config["images"]["channels"] == 3 else "grey",
        "images.fit": "the middle, since proportions vary; fit would keep all of each picture",
        "real.group": "pattern on a file's name; what it finds stays in one split",
        "real.duplicates": f"{len(found.copies.split_twice)} pictures stand in two splits",
        "rendered.characters": "one a class",
        "rendered.folder": "faces of seven segments join in; a photographed display may have them",
        "rendered.geometry": "anywhere in the picture, in many sizes",
        "unlabelled.source": "further real pictures, whose labels nothing reads",
        "counts": f"real images, N; {pool} can be trained on",
        "total": "images of a mix: N real ones, the others rendered or translated",
        "rendered_counts": "no further classifiers on rendered images alone",
        "replicates": "draws of the N real images",
        "mixes": "with -aug: augmented while training",
        "classifier.standardise": "light differs from picture to picture",
        "augmentation.brightness": "of photographs; 0 switches one off",
        "augmentation.invert": "fonts draw light on dark only; real ones may be both",
    }


def _plan(config: dict[str, Any], minutes: int, output: Path) -> str:
    from realink.study import grid

    images = config["images"]
    return (
        f"{shown(str(output))}: images of {images['height']} x {images['width']}, "
        f"{'colour' if images['channels'] == 3 else 'grey'}; "
        f"N = {', '.join(map(str, config['counts']))} of {config['total']:,} images a mix; "
        f"{len(config['mixes'])} mixes, {config['replicates']} draws: "
        f"{len(grid.cells(config))} classifiers and "
        f"{len(grid.translator_cells(config))} translators.\n"
        f"About {minutes} minutes on two cores"
        f"{'' if minutes <= 60 else ', since the images are large: fewer pixels take less'}:\n\n"
        f"    snakemake --cores 2 --configfile {shlex.quote(str(output))}"
    )
