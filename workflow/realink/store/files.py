"""How results lie on disk: written whole or not at all, and in formats that cannot run code."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, safe_open

from realink.errors import InputError
from realink.images.imagesets import ImageSet
from realink.store.rows import LARGE, Rows, Stored, blocks

if TYPE_CHECKING:
    import pandas as pd

KEY = "realink"  # of a safetensors file's metadata: a digest and a record
# Safetensors' name of each type, in the order in which it writes them backwards.
TYPES = {
    "bool": "BOOL",
    "uint8": "U8",
    "int8": "I8",
    "int16": "I16",
    "uint16": "U16",
    "float16": "F16",
    "int32": "I32",
    "uint32": "U32",
    "float32": "F32",
    "float64": "F64",
    "int64": "I64",
    "uint64": "U64",
}


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """Give a temporary path beside `target`, moved onto it only when the block ends well.

    A job that fails or is killed leaves nothing under the final name. The suffix is kept,
    because plotting libraries choose their format by it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(
        dir=target.parent, prefix=f".{target.stem}.", suffix=target.suffix
    )
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())  # else a crash of the machine can leave an empty file
        temporary.chmod(0o666 & ~umask)  # mkstemp's 0600 would lock out a shared cluster group
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def write_tensors(
    path: Path,
    tensors: Mapping[str, np.ndarray | Rows],
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Write named arrays, and metadata, as one safetensors file; equal contents, equal bytes.

    The bytes are those of safetensors' own ``save_file``, but large arrays are never held.
    """
    arrays = {
        name: array if isinstance(array, Rows) else np.asarray(array, order="C")
        for name, array in tensors.items()
    }
    record = json.dumps(metadata or {}, sort_keys=True)
    with written_whole(path) as temporary, temporary.open("wb") as file:
        # The header's length does not hang on the digest, which is known in the end.
        header, offsets = _header(arrays, f"{'0' * 64} {record}")
        total = _digest_of(record)
        for name in sorted(arrays):
            file.seek(len(header) + offsets[name])
            total.update(_about(name, arrays[name]))
            for block in blocks(arrays[name]):
                total.update(block.data)
                file.write(block.data)
        file.seek(0)
        file.write(_header(arrays, f"{total.hexdigest()} {record}")[0])


def _header(arrays: Mapping[str, np.ndarray | Rows], text: str) -> tuple[bytes, dict[str, int]]:
    """A safetensors file's beginning, and where after it each array begins."""
    fields: dict[str, Any] = {"__metadata__": {KEY: text}}
    offsets, place = {}, 0
    order = list(TYPES)
    # The widest first, so that all are aligned; safetensors does the same.
    for name in sorted(arrays, key=lambda n: (-order.index(str(arrays[n].dtype)), n)):
        array, offsets[name] = arrays[name], place
        place += array.nbytes
        fields[name] = {
            "dtype": TYPES[str(array.dtype)],
            "shape": list(array.shape),
            "data_offsets": [offsets[name], place],
        }
    content = json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()
    content += b" " * (-len(content) % 8)
    return len(content).to_bytes(8, "little") + content, offsets


def read_tensors(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read a safetensors file of `write_tensors`: its arrays and its metadata.

    Raises
    ------
    InputError
        The file is missing, truncated, not a safetensors file, or not as it was written. Those
        published before there were digests are not checked for the latter.
    """
    tensors, metadata = _read(path)
    return {name: np.asarray(array) for name, array in tensors.items()}, metadata


def _read(path: Path) -> tuple[dict[str, np.ndarray | Rows], dict[str, Any]]:
    """The same, but large arrays are left on disk."""
    try:
        with safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {}).get(KEY)
            large = _stored(path)
            tensors = {
                name: large[name] if name in large else file.get_tensor(name)
                for name in file.keys()  # noqa: SIM118
            }
        if text is None:
            raise ValueError("realink did not write it")
        written, record = ("", text) if text.startswith("{") else text.split(" ", 1)
        if written and written != digest(tensors, record):
            raise ValueError("its content is not what was written")
        metadata = json.loads(record)
        if not isinstance(metadata, dict):
            raise ValueError("its metadata are no record")
        return tensors, metadata
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; build it with snakemake") from None
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise InputError(
            f"{path}: not a whole safetensors file ({reason}); delete it and run snakemake again"
        ) from None


def _stored(path: Path) -> dict[str, Rows]:
    """The large arrays of a safetensors file whose header was found right."""
    if path.stat().st_size <= LARGE:
        return {}
    # What was opened stays what it was when another file takes its name. Unbuffered, because
    # rows are read past a buffer.
    file = path.open("rb", buffering=0)
    size = int.from_bytes(file.read(8), "little")
    found, types = {}, {short: name for name, short in TYPES.items()}
    for name, field in json.loads(file.read(size)).items():
        first, last = field.get("data_offsets", (0, 0))
        if last - first > LARGE and field["dtype"] in types and field["shape"]:
            part = Stored(file, 8 + size + first, field["shape"], types[field["dtype"]])
            found[name] = Rows([part])
    return found


def digest(arrays: Mapping[str, np.ndarray | Rows], record: str = "") -> str:
    """Hash named arrays, their names, types, shapes and contents, and a text that goes with them.

    A 64-digit hexadecimal SHA-256.
    """
    total = _digest_of(record)
    for name, array in sorted(arrays.items()):
        total.update(_about(name, array))
        for block in blocks(array):
            total.update(block.data)
    return total.hexdigest()


def _digest_of(record: str) -> "hashlib._Hash":
    return hashlib.sha256(record.encode())


def _about(name: str, array: np.ndarray | Rows) -> bytes:
    return json.dumps([name, str(array.dtype), array.shape]).encode()


def write_images(path: Path, images: ImageSet, **further: np.ndarray) -> None:
    """Write an image set, with further per-image arrays such as the face each was drawn in."""
    names = "images", "labels", "masks", "colours", "groups"
    arrays = {name: getattr(images, name) for name in names}
    write_tensors(
        path,
        {name: array for name, array in arrays.items() if array is not None} | further,
        {"classes": images.classes, "group_names": images.group_names},
    )


def read_images(path: Path, *, labelled: bool = True) -> ImageSet:
    """Read an image set, whose large arrays stay on disk and are read by `rows.Rows`.

    Raises
    ------
    InputError
        It is no image set, is not as it was written, or lacks labels that it should have.
    """
    tensors, metadata = _read(path)
    try:
        for name in ("classes", "group_names"):
            if not all(isinstance(one, str) for one in metadata[name]):
                raise ValueError(f"{name} are not all text")
        return ImageSet(
            tensors["images"],
            tensors["labels"] if labelled else tensors.get("labels"),
            tuple(metadata["classes"]),
            tensors.get("masks"),
            tensors.get("groups"),
            tuple(metadata["group_names"]),
            tensors.get("colours"),
        )
    except KeyError as missing:
        raise InputError(f"{path}: holds no {missing}, so it is not an image set") from None
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: not an image set: {error}") from None


def read_table(path: Path, columns: Sequence[str] = (), **options: Any) -> "pd.DataFrame":
    """Read a CSV file by pandas, with its options.

    Raises
    ------
    InputError
        It ends within a line, is no table, or lacks one of some columns.
    """
    import pandas as pd

    # Half a table would be read as a smaller one.
    if not path.read_bytes().endswith(b"\n"):
        raise InputError(f"{path}: cut off; delete it and run snakemake again")
    try:
        table = pd.read_csv(path, **options)
    except ValueError as error:  # pandas' own are such
        reason = " ".join(str(error).split())
        raise InputError(
            f"{path}: not a whole table ({reason}); delete it and run snakemake again"
        ) from None
    if lacking := [name for name in columns if name not in table]:
        raise InputError(
            f"{path}: lacks the column {', '.join(lacking)}; delete it and run snakemake again"
        )
    return table


def write_table(path: Path, table: "pd.DataFrame") -> None:
    """Write a table as CSV, without its index."""
    with written_whole(path) as temporary:
        table.to_csv(temporary, index=False)


def write_json(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record as JSON, one key per line, in the record's order."""
    with written_whole(path) as temporary:
        temporary.write_text(json.dumps(record, indent=1) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read a record; raise `InputError` if `path` is not whole JSON, or no record."""
    try:
        record = json.loads(path.read_text())
        if not isinstance(record, dict):
            raise ValueError("no record")
        return record
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: {error}; delete it and run snakemake again") from None
