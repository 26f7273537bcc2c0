"""Arrays too large to be held: their rows lie in a file, and are read when they are asked for.

They are read, not mapped: pages of a mapped file count as a job's memory.
"""

import math
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from realink.errors import InputError

LARGE = 64_000_000  # bytes; an array of no more is a plain one, in memory
AT_ONCE = 16_000_000  # bytes that are read, hashed or written at once


class Stored:
    """Rows that lie one after another in an open file, in C order."""

    def __init__(
        self, file: BinaryIO, offset: int, shape: Sequence[int], dtype: np.typing.DTypeLike
    ) -> None:
        self.file, self.offset = file, offset
        self.shape, self.dtype = tuple(shape), np.dtype(dtype)
        self.row = math.prod(self.shape[1:]) * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def read_into(self, target: np.ndarray, first: int) -> None:
        """Read the rows from `first` on into a C-contiguous array."""
        buffer = memoryview(target.reshape(-1).view(np.uint8))
        place, done = self.offset + first * self.row, 0
        while done < len(buffer):  # a system reads at most 2 GB at once
            got = os.preadv(self.file.fileno(), [buffer[done:]], place + done)
            if not got:
                raise InputError(f"{self.file.name}: cut off while it was read")
            done += got


class Rows:
    """Rows of large arrays, in some order; what is asked for is read as a plain array.

    It takes the keys that a plain array's first axis takes: ``rows[3]``, ``rows[5:9]``, an array
    of places or of truths. `numpy.asarray` reads it all.

    Parameters
    ----------
    parts : arrays of the same kind of row, numbered one after another
    places : int64 [n], the numbers of its rows; all of them, if it is None
    """

    def __init__(
        self, parts: Sequence["np.ndarray | Stored"], places: np.ndarray | None = None
    ) -> None:
        self.parts = tuple(parts)
        self.starts = np.cumsum([0, *map(len, self.parts)])
        self.places = np.arange(self.starts[-1]) if places is None else places
        self.dtype = self.parts[0].dtype
        self.shape = (len(self.places), *self.parts[0].shape[1:])

    ndim = property(lambda self: len(self.shape))
    nbytes = property(lambda self: math.prod(self.shape) * self.dtype.itemsize)

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, key: Any) -> np.ndarray:
        chosen = self.places[key]
        result = np.empty((*np.shape(chosen), *self.shape[1:]), self.dtype)
        self._read(np.atleast_1d(chosen).ravel(), result.reshape(-1, *self.shape[1:]))
        return result

    def __iter__(self) -> Iterator[np.ndarray]:
        for block in self.blocks():
            yield from block

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError("rows that lie in a file cannot be had without a copy")
        return self[:].astype(dtype or self.dtype, copy=False)

    def take(self, key: Any) -> "np.ndarray | Rows":
        """The rows at some places, which are read now only if they are few."""
        return rows(self.parts, self.places[key])

    def blocks(self, at_once: int = AT_ONCE) -> Iterator[np.ndarray]:
        """All rows in order, some megabytes at once."""
        step = max(1, at_once // max(1, math.prod(self.shape[1:]) * self.dtype.itemsize))
        for first in range(0, len(self), step):
            yield self[first : first + step]

    def _read(self, places: np.ndarray, target: np.ndarray) -> None:
        part_of = np.searchsorted(self.starts, places, side="right") - 1
        breaks = np.flatnonzero((np.diff(places) != 1) | (np.diff(part_of) != 0)) + 1
        for first, last in zip([0, *breaks], [*breaks, len(places)], strict=True):
            if first == last:
                continue
            part = self.parts[part_of[first]]
            start = places[first] - self.starts[part_of[first]]
            if isinstance(part, Stored):
                part.read_into(target[first:last], int(start))
            else:
                target[first:last] = part[start : start + last - first]


def rows(
    parts: Sequence["np.ndarray | Stored"], places: np.ndarray | None = None
) -> np.ndarray | Rows:
    """`Rows`, or a plain array of the same, if it is not large."""
    if len(parts) == 1 and isinstance(parts[0], np.ndarray):
        return parts[0] if places is None else parts[0][places]
    chosen = Rows(parts, places)
    return chosen[:] if chosen.nbytes <= LARGE else chosen


def joined(arrays: Sequence[np.ndarray | Rows]) -> np.ndarray | Rows:
    """Arrays one after another, without a copy if they are large."""
    if sum(array.nbytes for array in arrays) <= LARGE:
        return np.concatenate(arrays)
    parts, places, start = [], [], 0
    for array in arrays:
        of_rows = isinstance(array, Rows)
        parts += array.parts if of_rows else [array]
        places.append(start + (array.places if of_rows else np.arange(len(array))))
        start = sum(map(len, parts))
    return rows(parts, np.concatenate(places))


def blocks(array: np.ndarray | Rows) -> Iterator[np.ndarray]:
    """An array's rows in order, C-contiguous, of a large one some megabytes at once."""
    if isinstance(array, Rows):
        yield from array.blocks()
    else:
        yield np.ascontiguousarray(array)


class Spool:
    """An array uint8 that is filled row by row: in memory or, if it is large, in a nameless file.

    Rows that were not set are of any content, and take no room.

    Parameters
    ----------
    shape : of the array
    beside : folder of the file, which is gone with its process; None, the system's for such files
    """

    def __init__(self, shape: Sequence[int], beside: Path | None = None) -> None:
        self.part: np.ndarray | Stored
        if math.prod(shape) <= LARGE:
            self.part = np.empty(shape, np.uint8)
            return
        if beside is not None:
            beside.mkdir(parents=True, exist_ok=True)
        # Unbuffered, because rows are read past a buffer.
        file = tempfile.TemporaryFile(dir=beside, buffering=0)  # noqa: SIM115
        file.truncate(math.prod(shape))
        self.part = Stored(file, 0, shape, np.uint8)

    def __setitem__(self, key: int | slice | np.ndarray, content: np.ndarray) -> None:
        if isinstance(self.part, np.ndarray):
            self.part[key] = content
            return
        places = np.atleast_1d(np.arange(len(self.part))[key])
        rows = np.ascontiguousarray(content).reshape(len(places), -1)
        for place, row in zip(places, rows, strict=True):
            view, at = memoryview(row), int(place) * self.part.row
            while view:
                done = os.pwrite(self.part.file.fileno(), view, at)
                view, at = view[done:], at + done

    def __getitem__(self, key: Any) -> np.ndarray:
        return self.part[key] if isinstance(self.part, np.ndarray) else Rows([self.part])[key]
