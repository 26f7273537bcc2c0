"""A classifier from an ONNX file: reads images without torch, whose start takes seconds."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from realink.errors import InputError

INPUT, OUTPUT, METADATA = "images", "probabilities", "realink"


class Reader:
    """A classifier, its classes, and how it wants pictures.

    Attributes
    ----------
    classes : names, in the order of the probabilities
    images : height, width, channels, fit and background, as `realink.images.pictures.fitted` takes
        them
    """

    def __init__(self, model: Path | bytes) -> None:
        """Open a model that `realink.store.portable` made.

        Raises
        ------
        InputError
            It is no such model.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(
                model if isinstance(model, bytes) else str(model),
                options,
                providers=["CPUExecutionProvider"],
            )
            found = self._session.get_modelmeta().custom_metadata_map[METADATA]
        except KeyError:
            raise InputError(f"{model}: an ONNX model, but not of realink") from None
        except Exception as error:  # onnxruntime's own have no common class
            reason = " ".join(str(error).split())
            raise InputError(f"{model}: not a whole ONNX model ({reason})") from None
        record: dict[str, Any] = json.loads(found)
        self.classes, self.images = tuple(record["classes"]), record["images"]

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Class probabilities, float32 [n, classes], of uint8 images [n, height, width(, 3)]."""
        return self._session.run([OUTPUT], {INPUT: np.asarray(images)})[0]
