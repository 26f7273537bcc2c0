"""How fast this machine trains, next to the one whose times `realink.plan.durations` has."""

import math
import time

import numpy as np
import torch

from realink.images.imagesets import ImageSet
from realink.learners.small import Settings
from realink.learners.small.network import train

SECONDS_A_STEP = 0.0118  # of `small` on 28 x 28 grey pixels, as measured there
STEPS, TRIES = 12, 3


def factor() -> float:
    """How many times as long as there a training takes here; it takes a second.

    By the processor's time, and the best of some tries: other work that is going on now need not go
    on for as long as a study.
    """
    torch.set_num_threads(1)
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (256, 28, 28), dtype=np.uint8)
    digits = ImageSet(images, random.integers(0, 10, 256), tuple("0123456789"))
    train([digits], Settings(steps=3), seed=1)  # the first steps wait for memory
    best = math.inf
    for _ in range(TRIES):
        started = time.process_time()
        train([digits], Settings(steps=STEPS), seed=1)
        best = min(best, time.process_time() - started)
    return best / STEPS / SECONDS_A_STEP
