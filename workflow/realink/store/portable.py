"""A trained classifier as an ONNX file, which runs without torch and without this package."""

import json
import logging
from collections.abc import Mapping
from typing import Any

import onnx
import torch
from torch import nn

from realink.images.imagesets import Shape
from realink.store.reader import INPUT, METADATA, OUTPUTS

# They tell a job's log of every constant that they fold.
for name in "onnxscript", "onnx_ir":
    logging.getLogger(name).setLevel(logging.WARNING)


class _Reading(nn.Module):
    """From images as they are on disk, so that a caller scales nothing."""

    def __init__(self, whole: nn.Module) -> None:
        super().__init__()
        self.whole = whole

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        planes = images.unsqueeze(1) if images.ndim == 3 else images.permute(0, 3, 1, 2)
        return self.whole(planes.float() / 255)


def to_onnx(whole: nn.Module, shape: Shape, record: Mapping[str, Any]) -> bytes:
    """Translate a classifier into an ONNX model; the same classifier, the same bytes.

    Its input ``images`` is uint8 [n, height, width], grey, or [n, height, width, 3], sRGB; its
    outputs are ``probabilities``, float32 [n, classes], and ``unknown``, float32 [n].

    Parameters
    ----------
    whole : from images, float32 [n, 1 or 3, height, width] in 0..1, to probabilities, and how
        unknown the images are; on the CPU, in evaluation mode
    shape : of the images
    record : what `realink.store.reader` needs to know, kept in the model's metadata
    """
    example = torch.zeros(
        (2, shape.height, shape.width, *[3] * (shape.channels == 3)), dtype=torch.uint8
    )
    program = torch.onnx.export(
        _Reading(whole).eval(),
        (example,),
        input_names=[INPUT],
        output_names=[*OUTPUTS],
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
