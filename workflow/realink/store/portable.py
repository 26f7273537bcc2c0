"""A trained classifier as an ONNX file, which runs without torch and without this package."""

import json
import logging
from collections.abc import Mapping
from typing import Any

import onnx
import torch
from torch import nn

from realink.learners.small.network import Network
from realink.store.reader import INPUT, METADATA, OUTPUT

# They tell a job's log of every constant that they fold.
for name in "onnxscript", "onnx_ir":
    logging.getLogger(name).setLevel(logging.WARNING)


class _Reading(nn.Module):
    """From images as they are on disk to probabilities, so that a caller scales nothing."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        planes = images.unsqueeze(1) if images.ndim == 3 else images.permute(0, 3, 1, 2)
        return self.network(planes.float() / 255).softmax(dim=1)


def to_onnx(network: Network, record: Mapping[str, Any]) -> bytes:
    """Translate a network into an ONNX model; the same network, the same bytes.

    Its input ``images`` is uint8 [n, height, width], grey, or [n, height, width, 3], sRGB; its
    output ``probabilities`` float32 [n, classes].

    Parameters
    ----------
    network : on the CPU, in evaluation mode
    record : what `realink.store.reader` needs to know, kept in the model's metadata
    """
    height, width, channels, _ = network.shape
    example = torch.zeros((2, height, width, *[3] * (channels == 3)), dtype=torch.uint8)
    program = torch.onnx.export(
        _Reading(network).eval(),
        (example,),
        input_names=[INPUT],
        output_names=[OUTPUT],
        dynamic_shapes=({0: torch.export.Dim("n")},),
        dynamo=True,
        verbose=False,
    )
    model = program.model_proto
    # The exporter notes where on this machine each line of code stands.
    for part in (*model.graph.node, *model.graph.input, *model.graph.output, model.graph):
        part.ClearField("metadata_props")
    onnx.helper.set_model_props(model, {METADATA: json.dumps(record, sort_keys=True)})
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)
