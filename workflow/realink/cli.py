"""The commands behind the rules: they alone read and write files.

Each command has the name of its rule. Heavy libraries are imported by the command that needs
them, because every job pays for its start. `realink.provenance` hashes a command's function and
what it imports, so what a command runs has to be imported inside it.
"""

import gc
import json
import logging
import sys
import time
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from realink.errors import InputError

app = App(
    name="realink",
    help=__doc__.splitlines()[0],
    default_parameter=Parameter(consume_multiple=True, negative=()),
)
log = logging.getLogger("realink")

Json = Annotated[str, Parameter(help="a JSON object, the config's settings")]
Paths = Annotated[str, Parameter(help="a path for each cell of the grid, with {mix}, {n}, ...")]
Device = Annotated[str, Parameter(help="cpu, cuda, or auto: cuda where there is one")]


def main() -> None:
    """Run one command; a person's mistake ends in one line on stderr and exit status 1."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    # Looking for garbage among torch's many objects, again and again while they are imported and
    # once more at the end, takes a third of a job's start.
    gc.disable()
    try:
        app(sys.argv[1:])
    except InputError as error:
        sys.exit(f"error: {error}")
    except FloatingPointError as error:
        sys.exit(f"error: training diverged: {error}; lower its learning_rate in the config")


def _device(name: str) -> str:
    """Resolve ``auto``, and hold torch to the one thread that the rules ask for."""
    import torch

    # The libraries are there by now, and never garbage; what the job itself makes may be.
    gc.freeze()
    gc.enable()
    torch.set_num_threads(1)
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("config key `device`: cuda asked for, but torch finds no CUDA device")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    # The same seed should give the same bytes on a GPU too, wherever torch has such an operation.
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    return name


def _check_code(recorded: str, command: str, *modules: str) -> None:
    """Refuse to run code other than what the workflow recorded when it started."""
    from realink.provenance import code_hash

    if (found := code_hash(command, *modules)) != recorded:
        raise InputError(
            f"the code of {command} is {found}, not {recorded}: it was edited since this run "
            "started; start snakemake again"
        )


def _report(step: int, steps: int, row: dict[str, float]) -> None:
    losses = "  ".join(f"{name} {value:.4g}" for name, value in row.items() if name != "step")
    log.info("step %d of %d  %s", step, steps, losses)


@app.command
def catalogue_fonts(*, families: Path, folder: Path, output: Path) -> None:
    """List every face of the font packages and of a user's folder, and why one is left out."""
    from realink.artifacts import written_whole
    from realink.fonts import catalogue, read_families

    faces = catalogue(read_families(families), folder)
    with written_whole(output) as temporary:
        faces.to_csv(temporary, index=False)
    accepted = faces[faces["accepted"]]
    log.info(
        "%d faces of %d families accepted, %d rejected",
        len(accepted),
        accepted["family"].nunique(),
        len(faces) - len(accepted),
    )
    for face in faces[~faces["accepted"]].itertuples():
        log.info("rejected %s: %s", face.file, face.reason)


@app.command
def render_fonts(*, faces: Path, total: int, seed: int, output: Path) -> None:
    """Render and normalise digits, spread evenly over digits and faces."""
    from realink.artifacts import read_table, write_digits
    from realink.digits import Digits
    from realink.fonts import render
    from realink.seeds import seed_for

    table = read_table(faces, keep_default_na=False)
    drawn = render(table, total=total, seed=seed_for(seed, "render"))
    digits = Digits(drawn["images"], drawn["labels"])
    write_digits(output, digits, face=drawn["face"])
    log.info("%d digits rendered", total)


@app.command
def prepare_real(
    *,
    source: str,
    pool: Path,
    validation: Path,
    test: Path,
    directory: str = "",
    download_to: Path = Path("results/.download"),
) -> None:
    """Check the real images and split them into pool, validation and test."""
    from realink.artifacts import write_digits
    from realink.real import load_embedded, load_mnist

    if source == "mnist":
        sets = load_mnist(Path(directory) if directory else None, download_to)
    else:
        sets = load_embedded()
    for path, digits in zip((pool, validation, test), sets, strict=True):
        write_digits(path, digits)
        log.info("%s: %d images", path, len(digits.labels))


@app.command
def draw_real(*, pool: Path, n_real: int, replicate: int, seed: int, output: Path) -> None:
    """Draw the N real images of one replicate."""
    from realink.artifacts import read_digits, write_digits
    from realink.seeds import seed_for

    write_digits(output, read_digits(pool).draw(n_real, seed_for(seed, "draw", replicate)))


@app.command
def train_translator(
    *,
    translator: str,
    settings: Json,
    fonts: Path,
    real: Path,
    study: str,
    n_real: int,
    replicate: int,
    seed: int,
    code: str,
    state: Path,
    checkpoint: Path,
    history: Path,
    metrics: Path,
    device: Device = "auto",
) -> None:
    """Train one translator on the rendered digits and N real images; goes on from a saved state."""
    import csv

    from realink import translation
    from realink.artifacts import read_digits, write_json, written_whole
    from realink.checkpoints import save, settings_from
    from realink.seeds import seed_for
    from realink.states import State

    module = translation.load(translator)
    _check_code(code, "train_translator", module.__name__)
    knobs = settings_from(module.Settings, json.loads(settings))
    device = _device(device)
    saved = State(state, code=code)
    trained, rows = translation.train(
        module,
        *read_digits(fonts),
        *read_digits(real),
        knobs,
        seed=seed_for(seed, "translator", translator, n_real, replicate),
        device=device,
        report=_report,
        state=saved,
    )
    record: dict[str, Any] = {
        "study": study,
        "translator": translator,
        "n_real": n_real,
        "replicate": replicate,
        "train_steps": knobs.steps,
        "train_seconds": round(saved.seconds, 2),
        "device": device,
        "code": code,
    }
    with written_whole(history) as temporary, temporary.open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0], lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    write_json(metrics, record)
    save(checkpoint, trained, translator, knobs)
    saved.discard()


@app.command
def translate(
    *,
    translator: str,
    checkpoint: Path,
    fonts: Path,
    real: Path,
    n_real: int,
    replicate: int,
    seed: int,
    output: Path,
    device: Device = "auto",
) -> None:
    """Translate the whole font dataset; the labels are carried over."""
    from realink import translation
    from realink.artifacts import read_digits, write_digits
    from realink.checkpoints import load
    from realink.digits import Digits
    from realink.seeds import seed_for

    module = translation.load(translator)
    device = _device(device)
    digits = read_digits(fonts)
    images = translation.translate(
        load(checkpoint, translator, module.Translator, module.Settings).to(device),
        *digits,
        *read_digits(real),
        seed=seed_for(seed, "translate", translator, n_real, replicate),
        device=device,
    )
    write_digits(output, Digits(images, digits.labels))


@app.command
def train_judge(
    *,
    settings: Json,
    pool: Path,
    validation: Path,
    seed: int,
    checkpoint: Path,
    metrics: Path,
    device: Device = "auto",
) -> None:
    """Train the network that reads translated digits, on the whole pool; evaluation only."""
    from realink.artifacts import read_digits, write_json
    from realink.checkpoints import save, settings_from
    from realink.classifier import Settings, predict, train
    from realink.evaluation import error_rate
    from realink.seeds import seed_for

    knobs = settings_from(Settings, json.loads(settings))
    device = _device(device)
    network, _ = train(
        [read_digits(pool)], knobs, seed=seed_for(seed, "judge"), device=device, report=_report
    )
    held_out = read_digits(validation)
    read = predict(network, held_out.images, device=device).argmax(1)
    write_json(metrics, {"validation_error": error_rate(read, held_out.labels)})
    save(checkpoint, network, "classifier", knobs)


@app.command
def judge(
    *,
    translator: str,
    n_real: int,
    replicate: int,
    checkpoint: Path,
    translated: Path,
    retention: Path,
    read: Path,
    device: Device = "auto",
) -> None:
    """Read every translated digit with the judge, and count the labels that survived."""
    import numpy as np

    from realink import evaluation
    from realink.artifacts import read_digits, write_json, write_tensors
    from realink.checkpoints import load
    from realink.classifier import Network, Settings, predict

    device = _device(device)
    digits = read_digits(translated)
    network = load(checkpoint, "classifier", Network, Settings).to(device)
    reading = predict(network, digits.images, device=device).argmax(1).astype(np.uint8)
    write_tensors(read, {"read": reading})
    identity = {"translator": translator, "n_real": n_real, "replicate": replicate}
    write_json(retention, identity | evaluation.retention(reading, digits.labels))


@app.command
def measure_gap(
    *,
    images_of: str,
    images: list[Path],
    pool: Path,
    checkpoint: Path,
    replicate: int,
    seed: int,
    output: Path,
    n_real: int | None = None,
    device: Device = "auto",
) -> None:
    """Measure how far digits are from real ones of the pool; without images, how far those are."""
    from realink.artifacts import read_digits, write_json
    from realink.checkpoints import load
    from realink.classifier import Network, Settings
    from realink.gap import measure, split
    from realink.seeds import seed_for

    device = _device(device)
    seen, unseen, floor = split(read_digits(pool), n_real or 0, seed_for(seed, "draw", replicate))
    identity = {"images": images_of, "n_real": n_real, "replicate": replicate}
    measures = measure(
        read_digits(images[0]).images if images else floor,
        unseen,
        None if n_real is None else seen,
        load(checkpoint, "classifier", Network, Settings).to(device),
        # The same draws for all sets of a replicate: they differ by their images alone.
        seed=seed_for(seed, "gap", replicate),
        device=device,
    )
    write_json(output, identity | measures)


@app.command
def train_classifier(
    *,
    study: str,
    mix: str,
    n_real: int,
    n_synthetic: int,
    replicate: int,
    real_share: float | Literal["concatenate"],
    settings: Json,
    augmentation: Annotated[str, Parameter(help="a JSON object, or null for none")],
    validation: Path,
    test: Path,
    seed: int,
    code: str,
    checkpoint: Path,
    predictions: Path,
    metrics: Path,
    real: list[Path],
    synthetic: list[Path],
    device: Device = "auto",
) -> None:
    """Train a classifier on one mix, and read the validation and the test images with it."""
    import numpy as np

    from realink import augmentation as policies
    from realink.artifacts import read_digits, write_json, write_tensors
    from realink.checkpoints import save, settings_from
    from realink.classifier import Settings, predict, train
    from realink.evaluation import error_rate
    from realink.mixes import synthetic_of
    from realink.seeds import seed_for

    _check_code(code, "train_classifier")
    knobs = settings_from(Settings, json.loads(settings))
    asked = json.loads(augmentation)
    policy = None if asked is None else settings_from(policies.Settings, asked)
    device = _device(device)
    part = seed_for(seed, "synthetic", replicate)
    parts = [
        *(read_digits(path) for path in real),
        *(read_digits(path).draw(n_synthetic, part) for path in synthetic),
    ]
    held = [len(part.labels) for part in parts]
    started = time.perf_counter()
    network, _ = train(
        parts,
        knobs,
        real_share=None if real_share == "concatenate" else real_share,
        augment=policy,
        seed=seed_for(seed, "classifier", mix, n_real, replicate),
        device=device,
        report=_report,
    )
    seconds = time.perf_counter() - started
    errors, read = {}, {}
    for name, path in (("validation", validation), ("test", test)):
        held_out = read_digits(path)
        read[name] = predict(network, held_out.images, device=device).argmax(1).astype(np.uint8)
        errors[name] = error_rate(read[name], held_out.labels)
    record: dict[str, Any] = {
        "study": study,
        "mix": mix,
        "n_real": n_real,
        "n_synthetic": n_synthetic,
        "replicate": replicate,
        "synthetic": synthetic_of(mix),
        "augment": "affine-elastic" if policy else "none",
        "test_error": errors["test"],
        "n_test": len(read["test"]),
        "validation_error": errors["validation"],
        "real_share": sum(held[: len(real)]) / sum(held)
        if real_share == "concatenate"
        else real_share,
        "train_steps": knobs.steps,
        "train_seconds": round(seconds, 2),
        "device": device,
        "code": code,
    }
    write_tensors(predictions, read)
    write_json(metrics, record)
    save(checkpoint, network, "classifier", knobs)
    log.info("test error %.2f %%", 100 * errors["test"])


@app.command
def collect(
    *,
    config: Json,
    classifier: Paths,
    read: Paths,
    test: Path,
    translator: Paths,
    retention: Paths,
    gap: Paths,
    reference: Paths,
    metrics: Path,
    predictions: Path,
    translators: Path,
    confusions: Path,
    gaps: Path,
) -> None:
    """Collect what all jobs recorded into tables, and what all classifiers read into one file."""
    import numpy as np

    from realink import grid, tables
    from realink.artifacts import read_digits, read_tensors, write_tensors, written_whole

    settings = json.loads(config)
    cells, trained = grid.cells(settings), grid.translator_cells(settings)
    rows = tables.classifiers_table(grid.paths(classifier, cells))
    judged = grid.paths(retention, trained)
    measured = grid.paths(gap, trained) + grid.paths(reference, grid.references(settings))
    gap_rows = tables.gap_table(measured)
    for path, table in (
        (metrics, rows),
        (translators, tables.translators_table(grid.paths(translator, trained), judged, gap_rows)),
        (confusions, tables.confusions_table(judged)),
        (gaps, gap_rows),
    ):
        with written_whole(path) as temporary:
            table.to_csv(temporary, index=False)
    predicted = grid.paths(read, cells)
    reads = np.stack([read_tensors(predicted[place])[0]["test"] for place in rows.index])
    write_tensors(predictions, {"read": reads, "labels": read_digits(test).labels})


@app.command
def analyse(
    *,
    metrics: Path,
    predictions: Path,
    translators: Path,
    seed: int,
    summary: Path,
    comparisons: Path,
    break_even: Path,
    worth: Path,
    claims: Path,
    answer: Path,
) -> None:
    """Compute the answer: intervals, comparisons, break-even, worth in real images, claims."""
    from realink import answer as answers
    from realink import claims as talk
    from realink.artifacts import read_table, write_json, written_whole

    found = answers.analyse(
        read_table(metrics), _reads(predictions), read_table(translators), seed=seed
    )
    for path, table in (
        (summary, found.summary),
        (comparisons, found.comparisons),
        (break_even, found.break_even),
        (worth, found.worth),
        (claims, talk.claims(found)),
    ):
        with written_whole(path) as temporary:
            table.to_csv(temporary, index=False)
    write_json(answer, {"sentences": talk.sentences(found), "notes": found.notes})


@app.command
def report(
    *,
    study: str,
    config: Json,
    tables: Annotated[Path, Parameter(help="directory of what `collect` wrote")],
    answers: Annotated[Path, Parameter(help="directory of what `analyse` wrote")],
    judge: list[Path],
    sheets: Annotated[str, Parameter(help="a JSON list of [translator, N, path of a PNG]")],
    fonts: Path,
    benchmarks: Path,
    output: Path,
) -> None:
    """Write the answer page, one HTML file that needs no network."""
    from realink import report as pages
    from realink.artifacts import read_json, read_table, written_whole

    html = pages.page(
        study=study,
        config=json.loads(config),
        metrics=read_table(tables / "metrics.csv"),
        translators=read_table(tables / "translators.csv"),
        confusions=read_table(tables / "confusions.csv"),
        gaps=read_table(tables / "gap.csv"),
        summary=read_table(answers / "summary.csv"),
        comparisons=read_table(answers / "comparisons.csv"),
        break_even=read_table(answers / "break_even.csv"),
        worth=read_table(answers / "worth.csv"),
        claims=read_table(answers / "claims.csv"),
        answer=read_json(answers / "answer.json"),
        judge=read_json(judge[0]) if judge else {"validation_error": None},
        sheets=[pages.Sheet(name, n, Path(path)) for name, n, path in json.loads(sheets)],
        fonts=fonts,
        benchmarks=pages.read_benchmarks(benchmarks),
    )
    with written_whole(output) as temporary:
        temporary.write_text(html)


@app.command
def compare(
    first: Annotated[Path, Parameter(help="a study's directory, such as results/mnist")],
    second: Annotated[Path, Parameter(help="another's")],
    *,
    output: Annotated[Path | None, Parameter(help="HTML page to write, with the curves")] = None,
) -> None:
    """Set two studies side by side: is the second better?"""
    from realink import answer as answers
    from realink import report as pages
    from realink.artifacts import written_whole

    if first.resolve() == second.resolve():
        raise InputError(f"{first} and {second} are the same study")
    if output is not None and output.is_dir():
        raise InputError(f"{output} is a directory: name a file for --output")
    alike = first.resolve().name == second.resolve().name
    one, two = (
        answers.Study(
            str(path) if alike else path.resolve().name,
            _metrics(path / "metrics.csv"),
            _reads(path / "predictions.safetensors"),
        )
        for path in (first, second)
    )
    rows, notes = answers.compare_studies(one, two)
    names = {"first": one.name, "second": two.name, "verdict": f"{two.name} is"}
    errors = {column: 100 * rows[column] for column in ("first", "second")}
    table = rows.assign(**errors)[
        ["mix", "n_real", "first", "second", "ratio", "low", "high", "verdict"]
    ]
    print(f"test error in %, and its ratio, {two.name} / {one.name}, with the 95 % interval")
    print(table.rename(columns=names).to_string(index=False, float_format="{:.2f}".format))
    for note in notes:
        print(f"note: {note}")
    if output is not None:
        summaries = {
            study.name: answers.summarise(answers.usable(study.metrics)[0]) for study in (one, two)
        }
        with written_whole(output) as temporary:
            temporary.write_text(pages.comparison_page(summaries, rows, notes))
        print(f"written: {output}")


def _metrics(path: Path) -> Any:
    """Read a study's metrics.csv; raise `InputError` if it is not whole."""
    from realink.artifacts import read_table

    try:
        table = read_table(path)
        table["test_error"] = table["test_error"].astype(float)
        table[["mix", "n_real", "n_synthetic", "replicate"]]
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; name the directory of a finished study") from None
    except KeyError as missing:
        raise InputError(f"{path}: lacks the column {missing}") from None
    except ValueError as error:  # of pandas' parser too
        raise InputError(f"{path}: not a whole table ({error}); run snakemake again") from None
    return table


def _reads(predictions: Path) -> Any:
    """Read what `collect` wrote; raise `InputError` if it is something else."""
    from realink.answer import Reads
    from realink.artifacts import read_tensors

    tensors, _ = read_tensors(predictions)
    try:
        return Reads(tensors["read"], tensors["labels"])
    except KeyError as missing:
        raise InputError(f"{predictions}: holds no {missing}, so it is not from collect") from None


@app.command
def plot_error(*, metrics: Path, counts: list[int], total: int, output: list[Path]) -> None:
    """Draw the final figure: test error against real images, for all mixes."""
    from realink import figures
    from realink.artifacts import read_table

    figures.style()
    _save_figure(figures.plot_error(read_table(metrics), counts, total), output)


@app.command
def plot_font_error(*, metrics: Path, output: list[Path]) -> None:
    """Draw the distribution gap: font-only error against the number of rendered digits."""
    from realink import figures
    from realink.artifacts import read_table

    figures.style()
    _save_figure(figures.plot_font_error(read_table(metrics)), output)


@app.command
def plot_gain(*, metrics: Path, translators: Path, gaps: Path, output: list[Path]) -> None:
    """Draw what translated digits gain against the labels that they kept and against the gap."""
    from realink import figures
    from realink.answer import gains
    from realink.artifacts import read_table

    figures.style()
    points = gains(read_table(metrics), read_table(translators), read_table(gaps))
    _save_figure(figures.plot_gain(points), output)


@app.command
def plot_fonts(*, fonts: Path, output: list[Path]) -> None:
    """Draw a contact sheet of the font dataset."""
    from realink import figures
    from realink.artifacts import read_digits, read_tensors

    figures.style()
    faces = len(set(read_tensors(fonts)[0]["face"].tolist()))
    _save_figure(figures.plot_fonts(read_digits(fonts), faces), output)


@app.command
def plot_translations(
    *,
    translator: str,
    n_real: int,
    replicate: int,
    fonts: Path,
    translated: Path,
    read: Path,
    real: Path,
    output: list[Path],
) -> None:
    """Draw rendered digits above their translations."""
    from realink import figures
    from realink.artifacts import read_digits, read_tensors
    from realink.evaluation import error_rate

    figures.style()
    carried, reading = read_digits(translated), read_tensors(read)[0]["read"]
    kept = 1 - error_rate(reading, carried.labels)
    title = (
        f"{translator}, {n_real:,} real images, replicate {replicate}: {kept:.0%} of labels kept"
    )
    _save_figure(
        figures.plot_translations(read_digits(fonts), carried, reading, read_digits(real), title),
        output,
    )


def _save_figure(figure: Any, outputs: list[Path]) -> None:
    from realink.artifacts import written_whole

    for output in outputs:
        # Without the date, the same numbers give the same file.
        metadata = {"Date": None} if output.suffix == ".svg" else {}
        with written_whole(output) as temporary:
            figure.savefig(temporary, dpi=160, bbox_inches="tight", metadata=metadata)
