"""Kinds of classifiers, a package each: what it can do, its settings, and in `model` its network.

Needs the standard library only, because every parse of the workflow reads it.
"""

from collections.abc import Mapping
from typing import Any

from realink.declared import LEARNERS

DEFAULT_BACKBONE = "tf_efficientnet_lite0"
# Weights that are no file: those that come with realink, and those that timm downloads.
WHEEL, DOWNLOADED = "wheel", "timm"


def encoded(learner: str) -> bool:
    """Whether a learner reads features that `encode` made, rather than images.

    Raises
    ------
    InputError
        There is no such learner.
    """
    return LEARNERS.declared(learner).LIMITS["encoded"]


def encoding(learner: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that the features of a learner follow from."""
    return {name: settings[name] for name in LEARNERS.declared(learner).LIMITS["encoded"]}


def orders(learner: str) -> tuple[str, ...]:
    """In which orders a learner can train on real and synthetic images; mixed, if it says nothing.

    See `realink.plan.recipe.Recipe`.
    """
    return LEARNERS.declared(learner).LIMITS.get("orders", ("mixed",))


def n_views(learner: str, settings: Mapping[str, Any]) -> int:
    """In how many views a learner is trained on real images; the first is the images themselves."""
    return settings["views"]


def weights_file(settings: Mapping[str, Any]) -> str | None:
    """The file of a backbone's weights, of a learner that has one."""
    asked = settings.get("weights")
    return None if asked in (None, WHEEL, DOWNLOADED) else asked
