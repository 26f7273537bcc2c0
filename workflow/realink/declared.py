"""What a study chooses by name, translators and learners: each one a package of two files.

``__init__.py`` declares its settings, and what it can do. It is imported at every parse of the
workflow, so it has to do without torch, which takes seconds. ``model.py`` does the work.

Needs the standard library only.
"""

import importlib
import symtable
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from realink.errors import InputError, meant
from realink.settings import Bounded, settings_from

TEMPLATE = "docs/extending.md has a template"


@dataclass(frozen=True, kw_only=True)
class Family:
    """All packages of one kind.

    Attributes
    ----------
    kind
        What one of them is called.
    package
        The package that holds them.
    limits
        What ``__init__.py`` declares beside ``Settings``, a class that extends `Bounded`.
    model
        The class in ``model.py``.
    chosen, settings
        Config keys: where they are named, and where their settings stand.
    """

    kind: str
    package: str
    limits: str
    model: str
    chosen: str
    settings: str

    def names(self) -> list[str]:
        """Names of all, sorted: there is a package for each."""
        paths = (path for folder in self._folders() for path in folder.glob("*/__init__.py"))
        return sorted({path.parent.name for path in paths})

    def declared(self, name: str) -> ModuleType:
        """Import what one declares: its package, with ``Settings`` and what it can do.

        Raises
        ------
        InputError
            There is none of that name, it cannot be imported or not without torch, or something
            is lacking, in ``model.py`` too: that is read, but not run.
        """
        path = self._path(name)
        heavy = "torch" in sys.modules
        try:
            module = importlib.import_module(f"{self.package}.{name}")
        except SyntaxError as error:
            raise _wrong(error) from None
        except Exception as error:
            raise InputError(
                f"{path}: cannot be imported ({type(error).__name__}: {error}); {TEMPLATE}"
            ) from None
        if not heavy and "torch" in sys.modules:
            raise InputError(
                f"{path}: imports torch, which every parse of the workflow would wait for: only "
                "model.py may"
            )
        for needed in "Settings", self.limits:
            if not hasattr(module, needed):
                raise InputError(f"{path}: lacks {needed}; {TEMPLATE}")
        if not (isinstance(module.Settings, type) and issubclass(module.Settings, Bounded)):
            raise InputError(f"{path}: its Settings do not extend realink.settings.Bounded")
        model = path.with_name("model.py")
        if not model.is_file():
            raise InputError(f"{path.parent}: lacks model.py; {TEMPLATE}")
        if self.model not in _bound(model):
            raise InputError(f"{model}: lacks {self.model}; {TEMPLATE}")
        return module

    def load(self, name: str) -> ModuleType:
        """Import the same with all that it needs: the package, whose ``model`` is its ``model.py``.

        Raises
        ------
        InputError
            As `declared`.
        """
        module = self.declared(name)
        importlib.import_module(f"{module.__name__}.model")
        return module

    def complete(self, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Fill in the defaults of the settings that a config does not name.

        Raises
        ------
        InputError
            As `declared`; or a setting is unknown, of the wrong type or out of bounds.
        """
        where = f"config key `{self.settings}: {name}:`"
        return asdict(settings_from(self.declared(name).Settings, asked, where))

    def _folders(self) -> list[Path]:
        return list(map(Path, importlib.import_module(self.package).__path__))

    def _path(self, name: str) -> Path:
        # Not a module inside of one, either: that would be imported, torch and all.
        if name.isidentifier():
            for folder in self._folders():
                if (path := folder / name / "__init__.py").is_file():
                    return path
        raise InputError(
            f"config key `{self.chosen}`: there is no {self.kind} {name!r}"
            + meant(name, self.names())
        )


def check_shape(
    what: str, can: Mapping[str, Any], *, height: int, width: int, channels: int
) -> None:
    """Refuse images that a translator or a learner cannot do.

    Parameters
    ----------
    what : who cannot, as the message begins
    can : its ``channels``, its least and largest ``sides``, and perhaps what to take ``instead``

    Raises
    ------
    InputError
        The images have other channels, or a side that is too short or too long.
    """
    low, high = can["sides"]
    if channels in can["channels"] and low <= min(height, width) <= max(height, width) <= high:
        return
    kinds = " or ".join({1: "grey", 3: "colour"}[number] for number in can["channels"])
    raise InputError(
        f"{what} does {kinds} images with sides of {low} to {high} pixels, not {height} x {width} "
        f"with {channels} channels" + (f"; take {can['instead']}" if "instead" in can else "")
    )


@cache
def _bound(path: Path) -> set[str]:
    """Names that a module defines, assigns or imports, without running it."""
    try:
        table = symtable.symtable(path.read_text(encoding="utf-8"), str(path), "exec")
    except SyntaxError as error:
        raise _wrong(error) from None
    return {one.get_name() for one in table.get_symbols() if one.is_assigned() or one.is_imported()}


def _wrong(error: SyntaxError) -> InputError:
    return InputError(f"{error.filename}, line {error.lineno}: {error.msg}")


TRANSLATORS = Family(
    kind="translator",
    package="realink.translation.translators",
    limits="SHAPES",
    model="Translator",
    chosen="translators",
    settings="translators",
)
LEARNERS = Family(
    kind="learner",
    package="realink.learners",
    limits="LIMITS",
    model="Network",
    chosen="learners",
    settings="learner_settings",
)
