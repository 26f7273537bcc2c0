"""What every kind of input shares: valid seeds, damage to one, and what became of it.

An attempt damages a seed, reads it, and says what became of it: ``same`` as the seed, ``read`` as
something else that nothing could have noticed, ``refused``, or refused because it ``ended`` the
process that a font is read in. All else is a fault: ``wrong``
(something that has a checksum was read as something else), ``raised`` (a file that was left
behind, too), ``unclear`` (refused, but not in one line that names the file).
"""

import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from random import Random
from typing import Any

from realink.errors import InputError

GOOD = "same", "read", "refused", "ended"
ROOT = Path(__file__).parents[2]


class Kind(ABC):
    """Inputs of one kind; `folder` is a directory of its own, empty at each attempt."""

    name: str

    def attempt(self, seed: int, number: int) -> str:
        random = Random(f"{self.name} {seed} {number}")
        with tempfile.TemporaryDirectory(prefix="realink-fuzz-") as made:
            folder = Path(made)
            try:
                return self.one(random, folder)
            except InputError as error:
                return said(error, self.named(folder))
            except Exception as error:
                return f"raised {type(error).__name__}: {' '.join(str(error).split())[:200]}"

    @abstractmethod
    def one(self, random: Random, folder: Path) -> str:
        """Make one input in a folder, read it, and say what became of it."""

    def named(self, folder: Path) -> str:
        """What a refusal has to name."""
        return str(folder)


def said(error: InputError, name: str) -> str:
    """Whether a refusal is one line that names the file or key."""
    text = str(error)
    if "\n" in text or name not in text or len(text) > 10_000:
        return f"unclear: {text[:200]!r}"
    return "refused"


# Values that a key may hold by mistake.
ODD: list[Any] = [
    None,
    True,
    -1,
    0,
    1.5,
    10**30,
    float("nan"),
    float("inf"),
    "",
    "x",
    "ü\n",
    [],
    {},
]
ODD += [[[]], {"a": 1}, "9" * 400, ["a", "a"], "\udcff", "{n}", "../x", "\x00", ["b", 7]]


def changed_json(value: Any, random: Random) -> Any:
    """Change one value, or key, somewhere in a record."""
    if isinstance(value, dict) and value and random.random() < 0.95:
        key = random.choice(sorted(value, key=str))
        changed = dict(value)
        chance = random.random()
        if chance < 0.15:
            del changed[key]
        elif chance < 0.25:
            changed[f"{key}x"] = changed.pop(key)
        else:
            changed[key] = changed_json(value[key], random)
        return changed
    if isinstance(value, list | tuple) and value and random.random() < 0.6:
        at = random.randrange(len(value))
        changed = list(value)
        if random.random() < 0.3:
            return changed[:at] + changed[at + 1 :]
        changed[at] = changed_json(value[at], random)
        return changed
    return random.choice(ODD)
