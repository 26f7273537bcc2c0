"""The page's tables, in words and in the order in which it shows them."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from realink.answer.cells import parsed
from realink.answer.comparisons import references, within_learners
from realink.answer.harm import raised
from realink.answer.sentences import action
from realink.answer.words import as_count, percent, places, rank
from realink.page.plotted import worth_showing
from realink.plan.mixes import Mix, ordered
from realink.scores.looks import MEASURES

HARDEST = 200  # groups of a table
MOST_CLASSES = 12  # a table of the confusions of more could not be read


def numbers(summary: pd.DataFrame, comparisons: pd.DataFrame) -> list[tuple[str, list[Any]]]:
    """The table of errors: each mix with one cell a count, None where the grid has a hole."""
    counts, mixes = sorted(summary["n_real"].unique()), parsed(summary["mix"])
    lowest = summary.groupby("n_real")["test_error"].min()
    cells = summary.set_index(["mix", "n_real"])
    verdicts = comparisons.set_index(["mix", "n_real", "reference"])["verdict"]
    table = []
    for mix in _in_turn(mixes):
        row = []
        for n in counts:
            if (mix, n) not in cells.index:
                row.append(None)
                continue
            cell = cells.loc[(mix, n)]
            against = next((reference.name for reference in references(mixes[mix])), None)
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
    groups come first, `HARDEST` of them at most.
    """
    mixes = _in_turn(parsed(worth_showing(groups["mix"])))
    found = []
    for n, own in groups[groups["mix"].isin(mixes)].groupby("n_real"):
        errors = own.pivot_table(index=["group", "images"], columns="mix", values="test_error")
        errors = errors.reindex(columns=[mix for mix in mixes if mix in errors])
        errors = errors.loc[errors.mean(axis=1).sort_values(ascending=False).index[:HARDEST]]
        rows = [
            (group, size, ["" if pd.isna(error) else percent(error) for error in row])
            for (group, size), row in zip(errors.index, errors.to_numpy(), strict=True)
        ]
        found.append((n, list(errors), rows))
    return found


def harmed(harm: pd.DataFrame) -> list[dict[str, Any]]:
    """Classes that the advice misreads more often, in words, as `realink.answer.harm` has them."""
    return [
        {
            "label": row.label,
            "n": row.n_real,
            "verdict": row.verdict.split()[0],
            "mix": row.mix,
            "reference": row.reference,
            "errors": (percent(row.reference_error), percent(row.error)),
            "ratio": f"{row.ratio:.2g} ({row.low:.2g} to {row.high:.2g})",
            "taken_for": None if pd.isna(row.taken_for) else row.taken_for,
            "taken": "" if pd.isna(row.taken_share) else f"{100 * row.taken_share:.0f}",
            "told": None
            if pd.isna(row.told_apart)
            else (f"{100 * row.told_apart:.0f}", f"{100 * row.told_apart_elsewhere:.0f}"),
            "differs": _unlike(row.differs, row.difference, row.difference_elsewhere),
            "peculiar": _unlike(row.peculiar, row.peculiar_difference, row.peculiar_elsewhere),
        }
        for row in raised(harm).itertuples()
    ]


def _unlike(measure: str, by: float, elsewhere: float) -> tuple[str, str, str] | None:
    """What images are like, by how many standard deviations, and of the other classes."""
    if pd.isna(measure):
        return None
    return MEASURES[measure][int(by > 0)], f"{abs(by):.1f}", _signed(elsewhere * np.sign(by))


def _signed(value: float) -> str:
    return f"{round(value, 1) + 0.0:.1f}".replace("-", "\N{MINUS SIGN}")


def strip(recommended: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Counts in a row that have the same mix recommended: what to do, and the errors, in words.

    Parameters
    ----------
    recommended : records of `realink.answer.recommended`
    """
    found, mixes = [], parsed(one["mix"] for one in recommended)
    for mix, own in itertools.groupby(recommended, key=lambda one: one["mix"]):
        run = list(own)
        found.append(
            {
                "mix": mix,
                "source": mixes[mix].source,
                "action": action(mixes[mix]),
                "counts": [one["n_real"] for one in run],
                "errors": _ends([one["error"] for one in run]),
            }
        )
    return found


def _ends(errors: Sequence[float]) -> str:
    return " to ".join(dict.fromkeys(percent(errors[place]) for place in (0, -1)))


# What mixes are compared with: a title, and which reference of a mix it is.
AGAINST = [
    ("Against real images alone, augmented as the mix is", lambda mix: mix.baseline),
    ("Translated images against untranslated ones", lambda mix: mix.untranslated),
    ("Translated images against randomised ones", lambda mix: mix.randomised),
    ("With pseudo-labels against the same without", lambda mix: mix.supervised),
    (
        "With pseudo-labels and rendered images against pseudo-labels alone",
        lambda mix: mix.unrendered,
    ),
    ("With few of the unlabelled images against all of them", lambda mix: mix.unreduced),
    ("Augmented against the same without augmentation", lambda mix: mix.plain),
]


def verdicts(
    comparisons: pd.DataFrame, counts: Sequence[int]
) -> list[tuple[str, list[int], list[dict[str, Any]]]]:
    """The grid of verdicts, in parts by what mixes are compared with.

    Of each part its title, the counts at which it has a comparison, and its rows, with None where
    they have a hole.
    """
    same = within_learners(comparisons)
    cells = {(row.mix, row.reference, row.n_real): row for row in same.itertuples()}
    compared = {(mix, reference) for mix, reference, _ in cells}
    mixes = parsed(same["mix"])
    in_turn = _in_turn(mixes, real_first=True)
    parts, told = [], set()
    for title, reference_of in AGAINST:
        pairs = []
        for mix in in_turn:
            pair = mix, reference_of(mixes[mix]).name
            if pair in compared and pair not in told:
                told.add(pair)
                pairs.append(pair)
        counted = [n for n in counts if any((*pair, n) in cells for pair in pairs)]
        rows = []
        for pair in pairs:
            own = {n: cells.get((*pair, n)) for n in counted}
            rows.append(
                {
                    "mix": pair[0],
                    "reference": pair[1],
                    "better": _better({n: cell.verdict for n, cell in own.items() if cell}),
                    "cells": list(map(_verdict, own.values())),
                }
            )
        if rows:
            parts.append((title, counted, rows))
    return parts


def _better(verdicts: Mapping[int, str]) -> str:
    """At which counts a mix is better, in words."""
    better = [n for n, verdict in verdicts.items() if verdict == "better"]
    return f"better {places(better, list(verdicts))}" if better else "nowhere better"


def _verdict(row: Any) -> dict[str, Any] | None:
    """A verdict with how much more or fewer the errors are, and how strongly to colour it."""
    if row is None:
        return None
    interval = "" if pd.isna(row.low) else f" (95 %: {row.low:.2f} to {row.high:.2f})"
    return {
        "verdict": row.verdict,
        "change": change(row.ratio),
        "strength": int(np.digitize(abs(np.log(max(row.ratio, 1e-9))), [0.25, 0.7])) + 1,
        "told": f"{row.ratio:.2f} times the errors of {row.reference}{interval}",
    }


def change(ratio: float) -> str:
    """A ratio of errors as how many more or fewer, with a sign: +320 %."""
    more = round(100 * (ratio - 1))
    if more > 100:
        more = int(float(f"{more:.2g}"))
    sign = "+" if more > 0 else "\N{MINUS SIGN}" if more < 0 else "\N{PLUS-MINUS SIGN}"
    return f"{sign}{abs(more):,}\N{NO-BREAK SPACE}%"


def worth_rows(worth: pd.DataFrame, summary: pd.DataFrame) -> list[tuple[str, str, dict]]:
    """Of each mix: its name, its baseline, and by count what it is worth, with an interval."""
    rows = []
    for mix in _in_turn(parsed(worth["mix"])):
        own = worth[worth["mix"] == mix]
        baseline = summary.loc[summary["mix"] == own["baseline"].iloc[0], "n_real"]
        ends = baseline.min(), baseline.max()
        cells = {
            row.n_real: (
                as_count(row.equals, *ends),
                ""
                if pd.isna(row.low)
                else " to ".join(
                    dict.fromkeys(as_count(bound, *ends) for bound in (row.low, row.high))
                ),
            )
            for row in own.itertuples()
        }
        rows.append((mix, own["baseline"].iloc[0], cells))
    return rows


def confusions(table: pd.DataFrame) -> list[tuple[str, int, list[str], list[list[int]]]]:
    """Of each translator and count, the classes and, in percent of a label's images, what was
    predicted.

    In whole percents, half a percent counting as one; over all replicates. None of studies of more
    classes than a table can show.
    """
    classes = list(table["label"].unique())
    if len(classes) > MOST_CLASSES:
        return []
    found = []
    for (translator, n), own in table.groupby(["translator", "n_real"]):
        counted = own.pivot_table(
            index="label", columns="predicted", values="images", aggfunc="sum"
        )
        counted = counted.reindex(index=classes, columns=classes)
        shares = 100 * counted.div(counted.sum(axis=1).clip(lower=1), axis=0).fillna(0).to_numpy()
        found.append((translator, n, classes, np.floor(shares + 0.5).astype(int).tolist()))
    return found


def pseudo_labels(table: pd.DataFrame) -> list[tuple[str, int, int, str, str, str]]:
    """Of each mix, count and round: how many were taken, how many were right, and the worst class.

    Over all replicates. Where N is the whole pool, nothing is left to label.
    """
    found = []
    for (mix, n, number), own in table[table["there"] > 0].groupby(["mix", "n_real", "round"]):
        sums = own.groupby("label")[["there", "taken", "right"]].sum()
        whole, right = sums.sum(), (sums["right"] / sums["taken"].clip(lower=1))[sums["taken"] > 0]
        worst = f"{right.idxmin()}: {percent(right.min())}" if len(right) else ""
        shares = whole["taken"] / whole["there"], whole["right"] / max(whole["taken"], 1)
        found.append((mix, n, number, *map(percent, shares), worst))
    return found


def mistakes(table: pd.DataFrame) -> list[tuple[str, int, list[tuple[str, str, float]]]]:
    """Instead of `confusions` of many classes: the labels most often taken for another one."""
    if table["label"].nunique() <= MOST_CLASSES:
        return []
    found = []
    for (translator, n), own in table.groupby(["translator", "n_real"]):
        counted = own.groupby(["label", "predicted"], as_index=False)["images"].sum()
        counted["share"] = (
            100 * counted["images"] / counted.groupby("label")["images"].transform("sum")
        )
        wrong = counted[(counted["label"] != counted["predicted"]) & (counted["images"] > 0)]
        worst = wrong.nlargest(MOST_CLASSES, "share")[["label", "predicted", "share"]]
        found.append((translator, n, list(worst.itertuples(index=False, name=None))))
    return found


def networks(learners: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of each count: every learner's best mix and its errors, what validation picks, what is right.

    Parameters
    ----------
    learners : as `realink.answer.learners.records` gives them
    """
    return [
        {
            "n": one["n_real"],
            "best": {
                own["learner"]: (
                    Mix.parse(own["mix"]).without_learner.name,
                    percent(own["test_error"]),
                    percent(own["validation_error"]),
                )
                for own in one["best"]
            },
            "picked": one["picked"],
            "right": one["right"][0] if len(one["right"]) == 1 else None,
        }
        for one in learners
    ]


def _in_turn(mixes: Mapping[str, Mix], *, real_first: bool = False) -> list[str]:
    """Labels in the order of a table: by learner, and of each those with augmentation last.

    And if asked for, those with real images before all others.
    """

    def place(label: str) -> tuple[tuple[int, str], bool, bool]:
        mix = mixes[label]
        return rank(mix.learner), real_first and not mix.real, mix.augmented

    return sorted(ordered(mixes), key=place)
