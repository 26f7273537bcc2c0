"""Pictures of nothing that a classifier knows: from which score on to say so.

The score is the distance to the nearest of some images that it knows, real ones that it was trained
on (`realink.learners.trusted`). The limit is a conformal quantile (Bates et al. 2023, Annals of
Statistics 51, arXiv:2104.08279): of further images that are known, at most a stated share lies
beyond it, as of those held out of the training do.
"""

import numpy as np

KNOWN = 1000  # images at most that others are held to: more make the model larger, hardly better


def limit(scores: np.ndarray, images: int, false_alarms: float) -> float | None:
    """The score above which a share of known images is, at most.

    None where there are too few images to tell: fewer than 1 / share.

    Parameters
    ----------
    scores : float [n], of images that were not trained on, of one or several classifiers
    images : how many different ones these are
    false_alarms : the share, in (0, 1)
    """
    if not images or (part := np.ceil((images + 1) * (1 - false_alarms)) / images) > 1:
        return None
    return float(np.sort(scores)[int(np.ceil(part * len(scores))) - 1])
