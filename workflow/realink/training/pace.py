"""How fast this machine is, next to the one whose times `realink.plan.durations` has."""

import sys
import time
from collections.abc import Callable
from functools import cache

from realink.plan.durations import Speed

# Of processor time, as measured there: what `import torch` takes, a step of `small` on 28 x 28 grey
# pixels, and a batch that the default backbone sees.
IMPORT_SECONDS, SECONDS_A_STEP, SECONDS_A_BATCH = 1.8, 0.0118, 0.052
STEPS, BATCH, SIDE = 12, 8, 128
TRIES = 3


@cache
def speed(pretrained: bool = True) -> Speed:
    """How many times as long as there things take here; it takes some seconds, once a process.

    By the processor's time, and the best of some tries: other work that is going on now need not go
    on for as long as a study.

    Parameters
    ----------
    pretrained : whether a pretrained network is timed, too
    """
    start = 1.0
    if "torch" not in sys.modules:
        # Not the best of any: it is loaded once.
        start = _spent(lambda: __import__("torch")) / IMPORT_SECONDS
    import torch

    torch.set_num_threads(1)
    training = _best(_training()) / STEPS / SECONDS_A_STEP
    encoding = _best(_encoding()) / SECONDS_A_BATCH if pretrained else training
    return Speed(training, encoding, start)


def _training() -> Callable[[], object]:
    import numpy as np

    from realink.images.imagesets import ImageSet
    from realink.learners.small import Settings
    from realink.learners.small.network import train

    random = np.random.default_rng(0)
    images = random.integers(0, 256, (256, 28, 28), dtype=np.uint8)
    digits = ImageSet(images, random.integers(0, 10, 256), tuple("0123456789"))
    train([digits], Settings(steps=3), seed=1)  # the first steps wait for memory
    return lambda: train([digits], Settings(steps=STEPS), seed=1)


def _encoding() -> Callable[[], object]:
    import torch

    from realink.learners import DEFAULT_BACKBONE, WHEEL, backbone

    network = backbone.load(DEFAULT_BACKBONE, WHEEL, (SIDE, SIDE))
    images = torch.rand(BATCH, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))

    def see() -> None:
        with torch.inference_mode():
            network(images)

    see()
    return see


def _best(run: Callable[[], object]) -> float:
    return min(_spent(run) for _ in range(TRIES))


def _spent(run: Callable[[], object]) -> float:
    """Seconds of the processor's time."""
    started = time.process_time()
    run()
    return time.process_time() - started
