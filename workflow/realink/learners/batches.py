"""Images as networks read them, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from realink.store.rows import Rows

PIXELS = 400_000  # that a network sees at once: what a CPU's cache holds of its maps


def batches(
    images: np.ndarray | Rows, device: str | torch.device = "cpu"
) -> Iterator[torch.Tensor]:
    """Yield images as float32 [b, 1 or 3, height, width] in 0..1, channels last, on a device.

    Parameters
    ----------
    images : uint8 [n, height, width] or [n, height, width, 3], of which each part is read once;
        of none of them there is one batch, of none
    """
    size = max(1, PIXELS // (images.shape[1] * images.shape[2]))
    for start in range(0, max(1, len(images)), size):
        pixels = torch.from_numpy(np.array(images[start : start + size])).to(device)
        planes = pixels.unsqueeze(1) if pixels.ndim == 3 else pixels.permute(0, 3, 1, 2)
        yield planes.float().div_(255).contiguous(memory_format=torch.channels_last)
