"""The optimisers: torch's own updates, without torch's compiler."""

import subprocess
import sys

import pytest
import torch

from realink.training.optimisers import Adam, Muon, Sgd


def weights():
    torch.manual_seed(0)
    images = torch.randn(8, 4, 3, 3).to(memory_format=torch.channels_last)
    return [torch.nn.Parameter(values) for values in (images, torch.randn(8))]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (
            lambda p: Sgd(p, momentum=0.9, weight_decay=0.01),
            lambda p: torch.optim.SGD(
                p, momentum=0.9, nesterov=True, weight_decay=0.01, fused=True
            ),
        ),
        (
            lambda p: Adam(p, betas=(0.5, 0.999)),
            lambda p: torch.optim.Adam(p, betas=(0.5, 0.999), fused=True),
        ),
    ],
)
def test_updates_are_those_of_torch(ours, theirs):
    one, other = weights(), weights()
    ours, theirs = ours(one), theirs(other)
    for step in range(20):
        for parameters in one, other:
            torch.manual_seed(step)
            for parameter in parameters:
                parameter.grad = torch.randn_like(parameter)
            if step % 5 == 4 and isinstance(ours, Adam):
                parameters[1].grad = None
        ours.step(0.1 / (step + 1))
        theirs.param_groups[0]["lr"] = 0.1 / (step + 1)
        theirs.step()
    assert all(map(torch.equal, one, other))
    assert all(parameter.grad is None for parameter in one)


def test_muon_is_that_of_torch():
    torch.manual_seed(0)
    shapes = [(16, 4, 3, 3), (12, 30), (30, 12)]
    one = [torch.nn.Parameter(torch.randn(shape)) for shape in shapes]
    other = [torch.nn.Parameter(kernel.detach().flatten(1).clone()) for kernel in one]
    ours = Muon(one, momentum=0.9)
    theirs = torch.optim.Muon(other, momentum=0.9, weight_decay=0)
    for _ in range(10):
        before = [kernel.detach().clone() for kernel in one]
        for kernel, matrix in zip(one, other, strict=True):
            kernel.grad = torch.randn_like(kernel)
            matrix.grad = kernel.grad.flatten(1).clone()
        ours.step(0.1)
        theirs.param_groups[0]["lr"] = 0.1
        theirs.step()
        for kernel, matrix, start in zip(one, other, before, strict=True):
            # torch's iterations are in bfloat16.
            assert torch.allclose(kernel.flatten(1), matrix, atol=0.01)
            sizes = torch.linalg.svdvals((kernel - start).flatten(1))
            assert sizes.max() < 2 * sizes.min()
            matrix.data.copy_(kernel.flatten(1))


def test_training_does_not_import_the_compiler():
    """It takes a second of every job."""
    code = """if True:
        import sys, torch
        from realink.training.optimisers import Adam, Sgd
        weight = torch.nn.Parameter(torch.ones(2))
        for optimiser in Sgd([weight], momentum=0.9), Adam([weight], betas=(0.5, 0.999)):
            weight.square().sum().backward()
            optimiser.step(0.1)
        sys.exit("torch._dynamo" in sys.modules)
    """
    subprocess.run([sys.executable, "-c", code], check=True)
