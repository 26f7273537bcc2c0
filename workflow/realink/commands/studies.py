"""Commands for finished studies: two side by side, and how right what one says is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from realink.errors import InputError


def compare(
    first: Annotated[Path, Parameter(help="A study's folder, such as results/mnist.")],
    second: Annotated[Path, Parameter(help="Another's.")],
    /,
    *,
    output: Annotated[Path | None, Parameter(help="HTML page to write, with the curves.")] = None,
) -> None:
    """Set two finished studies side by side: is the second better?"""
    from realink.answer import cells, studies
    from realink.asked import refuse_folder, written_as_asked
    from realink.page import plotted
    from realink.page import report as pages
    from realink.store.files import read_json
    from realink.store.predictions import read_predictions

    if first.resolve() == second.resolve():
        raise InputError(f"{first} and {second} are the same study")
    if output is not None:
        refuse_folder(output)
    alike = first.resolve().name == second.resolve().name
    one, two = (
        studies.Study(
            str(path) if alike else path.resolve().name,
            _metrics(path / "metrics.csv"),
            read_predictions(path / "predictions.safetensors"),
            read_json(path / "config.json") if (path / "config.json").exists() else None,
        )
        for path in (first, second)
    )
    one, two = studies.told_apart(one, two)
    rows, notes = studies.compare_studies(one, two)
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
        curves = {
            study.name: plotted.errors(cells.usable(study.metrics)[0]) for study in (one, two)
        }
        html = pages.comparison_page(curves, rows, notes)
        with written_as_asked(output) as temporary:
            temporary.write_text(html)
        print(f"written: {output}")


def regret(
    *studies: Annotated[Path, Parameter(help="Folders of finished studies.")],
    splits: Annotated[int, Parameter(validator=Number(gte=1))] = 50,
    seed: int = 1,
) -> None:
    """Measure what following the advice costs: half of the test images give it, the rest judge.

    Parameters
    ----------
    splits
        How often the test images are cut into halves.
    seed
        Of the halves.
    """
    import pandas as pd

    from realink.answer import regret as regrets

    tables = []
    for path, rows, predictions in _read(studies):
        found = regrets.regret(rows, predictions, splits=splits, seed=seed)
        tables.append(found.assign(study=path.resolve().name))
    table = pd.concat(tables)
    errors = table[["study", *regrets.COLUMNS]].set_index(["study", "n_real"])
    print("test error in % on the half that judges: of the mix that the other half advises, of the")
    print("one with the lowest mean there, and of the best that there was")
    print((100 * errors).to_string(float_format="{:.2f}".format))
    gap = errors[["advised", "lowest"]].sub(errors["best"], axis=0)
    means = pd.concat(
        {"points": 100 * gap, "% of the best": 100 * gap.div(errors["best"], axis=0)}, axis=1
    )
    print("\nregret: how much more than the best, mean over counts")
    print(means.groupby("study", sort=False).mean().to_string(float_format="{:.2f}".format))


def backtest(
    *studies: Annotated[Path, Parameter(help="Folders of finished studies.")],
    reach: Annotated[float, Parameter(validator=Number(gt=1))] = 3.2,
    fewest: Annotated[int, Parameter(validator=Number(gte=2))] = 3,
) -> None:
    """Measure how right the page is on more labels: fit smaller counts, foretell larger ones.

    Parameters
    ----------
    reach
        How many times the largest count fitted the count foretold may be.
    fewest
        Counts that are fitted at least.
    """
    import pandas as pd

    from realink.answer import backtest as backtests

    tables = []
    for path, rows, predictions in _read(studies):
        found = backtests.backtest(rows, predictions, reach=reach, fewest=fewest)
        tables.append(found.assign(study=path.resolve().name))
    table = pd.concat(tables)
    if table.empty:
        print(f"no study has {fewest} counts and another within {reach:g} times the last of them")
        return
    print("how often the 95 % interval holds the mean error that was measured; the mean factor")
    print("between that and what was expected; the interval's upper end over its lower one, median")
    kinds = {"every mix with real images": table, "what was advised": table[table["advised"]]}
    for title, own in kinds.items():
        parts = [*own.groupby("study", sort=False), ("all", own)]
        shown = pd.DataFrame({name: backtests.covered(part) for name, part in parts}).T
        print(f"\n{title}")
        print(shown.astype({"cases": int}).to_string(float_format="{:.2f}".format))


def _read(studies: tuple[Path, ...]) -> Iterator[tuple[Path, Any, Any]]:
    """Folders of finished studies, with the rows that can be used and what was predicted."""
    from realink.answer import cells
    from realink.store.predictions import read_predictions
    from realink.store.tables import labelled

    if not studies:
        raise InputError("name the folders of finished studies, such as results/mnist")
    for path in studies:
        predictions = read_predictions(path / "predictions.safetensors")
        metrics = labelled(_metrics(path / "metrics.csv"))
        yield path, cells.usable(cells.fitting(metrics, predictions, str(path)))[0], predictions


def _metrics(path: Path) -> Any:
    """Read a study's metrics.csv; raise `InputError` if it is not whole."""
    from realink.store.files import read_table

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
