"""Command `init`: from folders of pictures to the config of a study."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from realink.asked import refuse_folder, shown, written_as_asked
from realink.errors import InputError
from realink.images.names import OTHER, hint_of_other

if TYPE_CHECKING:
    from realink.images.listing import Listing, Picture
    from realink.images.survey import Survey

DEFAULTS = Path(__file__).parents[3] / "config/config.yaml"
# What errors say of the config, which a person has yet to get, and what was given in its place.
OPTIONS = {
    "config key `real: directory:`": "--real",
    "config key `rendered: directory:`": "--rendered",
    "config key `unlabelled: directory:`": "--unlabelled",
    "config key `real: group:`": "--group",
    " (`real: test:`)": "",
}
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
    labels: Path | None = None,
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
        Where to write the config; config/mine.yaml names the study "mine", and so its results.
    rendered
        Folder of rendered pictures, one folder a class. Leave it out, and fonts draw the classes.
    unlabelled
        Folder of further real pictures without labels, in whatever folders below it.
    labels
        Table (CSV) of the real pictures, if these are in no folders of classes: with the columns
        file (path below --real) and class, and perhaps split and group. A folder of links to them,
        data/STUDY, is what the study reads.
    characters
        What fonts draw: one character for each class, in the classes' order. Not needed if each
        class is named by its character.
    group
        Regular expression on the path below the class's folder, such as "^([^_]*)" or "cam[0-9]+":
        pictures in whose paths it finds the same text (one camera, one object) stay in one split.
    minutes
        About how long the study may take on two cores.
    force
        Overwrite the config if it is there.
    """
    import yaml

    from realink.images import listing
    from realink.images.survey import compared, survey
    from realink.plan import naming, proposal, sources, told
    from realink.training import pace

    _refuse_output(output, force)
    if rendered is not None and rendered.resolve() == real.resolve():
        # Else the study would train on its test pictures.
        raise InputError(f"--rendered {rendered}: this is the folder of the real pictures")
    study = naming.study_of(output)
    naming.refuse_shared(output, study)
    defaults = yaml.safe_load(DEFAULTS.read_text())
    if labels is not None:
        real, group = _linked(labels, real, Path("data") / study, group)
    shares = {name: defaults["real"][name] for name in ("validation", "test")}
    files = _in_turns(real, **shares, group=group)
    _refuse_splits_as_classes(files)
    # Before all pictures are read, since it may well be what is missing.
    drawn_by_fonts = "" if rendered else _drawn_by_fonts(files.classes, characters)
    said_of_fonts = "" if rendered else _said_of_fonts(drawn_by_fonts, defaults["rendered"])
    found, drawn = survey(files, _progress), None
    if rendered is not None:
        drawn = compared(survey(listing.list_rendered(rendered), _progress), found)
    further = None
    if unlabelled is not None:
        groups = files.of(1).held_out_groups
        further = listing.list_unlabelled(unlabelled, group=group, held_out=groups)
        further = compared(survey(further, _progress), found)
    report = [told.folder("real", found, group)]
    report.append(said_of_fonts if drawn is None else told.folder("rendered", drawn, None))
    if further is not None:
        report.append(told.unlabelled(further))
    try:
        _refuse(found, drawn, further)
        speed = pace.speed(pretrained=proposal.are_photographs(found, drawn))
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
            speed=speed,
        )
        sources.check(config)
    except InputError:
        print(*report, sep="\n")  # which names the pictures
        raise
    takes = max(1, round(proposal.seconds(config, speed) / 60))
    different, comments = proposal.differing(config, defaults), told.comments(config, found, drawn)
    text = told.HEAD.format(minutes=takes) + proposal.to_yaml(different, comments)
    with written_as_asked(output) as temporary:
        temporary.write_text(text, encoding="utf-8")
    # Only now: who reads it, such as `head`, may have seen enough before its end.
    print(*report, told.study(config, found, takes, minutes, output), sep="\n")


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


def _linked(table: Path, real: Path, output: Path, group: str | None) -> tuple[Path, str | None]:
    """Make folders of a table's pictures; give them, and the pattern that finds their groups."""
    from realink.images import labels, linked

    rows = labels.read(table, real)
    if group is not None and rows[0].group:
        raise InputError(f"--group: {table} has a column `group`; leave one of them out")
    linked.link(rows, real, output)
    return output, labels.GROUP if rows[0].group else group


def _refuse_splits_as_classes(files: "Listing") -> None:
    from realink.images import names

    if len(named := [name for name in files.classes if names.split_of(name)]) > 1:
        raise InputError(
            f"--real: {files.directory} has the folders {', '.join(map(repr, named))}: if these "
            "are splits, call them train, validation and test; a class cannot be called so"
        )


def _in_turns(real: Path, *, validation: float, test: float, group: str | None) -> "Listing":
    """The real pictures with one test set; or of few, with one in each replicate."""
    from realink.images import listing, rotation
    from realink.plan import proposal

    labelled, refused = listing.list_labelled(real, group), None
    try:
        fixed = listing.list_real(real, validation=validation, test=test, group=group)
    except InputError as error:
        fixed, refused = None, error
    if turns := proposal.turns(labelled, fixed):
        with suppress(InputError):  # as where a class is of one group alone
            return rotation.list_rotated(real, validation=validation, group=group, replicates=turns)
    if fixed is None:
        raise refused
    return fixed


def _drawn_by_fonts(classes: tuple[str, ...], characters: str | None) -> str | dict[str, str]:
    """What fonts draw: a string if each class is a character, or the text of each class."""
    classes = tuple(name for name in classes if name != OTHER)
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


def _said_of_fonts(drawn: str | dict[str, str], rendered: dict[str, str]) -> str:
    """How fonts will draw the classes; refuse those that no font has all of."""
    from realink.images import faces
    from realink.images.characters import characters_of
    from realink.plan import told

    texts, families = characters_of(drawn), faces.read_families(Path(rendered["families"]))
    found = faces.coverage(families, Path(rendered["folder"]), texts)
    if not found.whole:
        raise InputError(told.undrawn(texts, found))
    return told.fonts(texts, found, len(families))


def _portable(directory: Path) -> str:
    """A path as the workflow finds it, which runs here: relative, if it is below."""
    absolute = directory.absolute()
    here = Path.cwd()
    return str(absolute.relative_to(here) if absolute.is_relative_to(here) else absolute)


def _refuse(real: "Survey", rendered: "Survey | None", unlabelled: "Survey | None") -> None:
    """Stop where a study could not run; the report names the pictures."""
    from realink.images.copies import refuse_copies
    from realink.images.listing import RENDERED, TEST, TRAIN

    for found, split in ((real, TRAIN), (rendered, RENDERED)):
        if found is None:
            continue
        # The config will drop copies in two splits.
        refuse_copies(found.listing.directory, found.copies, "drop")
        if empty := _without(found.parts(split), found.listing.classes):
            raise InputError(
                f"{found.listing.directory}: no picture that can be read is left of the class "
                f"{empty}; add some, or remove the folder"
            )
    # A class may well have been given no test pictures, which is warned of.
    if empty := _without([real.kept(TEST)], [p.label for p in real.listing.split(TEST)]):
        raise InputError(
            f"{real.listing.directory}: no test picture that can be read is left of the class "
            f"{empty}; replace them, or remove all of the class's test pictures"
        )
    if unlabelled is not None and not unlabelled.used:
        raise InputError(f"{unlabelled.listing.directory}: no picture that can be read is in it")
    if rendered is None:
        return
    a, b = set(real.listing.classes), set(rendered.listing.classes)
    lacking = [
        f"{found.listing.directory} lacks {', '.join(map(repr, sorted(names)))}"
        for found, names in ((rendered, a - b - {OTHER}), (real, b - a))
        if names
    ]
    if lacking:
        raise InputError(
            f"real and rendered pictures must have the same classes: {'; '.join(lacking)}; add "
            f"what is missing, or take the other side's folder away{hint_of_other(a - b)}"
        )


def _without(parts: "Sequence[Sequence[Picture]]", classes: Iterable[str]) -> str:
    """Those of some classes that have no picture in one of some parts, in words."""
    have = [{picture.label for picture in part} for part in parts]
    lacking = (name for name in dict.fromkeys(classes) if not all(name in own for own in have))
    return ", ".join(map(repr, lacking))


def _progress(pictures: list["Picture"]) -> Iterator["Picture"]:
    """Hand pictures on, with a bar on stderr if that takes long."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    bar = Progress(console=console, transient=True)
    task = bar.add_task("reading pictures", total=len(pictures))
    started, showing = time.monotonic(), False
    try:
        for done, picture in enumerate(pictures):
            long = len(pictures) > MANY or time.monotonic() - started > LONG
            if long and not showing and console.is_terminal:
                bar.start()
                showing = True
            bar.update(task, completed=done)
            yield picture
    finally:
        if showing:
            bar.stop()
