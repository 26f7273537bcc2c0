"""Settings: dataclasses whose fields may bring a default and bounds.

Needs the standard library only, because every parse of the workflow reads it.
"""

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, TypeVar

from realink.errors import InputError, meant

T = TypeVar("T")
KINDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
NAMED = {kind.__name__: kind for kind in KINDS}  # as postponed annotations have them


def setting(
    default: Any,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    above: float = -math.inf,
    below: float = math.inf,
) -> Any:
    """A field with a default, within low..high, both included, and between `above` and `below`."""
    bounds = {"low": low, "high": high, "above": above, "below": below}
    return field(default=default, metadata=bounds)


@dataclass(frozen=True, kw_only=True)
class Bounded:
    """Base of settings that check themselves.

    Raises
    ------
    ValueError
        A value is of another type than its field, or out of its bounds.
    """

    def __post_init__(self) -> None:
        for one in fields(self):
            value, kind = getattr(self, one.name), NAMED.get(one.type, one.type)
            if kind in KINDS and not _is(kind, value):
                raise ValueError(f"{one.name}: {value!r} is not {KINDS[kind]}")
            low, high, above, below = (
                one.metadata.get(name) for name in ("low", "high", "above", "below")
            )
            if low is not None and not (low <= value <= high and above < value < below):
                raise ValueError(f"{one.name}: {value} is not {_range(low, high, above, below)}")


def _is(kind: type, value: Any) -> bool:
    if kind is float:
        return type(value) in (int, float) and math.isfinite(value)
    return type(value) is kind


def _range(low: float, high: float, above: float, below: float) -> str:
    said = {"at least": low, "at most": high, "above": above, "below": below}
    return " and ".join(f"{word} {bound}" for word, bound in said.items() if math.isfinite(bound))


def settings_from(kind: type[T], record: Mapping[str, Any], where: str = "") -> T:
    """Build a settings dataclass from a record of its fields; messages begin with `where`.

    Raises
    ------
    InputError
        A key is missing or unknown, or a value is out of bounds.
    """
    where = where or f"settings of {kind.__module__}"
    known = {one.name: one.default is MISSING for one in fields(kind)}
    for name in sorted(record.keys() - known.keys()):
        raise InputError(f"{where}: {name!r} is unknown{meant(name, known)}")
    if missing := [name for name, needed in known.items() if needed and name not in record]:
        raise InputError(f"{where}: missing {', '.join(missing)}")
    try:
        return kind(**record)
    except ValueError as error:
        raise InputError(f"{where}: {error}") from None
