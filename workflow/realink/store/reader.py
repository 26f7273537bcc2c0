"""A classifier from an ONNX file: reads images without torch, whose start takes seconds."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from realink.errors import InputError

INPUT, METADATA = "images", "realink"
OUTPUTS = "probabilities", "unknown"


class Reader:
    """A classifier, its classes, and how it wants pictures.

    Attributes
    ----------
    classes : names, in the order of the probabilities
    images : height, width, channels, fit and background, as `realink.images.pictures.fitted` takes
        them
    risk, confidence : of answers at least so sure at most this share is wrong; None where too few
        images were there to tell
    unknown : the least score of what it does not know; None where that is not known
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
        # Models that were made before have neither.
        sure = record.get("sure") or {}
        self.risk, self.confidence = sure.get("risk"), sure.get("confidence")
        self.unknown = (record.get("unknown") or {}).get("least")

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Class probabilities, float32 [n, classes], of uint8 images [n, height, width(, 3)]."""
        return self.read(images)[0]

    def read(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same, and how unknown each is, float32 [n]: 0 of a model that cannot tell."""
        found = self._session.run(None, {INPUT: np.asarray(images)})
        return found[0], found[1] if len(found) > 1 else np.zeros(len(images), np.float32)
