"""SGD and Adam by torch's own fused kernels, without torch.optim around them.

The first optimiser of a process makes torch.optim import torch's compiler, which nothing here
uses: over a second of every training job. Updates are the same to the last bit.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


class Sgd:
    """Stochastic gradient descent with Nesterov momentum, as torch.optim.SGD(nesterov=True)."""

    def __init__(
        self, parameters: Sequence[Tensor], *, momentum: float, weight_decay: float = 0.0
    ) -> None:
        self.parameters = list(parameters)
        self.momentum, self.weight_decay = momentum, weight_decay
        self.moving = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.first = True

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Take a step at a learning rate, and forget the gradients."""
        torch._fused_sgd_(
            self.parameters,
            [parameter.grad for parameter in self.parameters],
            self.moving,
            weight_decay=self.weight_decay,
            momentum=self.momentum,
            lr=rate,
            dampening=0.0,
            nesterov=True,
            maximize=False,
            is_first_step=self.first,
        )
        self.first = False
        _forget(self.parameters)


class Adam:
    """Adam (Kingma & Ba 2014, arXiv:1412.6980), as torch.optim.Adam."""

    def __init__(self, parameters: Sequence[Tensor], *, betas: tuple[float, float]) -> None:
        self.parameters, self.betas = list(parameters), betas
        self.means = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.squares = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.steps = [torch.zeros((), device=parameter.device) for parameter in self.parameters]

    def state(self) -> list[Tensor]:
        """All that a step changes beside the parameters."""
        return [*self.means, *self.squares, *self.steps]

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Take a step at a learning rate, and forget the gradients; what has none stays."""
        states = zip(self.parameters, self.means, self.squares, self.steps, strict=True)
        moved = [state for state in states if state[0].grad is not None]
        parameters, means, squares, steps = map(list, zip(*moved, strict=True))
        torch._foreach_add_(steps, 1)
        torch._fused_adam_(
            parameters,
            [parameter.grad for parameter in parameters],
            means,
            squares,
            [],
            steps,
            lr=rate,
            beta1=self.betas[0],
            beta2=self.betas[1],
            weight_decay=0.0,
            eps=1e-8,
            amsgrad=False,
            maximize=False,
        )
        _forget(self.parameters)


def _forget(parameters: Sequence[Tensor]) -> None:
    for parameter in parameters:
        parameter.grad = None
