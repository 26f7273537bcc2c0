"""Networks on disk: their weights, and the settings and shape that rebuild them."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from realink.errors import InputError
from realink.images.imagesets import Shape
from realink.settings import settings_from
from realink.store.files import read_tensors, write_tensors

Network = TypeVar("Network", bound=nn.Module)


def save(path: Path, network: nn.Module, name: str, settings: Any, shape: Shape) -> None:
    """Write a network's state, with its name and the settings and shape that rebuild it."""
    state = {key: value.cpu().numpy() for key, value in network.state_dict().items()}
    record = {"network": name, "settings": asdict(settings), "shape": shape._asdict()}
    write_tensors(path, state, record)


def load(path: Path, name: str, kind: type[Network], settings: type) -> Network:
    """Rebuild a network from its checkpoint, on the CPU and in evaluation mode.

    Raises
    ------
    InputError
        The file is not a whole checkpoint, or is one of another network.
    """
    state, record = read_tensors(path)
    if record.get("network") != name:
        raise InputError(f"{path}: is a checkpoint of {record.get('network')!r}, not of {name!r}")
    try:
        network = kind(settings_from(settings, record["settings"]), Shape(**record["shape"]))
        network.load_state_dict({key: torch.from_numpy(value) for key, value in state.items()})
    # What a network makes of settings and weights that are not its own.
    except (AttributeError, LookupError, RuntimeError, TypeError, ValueError, InputError) as error:
        reason = " ".join(str(error).split())[:300]
        raise InputError(
            f"{path}: not a checkpoint of today's {name!r} ({reason}); delete it and run snakemake "
            "again"
        ) from None
    return network.eval()


def learner_of(path: Path) -> str:
    """Name of the learner, or translator, whose checkpoint a file is.

    Raises
    ------
    InputError
        It is no checkpoint.
    """
    name = read_tensors(path)[1].get("network")
    if not isinstance(name, str):
        raise InputError(f"{path}: no checkpoint; delete it and run snakemake again")
    return name
