"""SGD, Adam and Muon without torch.optim around them.

The first optimiser of a process makes torch.optim import torch's compiler, which nothing here
uses: over a second of every training job. SGD and Adam call torch's own fused kernels: their
updates are the same to the last bit. torch's Muon takes no kernels of convolutions.
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


class Muon:
    """Momentum with steps of equal size in all directions of a kernel.

    Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks", as in
    torch.optim.Muon without weight decay, for kernels [outputs, ...] of convolutions as well: each
    is taken as a matrix with a row for each output, and float32 instead of bfloat16.
    """

    def __init__(self, parameters: Sequence[Tensor], *, momentum: float) -> None:
        self.parameters, self.momentum = list(parameters), momentum
        self.means = [torch.zeros_like(parameter) for parameter in self.parameters]

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Take a step at a learning rate, and forget the gradients."""
        for parameter, mean in zip(self.parameters, self.means, strict=True):
            mean.lerp_(parameter.grad, 1 - self.momentum)
            ahead = parameter.grad.lerp(mean, self.momentum)  # Nesterov's
            update = _orthogonal(ahead.flatten(1))
            scale = max(1, update.shape[0] / update.shape[1]) ** 0.5
            parameter.sub_(update.view(parameter.shape), alpha=rate * scale)
        _forget(self.parameters)


def _orthogonal(matrix: Tensor) -> Tensor:
    """Bring all singular values of a matrix near 1 (0.7 to 1.2), by Newton-Schulz iterations.

    The coefficients are Jordan's: the steepest slope at 0, at the price of that spread.
    """
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    wide = wide / wide.norm().clamp(min=1e-7)
    for _ in range(5):
        square = wide @ wide.T
        factor = torch.addmm(square, square, square, beta=-4.7750, alpha=2.0315)
        wide = torch.addmm(wide, factor, wide, beta=3.4445)
    return wide if matrix.shape[0] <= matrix.shape[1] else wide.T


def _forget(parameters: Sequence[Tensor]) -> None:
    for parameter in parameters:
        parameter.grad = None
