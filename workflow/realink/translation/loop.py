"""Train any translator on rendered and real images, and translate a set with it.

A translator is a module ``realink.translation.translators.<name>`` with

- ``Settings``, a frozen dataclass of its knobs with their defaults and bounds (`realink.settings`),
  which extends `TrainingSettings` if it is trained, and else `Bounded`;
- ``Translator``, built from them and the images' `Shape`, with the methods of `Translator` below,
  and of `Trained` if it has parameters;
- ``SHAPES``, a literal: the ``channels`` and the least and largest ``sides`` that it can do, and,
  where there are others, what to take ``instead``; ``unlabelled``, true if it reads no label of the
  real images, so that it may see those that have none.

The workflow reads ``Settings`` and ``SHAPES`` without the rest (`realink.translation.settings`).
All chance comes from torch's global generators, seeded here and put back afterwards.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from types import ModuleType
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from realink.errors import InputError
from realink.images.imagesets import ImageSet, Shape
from realink.store.files import digest
from realink.store.states import State
from realink.training.optimisers import Adam
from realink.translation import translators
from realink.translation.settings import TrainingSettings

INTERVALS = 50  # rows of a training history
CHUNK = 392_000  # pixels, of all channels together, translated at once


class Batch(NamedTuple):
    """Images of one domain.

    images : float32 [b, channels, height, width] in [-1, 1]
    labels : int64 [b], None of unlabelled images
    masks : float32 [b, 1, height, width] in 0..1, the objects' coverage, where it is known
    """

    images: Tensor
    labels: Tensor | None
    masks: Tensor | None = None


Fakes = tuple[Tensor, ...]  # what both players' losses share in a step
Losses = dict[str, Tensor]  # scalar terms whose sum is minimised; the same names in every step
Report = Callable[[int, int, dict[str, float]], None]


class Translations(NamedTuple):
    """A translated set.

    images : uint8 of the rendered set's shape
    from_real : bool [n], which of them are real images that were bent, not rendered ones; None of
        a translator that bends none
    """

    images: np.ndarray
    from_real: np.ndarray | None


class Translator(Protocol):
    """What every translator can do."""

    def translate(self, rendered: Batch, real: "Pool") -> Tensor | tuple[Tensor, Tensor]:
        """Translate images, float32 [b, channels, height, width] in [-1, 1], to the same.

        `real` is the same object for all batches of a set. A translator some of whose translations
        are bent real images says which: bool [b] beside them.
        """


class Trained(Translator, Protocol):
    """What is called of a translator with parameters; the discriminators get the fakes detached.

    One without discriminators yields none of their parameters and returns no losses. All that a
    translator carries from step to step is in its ``state_dict``.
    """

    def generator_parameters(self) -> Iterable[nn.Parameter]: ...
    def discriminator_parameters(self) -> Iterable[nn.Parameter]: ...
    def fakes(self, rendered: Batch, real: Batch) -> Fakes: ...
    def generator_losses(self, rendered: Batch, real: Batch, fakes: Fakes) -> Losses: ...
    def discriminator_losses(self, rendered: Batch, real: Batch, fakes: Fakes) -> Losses: ...


def load(name: str) -> ModuleType:
    """Return the module of the translator called `name`."""
    names = sorted(module.name for module in pkgutil.iter_modules(translators.__path__))
    if name not in names:
        raise InputError(f"translator {name!r} is unknown; there are: {', '.join(names)}")
    return importlib.import_module(f"{translators.__name__}.{name}")


def check_shape(translator: ModuleType, shape: Shape) -> None:
    """Raise `InputError` if a translator cannot do images of that shape."""
    can = translator.SHAPES
    low, high = can["sides"]
    if shape.channels in can["channels"] and low <= min(shape[:2]) <= max(shape[:2]) <= high:
        return
    name = translator.__name__.rpartition(".")[2]
    kinds = " or ".join({1: "grey", 3: "colour"}[channels] for channels in can["channels"])
    raise InputError(
        f"the translator {name!r} does {kinds} images with sides of {low} to {high} pixels, not "
        f"{shape.height} x {shape.width} with {shape.channels} channels"
        + (f"; take {can['instead']}" if "instead" in can else "")
    )


def train(
    translator: ModuleType,
    rendered: ImageSet,
    real: ImageSet,
    settings: Any,
    *,
    seed: int,
    device: str = "cpu",
    report: Report | None = None,
    state: State | None = None,
) -> tuple[nn.Module, list[dict[str, float]]]:
    """Train a translator.

    Parameters
    ----------
    translator
        Its module (`load`), to which `settings` belong.
    rendered, real
        Images of the same size and classes.
    seed
        Fixes the first weights, the batches and all noise.
    report
        Called after each interval with the step, the number of steps and the interval's row.
    state
        Where to save the training now and then, and to go on from: to the same result, bit for bit.
        What the result depends on is added to its identity, except for the code.

    Returns
    -------
    tuple[nn.Module, list[dict[str, float]]]
        The translator in evaluation mode, and about `INTERVALS` rows: ``step``, the last of the
        interval, and the mean of each loss term over it. One without parameters has no rows.

    Raises
    ------
    InputError
        The translator cannot do such images, or the two domains' sizes or classes differ.
    FloatingPointError
        A loss is not finite.
    """
    check_shape(translator, rendered.shape)
    _check_alike(rendered, real)
    if state:
        cpu = torch.backends.cpu.get_cpu_capability()
        state.identity |= {
            "translator": translator.Translator.__module__,
            "settings": asdict(settings),
            "seed": seed,
            "rendered": _identity(rendered),
            "real": _identity(real),
            # Sums are taken in another order, and end in other bits, on another kind of processor.
            "processor": cpu if device == "cpu" else torch.cuda.get_device_name(device),
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
        }
    history = []
    with _seeded(seed):
        model = translator.Translator(settings, rendered.shape).to(device).train()
        if next(model.parameters(), None) is not None:
            pools = Pool(rendered, device), Pool(real, device)
            history = _optimise(model, *pools, settings, report, state)
    return model.eval(), history


@torch.no_grad()
def translate(
    translator: nn.Module, rendered: ImageSet, real: ImageSet, *, seed: int, device: str = "cpu"
) -> Translations:
    """Translate rendered images.

    The real images are those that the translator was trained on; it may take models from them.
    """
    _check_alike(rendered, real)
    sources, models = Pool(rendered, device), Pool(real, device)
    result, bent = np.empty_like(rendered.images), np.zeros(len(rendered), bool)
    told = False
    size = max(1, CHUNK // (rendered.shape.height * rendered.shape.width))
    with _seeded(seed):
        for index in torch.arange(len(rendered), device=device).split(size):
            made = translator.translate(sources[index], models)
            first, last = int(index[0]), int(index[-1]) + 1
            if told := isinstance(made, tuple):
                made, from_real = made
                bent[first:last] = from_real.cpu().numpy()
            levels = ((made + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).movedim(1, -1)
            result[first:last] = levels.reshape(-1, *result.shape[1:]).cpu().numpy()
    return Translations(result, bent if told else None)


class Pool:
    """A whole set on the device, of which batches are drawn."""

    def __init__(self, images: ImageSet, device: str) -> None:
        # Views: sets of large pictures should not stand in memory twice.
        pixels = torch.as_tensor(images.images, device=device)
        self.images = pixels[:, None] if pixels.ndim == 3 else pixels.movedim(-1, 1)
        self.masks = None
        if images.masks is not None:
            self.masks = torch.as_tensor(images.masks[:, None], device=device)
        self.labels = None
        if images.labels is not None:
            self.labels = torch.as_tensor(images.labels, device=device)
            self.by_label = self.labels.argsort(stable=True)
            self.counts = self.labels.bincount(minlength=len(images.classes))

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: Tensor) -> Batch:
        images = self.images[index].contiguous().float() / 127.5 - 1
        masks = None if self.masks is None else self.masks[index].float() / 255
        labels = None if self.labels is None else self.labels[index]
        return Batch(images, labels, masks)

    def draw(self, size: int) -> Batch:
        # With replacement, since there may be fewer real images than a batch holds.
        return self[torch.randint(len(self), (size,), device=self.images.device)]

    def like(self, labels: Tensor) -> Batch:
        """Draw an image for each label, of the same label where the set has any, else of any.

        Of labelled images only.
        """
        count = self.counts[labels]
        first = (self.counts.cumsum(0) - self.counts)[labels]
        first, count = first * (count > 0), count.where(count > 0, len(self))
        draws = torch.rand(len(labels), dtype=torch.float64, device=self.labels.device)
        return self[self.by_label[first + (draws * count).long()]]


def _check_alike(rendered: ImageSet, real: ImageSet) -> None:
    if not len(rendered) or not len(real):
        raise InputError("a translator needs at least one rendered and one real image")
    if (rendered.shape, rendered.classes) != (real.shape, real.classes):
        raise InputError(
            f"rendered images of {rendered.shape} and classes {', '.join(rendered.classes)} do not "
            f"go with real ones of {real.shape} and classes {', '.join(real.classes)}"
        )


def _identity(images: ImageSet) -> str:
    """Hash all of a set that a translator can see."""
    arrays = {"images": images.images, "labels": images.labels, "masks": images.masks}
    known = {name: array for name, array in arrays.items() if array is not None}
    return digest(known | {"classes": np.array(images.classes)})


def _optimise(
    model: Trained,
    rendered: Pool,
    real: Pool,
    settings: TrainingSettings,
    report: Report | None,
    state: State | None,
) -> list[dict[str, float]]:
    players = [list(model.generator_parameters()), list(model.discriminator_parameters())]
    # The momentum of 0.5 is DCGAN's (arXiv 1511.06434), the linear decay CycleGAN's (1703.10593).
    optimisers = [Adam(player, betas=(0.5, 0.999)) for player in players if player]
    averaged = [parameter.detach().clone() for parameter in players[0]]
    interval, history, pending = max(1, round(settings.steps / INTERVALS)), [], []
    tensors = _tensors(model, optimisers, averaged)
    if state:
        history = state.resume(tensors)
    done = history[-1]["step"] if history else 0
    for step in range(done + 1, settings.steps + 1):
        rate = settings.learning_rate * min(1.0, 2 * (1 - (step - 1) / settings.steps))
        batches = rendered.draw(settings.batch_size), real.draw(settings.batch_size)
        fakes = model.fakes(*batches)
        fooling = model.generator_losses(*batches, fakes)
        _descend(optimisers[0], fooling, rate)
        judging = {}
        if players[1]:
            judging = model.discriminator_losses(*batches, tuple(fake.detach() for fake in fakes))
            _descend(optimisers[1], judging, rate)
        for mean, parameter in zip(averaged, players[0], strict=True):
            mean.lerp_(parameter.detach(), 1 - settings.average)
        pending.append({name: loss.detach() for name, loss in (fooling | judging).items()})
        if step % interval == 0 or step == settings.steps:
            history.append(_mean_row(step, pending))
            pending = []
            if report:
                report(step, settings.steps, history[-1])
            if state:
                state.save(tensors, history)
    for mean, parameter in zip(averaged, players[0], strict=True):
        parameter.data.copy_(mean)
    return history


def _descend(optimiser: Adam, losses: Losses, rate: float) -> None:
    # The other player's gradients, which nobody would use, are not even computed.
    torch.stack(list(losses.values())).sum().backward(inputs=optimiser.parameters)
    optimiser.step(rate)


def _tensors(model: Trained, optimisers: list[Adam], averaged: list[Tensor]) -> dict[str, Tensor]:
    """Name all that a step changes, but for the random generators."""
    lists = {"average": averaged}
    for player, optimiser in enumerate(optimisers):
        lists[f"optimiser.{player}"] = optimiser.state()
    named = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    for name, tensors in lists.items():
        named |= {f"{name}.{place}": tensor for place, tensor in enumerate(tensors)}
    return named


def _mean_row(last: int, rows: list[Losses]) -> dict[str, float]:
    # Read once per interval, because each reading makes a GPU wait.
    names = list(rows[0])
    table = torch.stack([torch.stack([row[name] for name in names]) for row in rows]).cpu()
    for row, column in (~table.isfinite()).nonzero().tolist():
        where = f"step {last - len(rows) + 1 + row}, {names[column]}"
        raise FloatingPointError(f"the loss is {table[row, column]} at {where}")
    return {"step": last} | dict(zip(names, table.mean(0).tolist(), strict=True))


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    with torch.random.fork_rng(range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield
