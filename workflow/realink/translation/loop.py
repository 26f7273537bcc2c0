"""Train any translator on rendered and real images, and translate a set with it.

A translator is a package ``realink.translation.translators.<name>``. Its ``__init__.py``, which
every parse of the workflow imports and which does without torch (`realink.declared`), has

- ``Settings``, a frozen dataclass of its knobs with their defaults and bounds (`realink.settings`),
  which extends `TrainingSettings` if it is trained, and else `Bounded`;
- ``SHAPES``, a dict: the ``channels`` and the least and largest ``sides`` that it can do, and,
  where there are others, what to take ``instead``; ``unlabelled``, true if it reads no label of the
  real images, so that it may see those that have none.

Its ``model.py`` has ``Translator``, built from the settings and the images' `Shape`, with the
methods of `Translator` below, and of `Trained` if it has parameters. One without may have a method
``survey``, which sees both whole sets, each a `Pool`, before anything is translated, and keeps what
it makes of them in buffers. One that has a method ``noted`` says by it what it made of the real
images (`noted`).

All chance comes from torch's global generators, seeded here and put back afterwards.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from realink.declared import TRANSLATORS, check_shape
from realink.errors import InputError
from realink.images.imagesets import ImageSet
from realink.store.files import digest
from realink.store.rows import Rows, Spool, rows
from realink.store.states import State
from realink.training.optimisers import Adam
from realink.translation.batches import Batch, Pool
from realink.translation.settings import TrainingSettings

INTERVALS = 50  # rows of a training history
NOTED = 200  # real images that a translator says something of, at most
CHUNK = 392_000  # pixels, of all channels together, translated at once
load = TRANSLATORS.load  # a translator's package, by its name


Fakes = tuple[Tensor, ...]  # what both players' losses share in a step
Losses = dict[str, Tensor]  # scalar terms whose sum is minimised; the same names in every step
Report = Callable[[int, int, dict[str, float]], None]


class Translations(NamedTuple):
    """A translated set.

    images : uint8 of the rendered set's shape, see `ImageSet`
    from_real : bool [n], which of them are real images that were bent, not rendered ones; None of
        a translator that bends none
    """

    images: np.ndarray | Rows
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
        Its package (`load`), to which `settings` belong.
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
    what = f"the translator {translator.__name__.rpartition('.')[2]!r}"
    height, width, channels, _ = rendered.shape
    check_shape(what, translator.SHAPES, height=height, width=width, channels=channels)
    _check_alike(rendered, real)
    if state:
        cpu = torch.backends.cpu.get_cpu_capability()
        state.identity |= {
            "translator": translator.model.Translator.__module__,
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
        model = translator.model.Translator(settings, rendered.shape).to(device).train()
        pools = Pool(rendered, device), Pool(real, device)
        if next(model.parameters(), None) is not None:
            history = _optimise(model, *pools, settings, report, state)
        elif hasattr(model, "survey"):
            with torch.no_grad():
                model.survey(*pools)
    return model.eval(), history


@torch.no_grad()
def translate(
    translator: nn.Module,
    rendered: ImageSet,
    real: ImageSet,
    *,
    seed: int,
    device: str = "cpu",
    beside: Path | None = None,
) -> Translations:
    """Translate rendered images.

    The real images are those that the translator was trained on; it may take models from them.
    Large results are held in a nameless file in the folder `beside`.
    """
    _check_alike(rendered, real)
    sources, models = Pool(rendered, device), Pool(real, device)
    result, bent = Spool(rendered.images.shape, beside), np.zeros(len(rendered), bool)
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
            pixels = levels.reshape(-1, *rendered.images.shape[1:]).cpu().numpy()
            result[first:last] = pixels
    return Translations(rows([result.part]), bent if told else None)


@torch.no_grad()
def noted(translator: nn.Module, real: ImageSet, *, device: str = "cpu") -> dict[str, float]:
    """What a translator says of the real images, by the columns of translators.csv; most nothing.

    Of `NOTED` of them at most, the first ones.
    """
    if not hasattr(translator, "noted"):
        return {}
    return translator.noted(Pool(real.take(np.arange(min(NOTED, len(real)))), device))


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
    names = "images", "labels", "masks", "colours"
    arrays = {name: getattr(images, name) for name in names}
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
