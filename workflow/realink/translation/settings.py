"""What a translator's module says of itself, read without the libraries that it imports.

Needs the standard library only, because every parse of the workflow reads it.
"""

import ast
import math
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from realink.errors import InputError, meant
from realink.settings import Bounded, setting, settings_from

TRANSLATORS = Path(__file__).with_name("translators")
PACKAGE = "realink.translation.translators"
# Not __future__: postponed annotations could not be looked up in a module that is not imported.
LIGHT = {*sys.stdlib_module_names, "realink.settings", "realink.translation.settings"}
LIGHT -= {"__future__"}


@dataclass(frozen=True, kw_only=True)
class TrainingSettings(Bounded):
    """What the training loop itself reads of every translator's settings.

    Attributes
    ----------
    steps
        Optimiser steps of the generators, and as many of the discriminators.
    batch_size
        Rendered images in a step, and as many real ones.
    learning_rate
        Of Adam; constant for the first half of the steps, then linear to zero.
    average
        Decay of the running mean of the generators' weights, which is the result; 0 takes the last.
    """

    steps: int = setting(500, low=1)
    batch_size: int = setting(64, low=1)
    learning_rate: float = setting(0.001, above=0)
    average: float = setting(0.98, low=0, below=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.average**self.steps > 0.01:
            highest = math.floor(1000 * 0.01 ** (1 / self.steps)) / 1000
            raise ValueError(
                f"average: after {self.steps} steps a running mean of decay {self.average} would "
                f"still hold over 1 % of the first weights; take {highest} or less"
            )


class Declared(NamedTuple):
    """A translator's class of settings, and the shapes that it can do (`loop` says how)."""

    settings: type[Bounded]
    shapes: dict[str, Any]


def names() -> list[str]:
    """Names of all translators: there is a module for each."""
    return sorted(path.stem for path in TRANSLATORS.glob("*.py") if path.stem != "__init__")


def complete(translator: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in the defaults of the settings that a config does not name.

    Raises
    ------
    InputError
        There is no such translator or setting, or a value is of the wrong type or out of bounds.
    """
    where = f"config key `translators: {translator}:`"
    return asdict(settings_from(declared(translator).settings, asked, where))


def declared(translator: str) -> Declared:
    """Read what a translator's module declares: ``Settings`` and ``SHAPES``.

    Raises
    ------
    InputError
        There is no such module, or it does not declare them.
    """
    path = TRANSLATORS / f"{translator}.py"
    if not path.is_file():
        raise InputError(
            f"config key `translators`: there is no translator {translator!r}"
            + meant(translator, names())
        )
    return _declared(path, path.stat().st_mtime_ns)


def sees_unlabelled(translator: str) -> bool:
    """Whether a translator reads no label of real images, so that it may see unlabelled ones."""
    return declared(translator).shapes.get("unlabelled", False)


@cache
def _declared(path: Path, changed: int) -> Declared:
    """Run what the class of settings needs of a module: itself, light imports and literals."""
    try:
        body = ast.parse(path.read_text()).body
    except SyntaxError as error:
        raise InputError(f"{path}, line {error.lineno}: {error.msg}") from None
    classes = {node.name for node in body if isinstance(node, ast.ClassDef)}
    found: dict[str, Any] = {"__name__": f"{PACKAGE}.{path.stem}"}
    for node in body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE}."):
            found |= _shared(node)
    module = ast.Module([node for node in body if _is_light(node)], [])
    try:
        exec(compile(module, path, "exec"), found)
    except Exception as error:
        raise InputError(
            f"{path}: its Settings do not stand by themselves ({error}); they may use the standard "
            "library, realink.settings, realink.translation.settings and literals"
        ) from None
    for name in "Settings", "Translator", "SHAPES":
        if name not in found.keys() | classes:
            raise InputError(f"{path}: lacks {name}; docs/extending.md has a template")
    if not issubclass(found["Settings"], Bounded):
        raise InputError(f"{path}: its Settings do not extend realink.settings.Bounded")
    return Declared(found["Settings"], found["SHAPES"])


def _shared(node: ast.ImportFrom) -> dict[str, Any]:
    """What a module takes over from another translator's: its settings, its shapes, or both."""
    other = declared(node.module.rpartition(".")[2])
    there = {"Settings": other.settings, "SHAPES": other.shapes}
    taken = {alias.name: alias.asname or alias.name for alias in node.names}
    return {taken[name]: value for name, value in there.items() if name in taken}


def _is_light(node: ast.stmt) -> bool:
    match node:
        case ast.Import():
            modules = [alias.name for alias in node.names]
        case ast.ImportFrom():
            modules = [node.module or ""]
        case ast.ClassDef():
            return node.name == "Settings"
        case ast.Assign():
            return _is_literal(node.value)
        case _:
            return False
    return all(name in LIGHT or name.partition(".")[0] in LIGHT for name in modules)


def _is_literal(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except ValueError:
        return False
    return True
