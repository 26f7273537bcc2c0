"""A linear classifier on features: multinomial logistic regression, by SciPy's L-BFGS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from scipy.optimize import minimize

ITERATIONS = 40  # of L-BFGS, for each penalty; it begins where the stronger one ended
MEMORY = 8  # of L-BFGS
TOLERANCE = 1e-5  # of the loss, relative


class Fit(NamedTuple):
    """A linear classifier on features as they are, and how it was chosen.

    weight, bias : float32 [d, classes] and [classes]
    penalty : L2, of standardised features
    mirrored : whether mirror images are read, too
    loss : mean of the negative logarithm of validation images' likelihood
    """

    weight: torch.Tensor
    bias: torch.Tensor
    penalty: float
    mirrored: bool
    loss: float


def path(
    features: torch.Tensor,
    labels: np.ndarray,
    weights: np.ndarray,
    classes: int,
    penalties: Iterable[float],
    towards: torch.Tensor | None = None,
) -> Iterator[tuple[float, torch.Tensor]]:
    """Fit for each L2 penalty in turn, from strong to weak (Friedman et al. 2010, JSS 33).

    Parameters
    ----------
    features : float32 [n, d]
    labels : int64 [n], in 0..classes - 1
    weights : float [n], which sum to 1
    classes : how many
    penalties : each half the factor of the squared weights in the loss, which is a mean
    towards : float32 [d + 1, classes], whose last row is the bias: what the weights' distance from
        is penalised, and where the search begins; 0 if not given

    Yields
    ------
    penalty, and float32 [d + 1, classes], whose last row is the bias
    """
    n, d = features.shape
    target = torch.zeros(n, classes)
    target[torch.arange(n), torch.from_numpy(labels)] = 1
    weight = torch.from_numpy(weights.astype(np.float32))[:, None]
    if towards is None:
        towards = torch.zeros(d + 1, classes)
    found = towards.double().numpy().ravel()
    for penalty in penalties:

        def loss(flat: np.ndarray, penalty: float = penalty) -> tuple[float, np.ndarray]:
            own = torch.from_numpy(flat.astype(np.float32)).view(d + 1, classes)
            logs = torch.log_softmax(features @ own[:-1] + own[-1], 1)
            moved = own[:-1] - towards[:-1]
            value = -(weight * target * logs).sum() + penalty / 2 * moved.square().sum()
            off = weight * (logs.exp() - target)
            slope = torch.cat([features.T @ off + penalty * moved, off.sum(0, keepdim=True)])
            return float(value), slope.double().numpy().ravel()

        options = {"maxiter": ITERATIONS, "maxcor": MEMORY, "ftol": TOLERANCE}
        found = minimize(loss, found, jac=True, method="L-BFGS-B", options=options).x
        yield penalty, torch.from_numpy(found.astype(np.float32)).view(d + 1, classes)
