"""Command `init`: from folders of pictures to the config of a study."""

import re
import shlex
import textwrap
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from realink.errors import InputError

if TYPE_CHECKING:
    from realink.images.listing import Listing, Picture
    from realink.images.survey import Survey

DEFAULTS = Path(__file__).parents[3] / "config/config.yaml"
NAMED = 5  # files that the report names, at most
# Of a class with fewer, each test picture is more than 10 % of its error.
FEW_TESTED = 10
# From 55 pictures pseudo-labels gained nothing, from 220 perhaps something (docs/unlabelled.md).
FEW_UNLABELLED = 200
# What errors say of the config, which a person has yet to get, and what was given in its place.
OPTIONS = {
    "config key `real: directory:`": "--real",
    "config key `rendered: directory:`": "--rendered",
    "config key `unlabelled: directory:`": "--unlabelled",
    "config key `real: group:`": "--group",
    " (`real: test:`)": "",
}
# Names of folders, in lower case, that were surely meant as splits.
SPLITS = {"train", "training", "val", "valid", "validation", "test", "testing"}
# Pictures, and seconds, from which on a bar shows how far it is.
MANY, LONG = 10_000, 2.0


@contextmanager
def _naming_options() -> Iterator[None]:
    """Let errors name the options that a person gave, not the keys of the config."""
    try:
        yield
    except InputError as error:
        (text,) = error.args
        for said, option in OPTIONS.items():
            text = text.replace(said, option)
        raise InputError(text) from None


@_naming_options()
def init(
    *,
    real: Path,
    output: Path,
    rendered: Path | None = None,
    unlabelled: Path | None = None,
    characters: str | None = None,
    group: str | None = None,
    minutes: Annotated[float, Parameter(validator=Number(gt=0))] = 30,
    force: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Look through your folders of pictures, and write the config of a study of them.

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
    from realink.plan import proposal, sources

    _refuse_output(output, force)
    if rendered is not None and rendered.resolve() == real.resolve():
        # Else the study would train on its test pictures.
        raise InputError(f"--rendered {rendered}: this is the folder of the real pictures")
    study = re.sub(r"[^A-Za-z0-9_.-]+", "-", output.stem).strip("-._") or "mine"
    defaults = yaml.safe_load(DEFAULTS.read_text())
    shares = {name: defaults["real"][name] for name in ("validation", "test")}
    files = listing.list_real(real, **shares, group=group)
    _refuse_splits_as_classes(files)
    # Before all pictures are read, since it may well be what is missing.
    drawn_by_fonts = "" if rendered else _drawn_by_fonts(files.classes, characters)
    found, drawn = survey(files, _progress), None
    if rendered is not None:
        drawn = survey(listing.list_rendered(rendered), _progress)
    further = None
    if unlabelled is not None:
        groups = files.held_out_groups
        further = listing.list_unlabelled(unlabelled, group=group, held_out=groups)
    print(_report("real", found, group))
    if drawn is None:
        print(_report_fonts(files.classes, drawn_by_fonts, defaults["rendered"]["families"]))
    else:
        print(_report("rendered", drawn, None))
    if further is not None:
        print(_report_unlabelled(further))
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
    takes = max(1, round(proposal.seconds(config) / 60))
    different = proposal.differing(config, defaults)
    text = _HEAD.format(minutes=takes) + proposal.to_yaml(different, _comments(config, found))
    with written_as_asked(output) as temporary:
        temporary.write_text(text, encoding="utf-8")
    print(_plan(config, takes, minutes, output))


@contextmanager
def written_as_asked(output: Path) -> Iterator[Path]:
    """Write a file that a person named: whole, or not at all and with a line on why."""
    from realink.store.files import written_whole

    try:
        with written_whole(output) as temporary:
            yield temporary
    except OSError as error:
        raise InputError(f"--output {output}: cannot be written: {error.strerror}") from None


def _refuse_output(output: Path, force: bool) -> None:
    if output.suffix not in (".yaml", ".yml"):
        raise InputError(f"--output {output}: name a .yaml file, such as config/mine.yaml")
    if output.resolve() == DEFAULTS.resolve():
        raise InputError(f"--output {output}: these are the defaults of all studies; name another")
    refuse_folder(output)
    if output.exists() and not force:
        raise InputError(
            f"--output {output}: this file is there already; name another, or give --force to "
            "overwrite it"
        )
    if not Path("Snakefile").is_file():
        raise InputError(
            f"run this in realink's own folder, {DEFAULTS.parents[1]}, as you will run the study"
        )


def refuse_folder(output: Path) -> None:
    """Refuse a folder where a file is to be written."""
    if output.is_dir():
        raise InputError(f"--output {output}: this is a folder; name a file in it")


def _refuse_splits_as_classes(files: "Listing") -> None:
    if len(named := [name for name in files.classes if name.lower() in SPLITS]) > 1:
        raise InputError(
            f"--real: {files.directory} has the folders {', '.join(map(repr, named))}: if these "
            "are splits, call them train, validation and test; a class cannot be called so"
        )


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


def _report_unlabelled(files: "Listing") -> str:
    lines = [f"unlabelled: {shown(str(files.directory))}", f"  pictures: {len(files.used):,}"]
    if len(files.used) < FEW_UNLABELLED:
        lines.append("  few: pseudo-labels may gain nothing from them; some hundred are better")
    lines.append("  copies of pictures in validation or test are left out when the study is run")
    unused = [(p.file, p.left_out) for p in files.pictures if p.left_out]
    return "\n".join([*lines, *_some("left out", unused), ""])


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
        lines.append(
            f"  groups: {len({p.group for p in files.used})}, "
            f"{len({p.group for p in files.split('test')})} of them to test on"
            if group
            else "  groups: none; if pictures belong together (one "
            "camera, object, writer), say so by --group"
        )
        lines += _few_tested({name: counted["test", name] for name in files.classes})
    return "\n".join(lines) + "\n"


def _few_tested(pictures: dict[str, int]) -> list[str]:
    """How coarse errors are, by each class's test pictures, if some class has few."""
    few = [name for name, n in pictures.items() if n < FEW_TESTED]
    if not few:
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


def _report_fonts(classes: tuple[str, ...], drawn: str | dict[str, str], families: str) -> str:
    """That fonts will draw the rendered pictures, for a person."""
    from realink.images.faces import read_families

    texts = drawn if isinstance(drawn, dict) else {name: name for name in classes}
    named = (text if text == name else f"{text} for {shown(name)}" for name, text in texts.items())
    return (
        f"rendered: by fonts, since there is no --rendered: {len(read_families(Path(families)))} "
        f"font families draw {', '.join(named)}\n"
    )


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


def _plan(config: dict[str, Any], takes: int, minutes: float, output: Path) -> str:
    """What the study will do, how long it takes, and how it is run, for a person."""
    from realink.plan import grid

    images, draws, results = config["images"], config["replicates"], f"results/{config['study']}"
    counts = ", ".join(f"{n:,}" for n in config["counts"])
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
        f"  classifiers: {len(grid.cells(config))}, trained on {len(config['mixes'])} mixes of"
        f" pictures (README.md says what each is):\n{mixes}\n"
        f"  time: about {takes} minutes on two cores{more if takes > max(1, minutes) else ''}\n\n"
        f"Run it, and read {results}/report.html; the classifier to use will be in {results}/final:"
        f"\n\n    snakemake --cores 2 --configfile {shlex.quote(str(output))}"
    )
