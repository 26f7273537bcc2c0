"""The tables that are drawn: figures and charts of the same thing take the same one."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from realink.answer.cells import CELL, parsed, summarise
from realink.answer.words import as_count, network, rank
from realink.page.look import FOLLOWED, MEASURES
from realink.plan.mixes import RENDERED, Mix


class Panel(NamedTuple):
    """A part of a figure: what one learner learned from augmented mixes, or from others.

    learner : None in a study of one
    """

    learner: str | None
    augmented: bool

    @property
    def key(self) -> str:
        """Its name in HTML: ``plain``, or ``frozen-aug``."""
        return "-".join(filter(None, [self.learner, "aug" if self.augmented else "plain"]))

    @property
    def title(self) -> str:
        """Its title, which begins with a small letter."""
        how = "with augmentation (-aug)" if self.augmented else "without augmentation"
        return f"{network(self.learner)}, {how}" if self.learner else how

    def of(self, table: pd.DataFrame) -> pd.DataFrame:
        """Its rows, whose mixes need not name the learner."""
        own = [
            label
            for label, mix in parsed(table["mix"]).items()
            if Panel(mix.learner, mix.augmented) == self
        ]
        return shortened(table[table["mix"].isin(own)])


def panels(labels: Iterable[str]) -> list[Panel]:
    """The panels of a figure of these mixes: of each learner a row, the simplest first."""
    found = {Panel(mix.learner, mix.augmented) for mix in parsed(labels).values()}
    return sorted(found, key=lambda panel: (rank(panel.learner), panel.augmented))


def by_learner(labels: Iterable[str]) -> dict[str | None, list[str]]:
    """These mixes by what learns them, the simplest one first; all by None in a study of one."""
    found: dict[str | None, list[str]] = {}
    for label, mix in sorted(parsed(labels).items(), key=lambda one: rank(one[1].learner)):
        found.setdefault(mix.learner, []).append(label)
    return found


def shortened(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of one learner, whose mixes do not name it."""
    names = {label: mix.without_learner.name for label, mix in parsed(table["mix"]).items()}
    return table.assign(mix=table["mix"].map(names))


def synthetic(metrics: pd.DataFrame) -> str:
    """How many synthetic images mixes hold: ``55,000 - N``, a number, or nothing if it differs."""
    rows = metrics[metrics["n_synthetic"] > 0]
    amounts, totals = set(rows["n_synthetic"]), set(rows["n_real"] + rows["n_synthetic"])
    if len(amounts) == 1:
        return f"{amounts.pop():,}"
    return f"{totals.pop():,} - N" if len(totals) == 1 else ""


PARTS = 24  # classes or groups that a chart has room for


def errors(metrics: pd.DataFrame, *, variants: bool = False) -> pd.DataFrame:
    """One row a mix and count, in percent, for a logarithmic axis; `variants` only if asked for.

    Columns: ``mix``; ``images``, the mix without its augmentation and its learner; ``n_real``,
    ``replicates``; ``percent``, the mean test error, with its 95 % interval ``low`` and ``high``;
    and what is drawn, where no error at all stands at half a test image: ``shown``, the mean, and
    ``smallest`` and ``largest`` of the replicates.
    """
    rows = metrics[metrics["test_error"].notna()].astype({"test_error": float})
    mixes = parsed(rows["mix"])
    if not variants:
        rows = rows[~rows["mix"].isin([name for name, mix in mixes.items() if mix.is_variant])]
    table = summarise(rows)
    cells = rows.groupby(["mix", "n_real"])["test_error"].agg(smallest="min", largest="max")
    table = table.merge(cells.reset_index(), on=["mix", "n_real"])
    floor = floor_of(metrics)
    for column in ("test_error", "low", "high", "smallest", "largest"):
        table[column] = 100 * table[column].astype(float)
    table = table.rename(columns={"test_error": "percent"}).assign(
        images=[mixes[name].plain.without_learner.name for name in table["mix"]],
        shown=table["test_error"].clip(lower=floor),
        smallest=table["smallest"].clip(lower=floor),
        largest=table["largest"].clip(lower=floor),
    )
    columns = ["mix", "images", "n_real", "replicates", "percent", "low", "high"]
    return table[[*columns, "shown", "smallest", "largest"]]


def ahead(more_labels: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """How the advised mix is expected to go on, in percent, from its last mean that was measured.

    Columns: ``mix``, ``n_real``, ``percent``, and ``low`` and ``high``, missing of what was
    measured. Empty where nothing is expected.

    Parameters
    ----------
    more_labels : of `realink.answer.more_labels`
    curves : of `errors`
    """
    columns = ["mix", "n_real", "percent", "low", "high"]
    expected = more_labels.rename(columns={"expected_error": "percent"})[columns]
    expected = expected.astype(dict.fromkeys(columns[2:], float))
    expected[columns[2:]] *= 100
    own = curves[curves["mix"].isin(expected["mix"])]
    last = own[own["n_real"] == own["n_real"].max()]
    start = pd.DataFrame({"mix": last["mix"], "n_real": last["n_real"], "percent": last["shown"]})
    return pd.concat([start, expected], ignore_index=True) if len(expected) else expected


def floor_of(metrics: pd.DataFrame) -> float:
    """Half a test image in percent: where no error at all stands on a logarithmic axis."""
    return 50 / metrics["n_test"].max()


def ends(curves: pd.DataFrame) -> list[float]:
    """All values that an axis of curves of `errors` has to hold."""
    return [*curves["smallest"], *curves["largest"]]


def gains(metrics: pd.DataFrame, translators: pd.DataFrame, gaps: pd.DataFrame) -> pd.DataFrame:
    """One row a translator and its images' measures, beside what these images did to the error.

    Of several learners, one row for each, which ``learner`` names; it is None in a study of one.
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
    parts = []
    for learner in by_learner(metrics["mix"]):
        beside = [Mix(name, True, augmented, learner=learner) for name in rows["translator"]]
        with np.errstate(divide="ignore", invalid="ignore"):
            values = {
                "alone": 100 * of(replace(mix, real=False) for mix in beside),
                "ratio": of(beside) / of(mix.baseline for mix in beside),
            }
        for outcome, found in values.items():
            values[outcome] = np.where(np.isfinite(found) & (found > 0), found, np.nan)
        parts.append(rows[columns].assign(learner=learner, **values))
    points = pd.concat(parts, ignore_index=True)
    for column in FOLLOWED:
        points = MEASURES[column].of(points)
    return points


def worth(table: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """What images are worth, on an axis that ends at the baseline's smallest and largest counts.

    Columns: ``mix``, ``n_real``; ``shown``, the count of real images
    alone that gives the same error, with ``low`` and ``high``, all within the ends; ``told``, the
    count in words, and ``interval``.
    """
    rows = []
    for row in table.itertuples():
        baseline = summary.loc[summary["mix"] == row.baseline, "n_real"]
        ends = baseline.min(), baseline.max()
        known = not pd.isna(row.low)
        rows.append(
            {
                "mix": row.mix,
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
    columns = ["mix", "n_real", "shown", "low", "high", "told", "interval"]
    return pd.DataFrame(rows, columns=columns)


def by_part(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Errors by class or group of test images, in percent, of the mixes with real images.

    Of these the augmented ones, if there are any; and of many parts the `PARTS` hardest.

    Parameters
    ----------
    column : ``label`` or ``group``
    """
    mixes = worth_showing(table["mix"])
    rows = table[table["mix"].isin(mixes)].rename(columns={column: "part"})
    hardest = rows.groupby("part")["test_error"].mean().sort_values(ascending=False).index[:PARTS]
    rows = rows[rows["part"].isin(hardest)]
    return rows.assign(percent=100 * rows["test_error"])[
        ["mix", "n_real", "part", "images", "percent"]
    ]


def worth_showing(labels: Iterable[str]) -> list[str]:
    """The mixes with real images, and of these the augmented ones if there are any."""
    mixes = {label: mix for label, mix in parsed(labels).items() if mix.real}
    return [label for label, mix in mixes.items() if mix.augmented] or list(mixes)


def networks(learners: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Each learner's best mix at each count: ``network``, ``n_real``, ``mix``, errors in percent.

    Parameters
    ----------
    learners : as `realink.answer.learners.records` gives them
    """
    rows = [
        {"network": network(own["learner"]), "n_real": one["n_real"], "mix": own["mix"]}
        | {"percent": 100 * own["test_error"], "validation": 100 * own["validation_error"]}
        for one in learners
        for own in one["best"]
    ]
    columns = ["network", "n_real", "mix", "percent", "validation"]
    return shortened(pd.DataFrame(rows, columns=columns))


def augmented_alone(mixes: Iterable[str]) -> bool:
    """Whether all mixes of translated images are augmented, so that `gains` is of these."""
    translated = [mix for mix in parsed(mixes).values() if mix.translator]
    return bool(translated) and all(mix.augmented for mix in translated)
