"""Two studies side by side: is the second better?"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from realink.answer import designs
from realink.answer.cells import fitting, usable
from realink.answer.comparisons import decided
from realink.answer.statistics import Comparison, pool
from realink.answer.words import listed
from realink.errors import InputError
from realink.store.predictions import Predictions
from realink.store.tables import labelled

COLUMNS = ["mix", "n_real", "replicates", "first", "second", *Comparison._fields]


class Study(NamedTuple):
    """A study's name, its classifiers, what they predicted, and its settings if they are known."""

    name: str
    metrics: pd.DataFrame
    predictions: Predictions
    config: Mapping[str, Any] | None = None


def compare_studies(first: Study, second: Study) -> tuple[pd.DataFrame, list[str]]:
    """Compare two studies mix by mix and count by count, on the same test images.

    Returns one row a mix and count that both have, with the mean errors ``first`` and ``second``,
    the ``ratio`` of the second to the first and the ``verdict`` on the second; and notes on what
    could not be compared. Cells in which all classifiers predict the same are called identical;
    they say nothing of how much others spread, and are not counted as comparisons. The notes also
    name the settings that differ.

    Raises
    ------
    InputError
        The studies were not tested on the same images, or share no mix and count.
    """
    both = (first.predictions, second.predictions)
    same = both[0].classes == both[1].classes
    # Where each replicate tests other ones, also the same in each.
    tested = [(own.labels, own.turns) for own in both]
    if not same or not all(map(_alike, *tested)):
        raise InputError("the two studies were not tested on the same images: nothing to compare")
    notes = []
    cells, wrong = [], []
    for name, metrics, predictions, _ in (first, second):
        rows, found = usable(fitting(metrics, predictions, name))
        notes += [f"{name}: {note}" for note in found]
        cells.append(dict(list(rows.groupby(["mix", "n_real"]))))
        wrong.append(predictions.wrong)
    pairs, rows, identical = [], [], []
    for mix, n in cells[0].keys() & cells[1].keys():
        one, two = (own[mix, n].reset_index() for own in cells)
        both = one.merge(two, on="replicate", suffixes=("_one", "_two"))
        if both.empty:
            continue
        errors = {"first": both["test_error_one"].mean(), "second": both["test_error_two"].mean()}
        row = {"mix": mix, "n_real": n, "replicates": len(both)} | errors
        places = both["index_one"].to_numpy(), both["index_two"].to_numpy()
        if np.array_equal(
            first.predictions.predicted[places[0]], second.predictions.predicted[places[1]]
        ):
            identical.append(row | {"ratio": 1.0, "low": 1.0, "high": 1.0, "verdict": "identical"})
            continue
        rows.append(row)
        pairs.append((places[0], wrong[1][places[1]], wrong[0][places[0]]))
    if not rows and not identical:
        raise InputError("the two studies share no mix at the same count and replicate")
    ratios = [designs.log_ratios(first.predictions, *pair) for pair in pairs]
    priors = pool(ratios, [row["n_real"] for row in rows])
    for row, pair, prior in zip(rows, pairs, priors, strict=True):
        row |= designs.compare(first.predictions, *pair, prior)._asdict()
    table = pd.concat([decided(pd.DataFrame(rows, columns=COLUMNS)), pd.DataFrame(identical)])
    table = table.sort_values(["mix", "n_real"], ignore_index=True)
    for study, own, other in ((first, *cells), (second, *cells[::-1])):
        if alone := _only_in(own.keys(), other.keys()):
            notes.append(f"only in {study.name}: {'; '.join(alone)}")
    return table, notes + _budgets(first, second) + _settings(first, second)


def _alike(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    return (one is None) == (other is None) and (one is None or np.array_equal(one, other))


def told_apart(*studies: Study) -> list[Study]:
    """Studies as they are on disk, with mixes that name their learners if one has several."""
    several = any(len(set(study.metrics.get("learner", ()))) > 1 for study in studies)
    return [study._replace(metrics=labelled(study.metrics, several)) for study in studies]


def _budgets(first: Study, second: Study) -> list[str]:
    """Whether classifiers of the same mix and count trained for other numbers of steps."""
    both = first.metrics.merge(second.metrics, on=["mix", "n_real"], suffixes=("_one", "_two"))
    columns = ["train_steps_one", "train_steps_two"]
    if not {*columns} <= {*both}:
        return []
    other = both[both[columns[0]] != both[columns[1]]].dropna(subset=columns)
    if other.empty:
        return []
    steps = [f"{own.min():,} to {own.max():,}" for own in (other[column] for column in columns)]
    return [
        f"classifiers of the same mix and N trained for other numbers of steps ({first.name}: "
        f"{steps[0]}; {second.name}: {steps[1]}): errors differ by that, too"
    ]


def _settings(first: Study, second: Study) -> list[str]:
    """Settings that differ, one a line; or of which study they are not known."""
    if unknown := [study.name for study in (first, second) if study.config is None]:
        return [f"no config.json in {' and '.join(unknown)}: which settings differ is not known"]
    one, two = (dict(_leaves(study.config)) for study in (first, second))
    return [
        f"setting {key}: {one.get(key, 'none')} in {first.name}, {two.get(key, 'none')} in "
        f"{second.name}"
        for key in dict.fromkeys([*one, *two])
        if one.get(key) != two.get(key) and key != "study"
    ]


def _leaves(config: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, str]]:
    """Every setting, ``classifier: steps``, and its value as JSON."""
    for name, value in config.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{place}{name}: ")
        else:
            yield f"{place}{name}", json.dumps(value)


def _only_in(own: Iterable[tuple[str, int]], other: Iterable[tuple[str, int]]) -> list[str]:
    """Cells of one study that another lacks, by mix: ``rendered``, or ``warp at 5,500``."""
    lacking: dict[str, list[int]] = {}
    for mix, n in sorted(set(own) - set(other)):
        lacking.setdefault(mix, []).append(n)
    shared = {mix for mix, _ in other}
    return [
        f"{mix} at {listed(counts)}" if mix in shared else mix for mix, counts in lacking.items()
    ]
