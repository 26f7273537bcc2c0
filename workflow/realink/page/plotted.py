"""The tables that are drawn: figures and charts of the same thing take the same one."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from realink.answer.cells import CELL, summarise
from realink.answer.words import as_count
from realink.page.look import FOLLOWED, MEASURES
from realink.plan.mixes import RENDERED, Mix

PARTS = 24  # classes or groups that a chart has room for


def errors(metrics: pd.DataFrame, *, variants: bool = False) -> pd.DataFrame:
    """One row a mix and count, in percent, for a logarithmic axis; `variants` only if asked for.

    Columns: ``mix``, ``images``, the mix without its augmentation, ``augmented``, ``n_real``,
    ``replicates``; ``percent``, the mean test error, with its 95 % interval ``low`` and ``high``;
    and what is drawn, where no error at all stands at half a test image: ``shown``, the mean, and
    ``smallest`` and ``largest`` of the replicates.
    """
    rows = metrics[metrics["test_error"].notna()].astype({"test_error": float})
    if not variants:
        rows = rows[np.array([not Mix.parse(name).is_variant for name in rows["mix"]], bool)]
    table = summarise(rows)
    cells = rows.groupby(["mix", "n_real"])["test_error"].agg(smallest="min", largest="max")
    table = table.merge(cells.reset_index(), on=["mix", "n_real"])
    floor = floor_of(metrics)
    for column in ("test_error", "low", "high", "smallest", "largest"):
        table[column] = 100 * table[column].astype(float)
    table = table.rename(columns={"test_error": "percent"}).assign(
        images=[Mix.parse(name).plain.name for name in table["mix"]],
        augmented=[Mix.parse(name).augmented for name in table["mix"]],
        shown=table["test_error"].clip(lower=floor),
        smallest=table["smallest"].clip(lower=floor),
        largest=table["largest"].clip(lower=floor),
    )
    columns = ["mix", "images", "augmented", "n_real", "replicates", "percent", "low", "high"]
    return table[[*columns, "shown", "smallest", "largest"]]


def floor_of(metrics: pd.DataFrame) -> float:
    """Half a test image in percent: where no error at all stands on a logarithmic axis."""
    return 50 / metrics["n_test"].max()


def ends(curves: pd.DataFrame) -> list[float]:
    """All values that an axis of curves of `errors` has to hold."""
    return [*curves["smallest"], *curves["largest"]]


def gains(metrics: pd.DataFrame, translators: pd.DataFrame, gaps: pd.DataFrame) -> pd.DataFrame:
    """One row a translator and its images' measures, beside what these images did to the error.

    Measures are in their axes' units. ``alone`` is the test error in percent of these images
    alone, ``ratio`` the error of them and N real images over that of the same real images alone;
    NaN where the study has no such mix, or where it is no number for a logarithmic axis. All are
    of mixes without augmentation, if any of these has a translator, else of augmented ones.
    Rendered images as they are join in, at every count, as a translator named rendered that keeps
    all labels.
    """
    errors = metrics.set_index(CELL)["test_error"]
    rendered = gaps[gaps["images"] == RENDERED].drop(columns="n_real")
    counts = pd.DataFrame({"n_real": sorted(translators["n_real"].unique())})
    rendered = rendered.rename(columns={"images": "translator"}).assign(label_retention=1.0)
    rows = pd.concat([translators, rendered.merge(counts, how="cross")], ignore_index=True)
    columns = [column for column in rows if column in translators.columns]

    def of(mixes: Iterable[Mix]) -> np.ndarray:
        names = (mix.name for mix in mixes)
        cells = zip(names, rows["n_real"], rows["replicate"], strict=True)
        return np.array([errors.get(cell, np.nan) for cell in cells], float)

    augmented = augmented_alone(metrics["mix"])
    beside = [Mix(name, True, augmented) for name in rows["translator"]]
    with np.errstate(divide="ignore", invalid="ignore"):
        values = {
            "alone": 100 * of(Mix(name, False, augmented) for name in rows["translator"]),
            "ratio": of(beside) / of(mix.baseline for mix in beside),
        }
    for outcome, found in values.items():
        values[outcome] = np.where(np.isfinite(found) & (found > 0), found, np.nan)
    points = rows[columns].assign(**values)
    for column in FOLLOWED:
        points = MEASURES[column].of(points)
    return points


def worth(table: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """What images are worth, on an axis that ends at the baseline's smallest and largest counts.

    Columns: ``mix``, ``augmented``, ``n_real``; ``shown``, the count of real images
    alone that gives the same error, with ``low`` and ``high``, all within the ends; ``told``, the
    count in words, and ``interval``.
    """
    rows = []
    for row in table.itertuples():
        baseline = summary.loc[summary["mix"] == row.baseline, "n_real"]
        ends = baseline.min(), baseline.max()
        mix, known = Mix.parse(row.mix), not pd.isna(row.low)
        rows.append(
            {
                "mix": row.mix,
                "augmented": mix.augmented,
                "n_real": row.n_real,
                "shown": np.clip(row.equals, *ends),
                "low": np.clip(row.low, *ends),
                "high": np.clip(row.high, *ends),
                "told": as_count(row.equals, *ends),
                "interval": f"{as_count(row.low, *ends)} to {as_count(row.high, *ends)}"
                if known
                else "",
            }
        )
    columns = ["mix", "augmented", "n_real", "shown", "low", "high", "told", "interval"]
    return pd.DataFrame(rows, columns=columns)


def by_part(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Errors by class or group of test images, in percent, of the mixes with real images.

    Of these the augmented ones, if there are any; and of many parts the `PARTS` hardest.

    Parameters
    ----------
    column : ``label`` or ``group``
    """
    mixes = [mix for name in table["mix"].unique() if (mix := Mix.parse(name)).real]
    mixes = [mix.name for mix in mixes if mix.augmented] or [mix.name for mix in mixes]
    rows = table[table["mix"].isin(mixes)].rename(columns={column: "part"})
    hardest = rows.groupby("part")["test_error"].mean().sort_values(ascending=False).index[:PARTS]
    rows = rows[rows["part"].isin(hardest)]
    return rows.assign(percent=100 * rows["test_error"])[
        ["mix", "n_real", "part", "images", "percent"]
    ]


def augmented_alone(mixes: Iterable[str]) -> bool:
    """Whether all mixes of translated images are augmented, so that `gains` is of these."""
    translated = [mix for name in set(mixes) if (mix := Mix.parse(name)).translator]
    return bool(translated) and all(mix.augmented for mix in translated)
