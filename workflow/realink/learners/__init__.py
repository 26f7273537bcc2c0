"""Kinds of classifiers, a package each: what it can do and its settings, and the network in `model`.

Needs the standard library only, because every parse of the workflow reads it.
"""

from collections.abc import Mapping
from typing import Any

from realink.declared import LEARNERS

DEFAULT_BACKBONE = "tf_efficientnet_lite0"


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


def views(learner: str, settings: Mapping[str, Any]) -> int:
    """In how many views a learner reads real images while training, the images themselves among them."""
    return settings["views"]


