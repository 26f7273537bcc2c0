"""The page's tables, in words and in the order in which it shows them."""

from typing import Any

import pandas as pd

from realink.answer.comparisons import references
from realink.answer.words import as_count, percent
from realink.study.mixes import Mix, ordered

MOST_CLASSES = 12  # a table of the confusions of more could not be read


def numbers(summary: pd.DataFrame, comparisons: pd.DataFrame) -> list[tuple[str, list[Any]]]:
    """The table of errors: each mix with one cell a count, None where the grid has a hole."""
    counts = sorted(summary["n_real"].unique())
    lowest = summary.groupby("n_real")["test_error"].min()
    cells = summary.set_index(["mix", "n_real"])
    verdicts = comparisons.set_index(["mix", "n_real", "reference"])["verdict"]
    table = []
    for mix in sorted(ordered(summary["mix"].unique()), key=augmented):
        row = []
        for n in counts:
            if (mix, n) not in cells.index:
                row.append(None)
                continue
            cell = cells.loc[(mix, n)]
            against = next((reference.name for reference in references(Mix.parse(mix))), None)
            row.append(
                {
                    "error": percent(cell["test_error"]),
                    "interval": ""
                    if pd.isna(cell["low"])
                    else f"{100 * cell['low']:.2f} to {100 * cell['high']:.2f}",
                    "verdict": verdicts.get((mix, n, against), ""),
                    "lowest": cell["test_error"] == lowest[n],
                }
            )
        table.append((mix, row))
    return table


def by_group(groups: pd.DataFrame) -> list[tuple[int, list[str], list[tuple[str, int, list[str]]]]]:
    """Of each count: the mixes, and by group of test images its size and the mixes' errors.

    Only mixes with real images, and of these the augmented ones if there are any. The hardest
    groups come first.
    """
    mixes = [mix for mix in ordered(groups["mix"].unique()) if Mix.parse(mix).real]
    mixes = [mix for mix in mixes if augmented(mix)] or mixes
    found = []
    for n, own in groups[groups["mix"].isin(mixes)].groupby("n_real"):
        errors = own.pivot_table(index=["group", "images"], columns="mix", values="test_error")
        errors = errors.reindex(columns=[mix for mix in mixes if mix in errors])
        errors = errors.loc[errors.mean(axis=1).sort_values(ascending=False).index]
        rows = [
            (group, size, ["" if pd.isna(error) else percent(error) for error in row])
            for (group, size), row in zip(errors.index, errors.to_numpy(), strict=True)
        ]
        found.append((n, list(errors), rows))
    return found


def break_even_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows, those without augmentation first; empty where there is no count."""
    rows = table.astype(object).where(table.notna(), "").to_dict("records")
    order = ordered(table["mix"].unique())
    return sorted(rows, key=lambda row: (augmented(row["mix"]), order.index(row["mix"])))


def worth_rows(worth: pd.DataFrame, summary: pd.DataFrame) -> list[tuple[str, str, dict]]:
    """Of each mix: its name, its baseline, and by count what it is worth, with an interval."""
    rows = []
    for mix in sorted(ordered(worth["mix"].unique()), key=augmented):
        own = worth[worth["mix"] == mix]
        baseline = summary.loc[summary["mix"] == own["baseline"].iloc[0], "n_real"]
        ends = baseline.min(), baseline.max()
        cells = {
            row.n_real: (
                as_count(row.equals, *ends),
                ""
                if pd.isna(row.low)
                else f"{as_count(row.low, *ends)} to {as_count(row.high, *ends)}",
            )
            for row in own.itertuples()
        }
        rows.append((mix, own["baseline"].iloc[0], cells))
    return rows


def confusions(table: pd.DataFrame) -> list[tuple[str, int, list[str], list[list[float]]]]:
    """Of each translator and count, the classes and, in percent of a label's images, what was read.

    Over all replicates; none of studies of more classes than a table can show.
    """
    classes = list(table["label"].unique())
    if len(classes) > MOST_CLASSES:
        return []
    found = []
    for (translator, n), own in table.groupby(["translator", "n_real"]):
        counted = own.pivot_table(index="label", columns="read", values="images", aggfunc="sum")
        counted = counted.reindex(index=classes, columns=classes)
        shares = 100 * counted.div(counted.sum(axis=1).clip(lower=1), axis=0)
        found.append((translator, n, classes, shares.round(1).to_numpy().tolist()))
    return found


def mistakes(table: pd.DataFrame) -> list[tuple[str, int, list[tuple[str, str, float]]]]:
    """Instead of `confusions` of many classes: the labels most often read as another one."""
    if table["label"].nunique() <= MOST_CLASSES:
        return []
    found = []
    for (translator, n), own in table.groupby(["translator", "n_real"]):
        counted = own.groupby(["label", "read"], as_index=False)["images"].sum()
        counted["share"] = (
            100 * counted["images"] / counted.groupby("label")["images"].transform("sum")
        )
        wrong = counted[(counted["label"] != counted["read"]) & (counted["images"] > 0)]
        worst = wrong.nlargest(MOST_CLASSES, "share")[["label", "read", "share"]]
        found.append((translator, n, list(worst.itertuples(index=False, name=None))))
    return found


def augmented(mix: str) -> bool:
    """Whether the mix of this name is augmented."""
    return Mix.parse(mix).augmented
