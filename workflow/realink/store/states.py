"""A training under way, on disk: one that was interrupted goes on from there."""

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor

from realink.errors import InputError
from realink.store.files import read_tensors, write_tensors

EVERY = 30  # seconds between two savings: what a preempted job loses at most, and an interval
log = logging.getLogger(__name__)

Rows = list[dict[str, float]]


class State:
    """The file of one training's state; there is none before the first saving.

    Attributes
    ----------
    identity
        JSON-able; all that the training's numbers depend on. A state of another is not used.
    seconds
        Time that the training has taken, without what was done after the last saving and lost.
    """

    def __init__(self, path: Path, **identity: Any) -> None:
        self.path, self.identity = path, identity
        self.started = self.saved = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def resume(self, tensors: Mapping[str, Tensor]) -> Rows:
        """Bring tensors, and torch's random generators, to where they were saved.

        Returns the history until then. If nothing fit was saved, it is empty and nothing changes.
        """
        if not self.path.exists():
            return []
        try:
            saved, record = read_tensors(self.path)
        except InputError:
            log.info("%s: damaged; starting at step 1", self.path)
            return []
        others = record.get("identity", {})
        if differs := sorted(k for k, v in self.identity.items() if others.get(k) != v):
            log.info("%s: of other %s; starting at step 1", self.path, ", ".join(differs))
            return []
        for name, tensor in tensors.items():
            tensor.copy_(torch.from_numpy(saved[name]))
        torch.set_rng_state(torch.from_numpy(saved["random.cpu"]))
        if "random.cuda" in saved:
            torch.cuda.set_rng_state(torch.from_numpy(saved["random.cuda"]))
        self.started -= record["seconds"]
        history = [dict(row) for row in record["history"]]
        log.info("resumed at step %d", history[-1]["step"])
        return history

    def save(self, tensors: Mapping[str, Tensor], history: Rows) -> None:
        """Save, if that was long enough ago; a full disk does not end the training."""
        if time.monotonic() - self.saved < EVERY:
            return
        arrays = {name: tensor.cpu().numpy() for name, tensor in tensors.items()}
        arrays["random.cpu"] = torch.get_rng_state().numpy()
        if torch.cuda.is_initialized():
            arrays["random.cuda"] = torch.cuda.get_rng_state().numpy()
        record = {
            "identity": self.identity,
            # As pairs: metadata is written with sorted keys, and columns have an order.
            "history": [list(row.items()) for row in history],
            "seconds": self.seconds,
        }
        try:
            write_tensors(self.path, arrays, record)
        except (OSError, SafetensorError) as error:
            log.info("cannot save the training's state: %s", error)
        self.saved = time.monotonic()

    def discard(self) -> None:
        """Delete the file, if there is one."""
        self.path.unlink(missing_ok=True)
