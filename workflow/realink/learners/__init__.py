"""Kinds of classifiers, a package each: `Settings`, `LIMITS` and `ENCODED`, and the network in its `model`.

Needs the standard library only, because every parse of the workflow reads it.
"""

from collections.abc import Mapping
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from realink.errors import InputError, meant
from realink.settings import settings_from


def names() -> list[str]:
    """Names of all learners: there is a package for each."""
    return sorted(path.parent.name for path in Path(__file__).parent.glob("*/__init__.py"))


def declared(learner: str) -> ModuleType:
    """What a learner says of itself, without the libraries that its network needs.

    Raises
    ------
    InputError
        There is no such learner.
    """
    if learner not in names():
        raise InputError(
            f"config key `learners`: there is no learner {learner!r}{meant(learner, names())}"
        )
    return import_module(f"{__name__}.{learner}")


def encoded(learner: str) -> bool:
    """Whether a learner reads features that `encode` made, rather than images."""
    return declared(learner).ENCODED


def complete(learner: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in the defaults of the settings that a config does not name.

    Raises
    ------
    InputError
        There is no such learner or setting, or a value is of the wrong type or out of bounds.
    """
    where = f"config key `learner_settings: {learner}:`"
    return asdict(settings_from(declared(learner).Settings, asked, where))
