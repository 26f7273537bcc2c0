"""Safetensors files: sets of images, checkpoints, and trainings under way."""

import tempfile
from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from tests.fuzz.kind import Kind, changed_json
from tests.fuzz.mutations import mutate


class Tensors(Kind):
    """Safetensors files: damaged, or whole but of other arrays and metadata than they should."""

    suffix = ".safetensors"
    crafted = 0.3  # of them are whole, but of other content

    def __init__(self) -> None:
        self.made = self.whole()
        self.seeds = [_written(self.suffix, *one) for one in self.made]
        with tempfile.TemporaryDirectory(prefix="realink-fuzz-") as made:
            path = Path(made) / f"a{self.suffix}"
            self.contents = []
            for seed in self.seeds:
                path.write_bytes(seed)
                self.contents.append(self.read(path))

    @abstractmethod
    def whole(self) -> list[tuple[dict[str, np.ndarray], dict[str, Any]]]:
        """Arrays and metadata of the files to begin with."""

    @abstractmethod
    def read(self, path: Path) -> Any:
        """Read a file to something that can be compared."""

    def one(self, random: Random, folder: Path) -> str:
        path = folder / f"a{self.suffix}"
        crafted = random.random() < self.crafted
        if crafted:
            place = random.randrange(len(self.made))
            content = _written(self.suffix, *_other(*self.made[place], random))
        else:
            place, content = mutate(self.seeds, random)
        path.write_bytes(content)
        before = sorted(folder.iterdir())
        try:
            read = self.read(path)
        finally:
            assert sorted(folder.iterdir()) == before, "a file is left"
        if read is None:
            return "refused"
        if read == self.contents[place]:
            return "same"
        if crafted or content in self.seeds:
            return "read"
        return "wrong: other numbers, though the file has a digest"


def _written(suffix: str, arrays: dict[str, np.ndarray], metadata: Any) -> bytes:
    from realink.store.files import write_tensors

    with tempfile.TemporaryDirectory(prefix="realink-fuzz-") as made:
        path = Path(made) / f"a{suffix}"
        write_tensors(path, arrays, metadata)
        return path.read_bytes()


def _other(
    arrays: dict[str, np.ndarray], metadata: dict[str, Any], random: Random
) -> tuple[dict[str, np.ndarray], Any]:
    """Change an array's or a value's name, type or shape, or leave it out."""
    arrays = dict(arrays)
    if random.random() < 0.5:
        name = random.choice(sorted(arrays))
        array = arrays.pop(name)
        changes: list[Callable[[], dict[str, np.ndarray]]] = [
            dict,
            lambda: {f"{name}s": array},
            lambda: {name: array.astype(random.choice([np.float32, np.int32, np.bool_]))},
            lambda: {name: array.reshape(-1)},
            lambda: {name: array[None]},
            lambda: {name: array.reshape(-1)[:0]},
            lambda: {name: array[: len(array) // 2] if array.ndim else array[None]},
            lambda: {name: np.full_like(array, 200)},
        ]
        return arrays | random.choice(changes)(), metadata
    return arrays, changed_json(metadata, random)


class ImageSets(Tensors):
    """Sets of images, as jobs hand them on."""

    name = "image sets"

    def whole(self) -> list[tuple[dict[str, np.ndarray], dict[str, Any]]]:
        rng = np.random.default_rng(0)
        names = {"classes": ["cat", "NA", "007"], "group_names": ["left", "right"]}
        labels = np.arange(12) % 3
        grey = {"images": rng.integers(0, 256, (12, 24, 20), dtype=np.uint8), "labels": labels}
        colour = grey | {
            "images": rng.integers(0, 256, (12, 24, 20, 3), dtype=np.uint8),
            "masks": rng.integers(0, 256, (12, 24, 20), dtype=np.uint8),
            "groups": labels % 2,
        }
        return [(grey, names), (colour, names)]

    def read(self, path: Path) -> Any:
        from realink.store.files import read_images

        images = read_images(path)
        names = "images", "labels", "masks", "groups", "colours"
        arrays = [getattr(images, name) for name in names]
        content = [None if a is None else (str(a.dtype), a.shape, a.tobytes()) for a in arrays]
        return content, images.classes, images.group_names


class Checkpoints(Tensors):
    """Checkpoints of learners and of a translator."""

    name = "checkpoints"

    def __init__(self) -> None:
        import torch

        from realink.declared import LEARNERS, TRANSLATORS

        torch.set_num_threads(1)
        small, frozen = map(LEARNERS.load, ("small", "frozen"))
        warp = TRANSLATORS.load("warp")
        self.kinds = {
            "small": (small.model.Network, small.Settings),
            "frozen": (frozen.model.Network, frozen.Settings),
            "warp": (warp.model.Translator, warp.Settings),
        }
        super().__init__()

    def whole(self) -> list[tuple[dict[str, np.ndarray], dict[str, Any]]]:
        from dataclasses import asdict

        import torch

        from realink.images.imagesets import Shape

        shape = Shape(24, 20, 1, 3)
        changed = {"small": {"width": 2}, "frozen": {}, "warp": {"channels": 4}}
        made = []
        for name, (kind, knobs) in self.kinds.items():
            settings = knobs(**changed[name])
            network = kind(settings, shape)
            if name == "frozen":
                network(torch.zeros(1, 5))  # as wide as what it reads first
            arrays = {key: value.numpy() for key, value in network.state_dict().items()}
            record = {"network": name, "settings": asdict(settings), "shape": shape._asdict()}
            made.append((arrays, record))
        return made

    def read(self, path: Path) -> Any:
        from realink.store.checkpoints import learner_of, load

        name = learner_of(path)
        network = load(path, name, *self.kinds.get(name, self.kinds["small"]))
        return {key: value.numpy().tobytes() for key, value in network.state_dict().items()}


class States(Tensors):
    """Saved trainings of translators: a damaged one is no reason to stop, but to begin anew."""

    name = "training states"
    crafted = 0  # only the same code reads what it wrote itself

    def whole(self) -> list[tuple[dict[str, np.ndarray], dict[str, Any]]]:
        import torch

        arrays = {f"model.{n}": np.arange(8, dtype=np.float32) + n for n in range(3)}
        arrays["random.cpu"] = torch.get_rng_state().numpy()
        history = [[["step", 10], ["loss", 0.5]], [["step", 20], ["loss", 0.25]]]
        return [(arrays, {"identity": {"seed": 1}, "history": history, "seconds": 12.5})]

    def read(self, path: Path) -> Any:
        import torch

        from realink.store.states import State

        tensors = {f"model.{n}": torch.zeros(8) for n in range(3)}
        random = torch.get_rng_state()
        history = State(path, seed=1).resume(tensors)
        after = torch.get_rng_state()
        torch.set_rng_state(random)
        if not history:
            assert not any(tensor.any() for tensor in tensors.values()), "half a state is taken"
            assert torch.equal(random, after), "half a state is taken"
            return None
        return [tensor.tolist() for tensor in tensors.values()], history
