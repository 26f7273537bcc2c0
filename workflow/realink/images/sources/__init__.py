"""Where images come from: a module for each source, of what is known before any is read.

A module has

- ``PICTURES``, whether it is a folder of pictures: what became of each is recorded, and their names
  may have groups; and ``MNIST``, whether it is MNIST's digits;
- ``files`` and ``unnameable``, of the config's section: paths of all files that the images depend
  on, and what stands for those that cannot be inputs of a rule;
- for each kind of image that it may give, a function of that name: ``real`` and ``rendered`` give
  what is `Known`, ``rotated`` of real ones of which each replicate tests other ones, ``unlabelled``
  how many there are;
- ``check``, which raises `InputError` where it cannot give images as the config wants them.

Reading is the work of `realink.images.mnist`, `folders` and `fonts`, by commands alone. All here
needs the standard library only, because every parse of the workflow reads it.
"""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from realink.images.sources import embedded, folder, fonts, mnist, nothing, pool
from realink.images.sources.known import Known

SOURCES = {
    "mnist": mnist,
    "embedded": embedded,
    "folder": folder,
    "fonts": fonts,
    "none": nothing,
    "pool": pool,
}

__all__ = ["SOURCES", "Known", "source"]


def source(asked: Mapping[str, Any]) -> ModuleType:
    """The source that a config's section, `real`, `rendered` or `unlabelled`, names."""
    return SOURCES[asked["source"]]
