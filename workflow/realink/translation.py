"""Train any translator on font and real digits, and translate a set with it.

A translator is a module ``realink.translators.<name>`` with ``Settings``, which adds its knobs to
`TrainingSettings`, and the module ``Translator``, built from them, with the methods of the protocol
below. All chance comes from torch's global generators, seeded here and put back afterwards.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from types import ModuleType
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from realink import translators
from realink.errors import InputError
from realink.optimisers import Adam
from realink.states import State, digest

INTERVALS = 50  # rows of a training history
CHUNK = 500  # digits translated at once


class Batch(NamedTuple):
    """Digits of one domain: images float32 [b, 1, 28, 28] in [-1, 1], labels int64 [b]."""

    images: Tensor
    labels: Tensor


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """What the training loop itself reads of every translator's settings.

    Attributes
    ----------
    steps
        Optimiser steps of the generators, and as many of the discriminators.
    batch_size
        Font digits in a step, and as many real ones.
    learning_rate
        Of Adam; constant for the first half of the steps, then linear to zero.
    average
        Decay in [0, 1) of the running mean of the generators' weights, which is the result.
    """

    steps: int
    batch_size: int
    learning_rate: float
    average: float

    def __post_init__(self) -> None:
        if not 0 <= self.average < 1 or self.average**self.steps > 0.01:
            raise ValueError(
                f"average: after {self.steps} steps a running mean of decay {self.average} would "
                "still hold over 1 % of the first weights; lower it"
            )


Fakes = tuple[Tensor, ...]  # what both players' losses share in a step
Losses = dict[str, Tensor]  # scalar terms whose sum is minimised; the same names in every step
Report = Callable[[int, int, dict[str, float]], None]


class Translator(Protocol):
    """What is called of a translator; ``discriminator_losses`` gets the fakes detached.

    A translator without discriminators yields none of their parameters and returns no losses. All
    that a translator carries from step to step is in its ``state_dict``.
    """

    def generator_parameters(self) -> Iterable[nn.Parameter]: ...
    def discriminator_parameters(self) -> Iterable[nn.Parameter]: ...
    def fakes(self, font: Batch, real: Batch) -> Fakes: ...
    def generator_losses(self, font: Batch, real: Batch, fakes: Fakes) -> Losses: ...
    def discriminator_losses(self, font: Batch, real: Batch, fakes: Fakes) -> Losses: ...
    def translate(self, font: Batch, real: "Pool") -> Tensor: ...


def load(name: str) -> ModuleType:
    """Return the module of the translator called `name`."""
    names = sorted(module.name for module in pkgutil.iter_modules(translators.__path__))
    if name not in names:
        raise InputError(f"translator {name!r} is unknown; there are: {', '.join(names)}")
    return importlib.import_module(f"{translators.__name__}.{name}")


def train(
    translator: ModuleType,
    font_images: np.ndarray,
    font_labels: np.ndarray,
    real_images: np.ndarray,
    real_labels: np.ndarray,
    settings: TrainingSettings,
    *,
    seed: int,
    device: str = "cpu",
    report: Report | None = None,
    state: State | None = None,
) -> tuple[nn.Module, list[dict[str, float]]]:
    """Train a translator; a loss that is not finite is a FloatingPointError.

    Parameters
    ----------
    translator
        Its module (`load`), to which `settings` belong.
    font_images, font_labels, real_images, real_labels
        Images uint8 [n, 28, 28], 0 = paper, 255 = ink; labels int64 [n].
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
        interval, and the mean of each loss term over it.
    """
    if state:
        cpu = torch.backends.cpu.get_cpu_capability()
        state.identity |= {
            "translator": translator.Translator.__module__,
            "settings": asdict(settings),
            "seed": seed,
            "font": digest({"images": font_images, "labels": font_labels}),
            "real": digest({"images": real_images, "labels": real_labels}),
            # Sums are taken in another order, and end in other bits, on another kind of processor.
            "processor": cpu if device == "cpu" else torch.cuda.get_device_name(device),
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
        }
    with _seeded(seed):
        model = translator.Translator(settings).to(device).train()
        font = Pool(font_images, font_labels, device)
        real = Pool(real_images, real_labels, device)
        history = _optimise(model, font, real, settings, report, state)
    return model.eval(), history


@torch.no_grad()
def translate(
    translator: nn.Module,
    font_images: np.ndarray,
    font_labels: np.ndarray,
    real_images: np.ndarray,
    real_labels: np.ndarray,
    *,
    seed: int,
    device: str = "cpu",
) -> np.ndarray:
    """Translate font digits, uint8 [n, 28, 28] and int64 [n], to uint8 [n, 28, 28].

    The real digits are those that the translator was trained on; it may take models from them.
    """
    font = Pool(font_images, font_labels, device)
    real = Pool(real_images, real_labels, device)
    chunks = []
    with _seeded(seed):
        for index in torch.arange(len(font.labels), device=device).split(CHUNK):
            ink = (translator.translate(font[index], real)[:, 0] + 1) * 127.5
            chunks.append(ink.round().clamp(0, 255).to(torch.uint8).cpu())
    return torch.cat(chunks).numpy()


class Pool:
    """A whole set on the device, of which batches are drawn."""

    def __init__(self, images: np.ndarray, labels: np.ndarray, device: str) -> None:
        self.images = torch.tensor(images, device=device)
        self.labels = torch.tensor(labels, device=device)
        self.by_label = self.labels.argsort(stable=True)
        self.counts = self.labels.bincount(minlength=10)

    def __getitem__(self, index: Tensor) -> Batch:
        return Batch(self.images[index, None].float() / 127.5 - 1, self.labels[index])

    def draw(self, size: int) -> Batch:
        # With replacement, since there may be fewer real images than a batch holds.
        return self[torch.randint(len(self.images), (size,), device=self.images.device)]

    def like(self, labels: Tensor) -> Batch:
        """Draw a digit for each label, of the same label where the set has any, else of any."""
        count = self.counts[labels]
        first = (self.counts.cumsum(0) - self.counts)[labels]
        first, count = first * (count > 0), count.where(count > 0, len(self.labels))
        draws = torch.rand(len(labels), dtype=torch.float64, device=self.labels.device)
        return self[self.by_label[first + (draws * count).long()]]


def _optimise(
    model: Translator,
    font: Pool,
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
        batches = font.draw(settings.batch_size), real.draw(settings.batch_size)
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


def _tensors(
    model: Translator, optimisers: list[Adam], averaged: list[Tensor]
) -> dict[str, Tensor]:
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
