"""The classifier that a study gives away: by the advised recipe, from all labelled images.

No image is left for choices, so these are those that validation images made for the study's own
classifiers of the same recipe.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from realink.declared import LEARNERS
from realink.images.features import Features
from realink.images.imagesets import ImageSet
from realink.images.resized import sized
from realink.learners import encoded, seen
from realink.learners.job import Job
from realink.plan.recipe import Recipe
from realink.seeds import seed_for
from realink.store.checkpoints import load
from realink.store.features import read_features
from realink.training import augmentation
from realink.translation import loop

ROLE = "final"  # tells its random streams from those of the study's classifiers


def translated(
    translator: str,
    settings: Any,
    rendered: ImageSet,
    real: ImageSet,
    *,
    seed: int,
    device: str,
    report: loop.Report,
    beside: Path,
) -> ImageSet:
    """Rendered images as a translator makes them that has seen all real ones.

    Parameters
    ----------
    settings : the translator's
    real : what it may see; without labels if it reads none
    seed : the study's
    beside : folder of a nameless file that holds the images, if they are large
    """
    sets = {"rendered": rendered, "real": real, "device": device}
    trained, _ = loop.train(
        loop.load(translator),
        settings=settings,
        seed=seed_for(seed, "translator", translator, ROLE),
        report=report,
        **sets,
    )
    made = loop.translate(
        trained, seed=seed_for(seed, "translate", translator, ROLE), beside=beside, **sets
    )
    return replace(rendered, images=made.images, masks=None, colours=None)


def fit(
    recipes: Sequence[Recipe],
    settings: Any,
    real: ImageSet,
    synthetic: ImageSet | None,
    unlabelled: ImageSet | None,
    *,
    policy: augmentation.Settings | None,
    like: Sequence[Path],
    seed: int,
    device: str,
    report: loop.Report,
    features: str | None = None,
) -> tuple[Any, float, dict[str, float]]:
    """Train the classifier, after its teacher if it has one.

    Parameters
    ----------
    recipes : its own, last, and before it that of its teacher
    settings : of its learner
    real, synthetic, unlabelled : the images, of any size
    policy : how images are augmented
    like : checkpoints of the study's classifiers of the same recipe
    seed : the study's
    features : where what a learner sees in the real images lies already, with {learner}, {view}

    Returns
    -------
    network, the fraction of real images that it saw, and what was chosen by validation images
    """
    name = recipes[-1].learner
    module = LEARNERS.load(name)
    if encoded(name):
        made = partial(_seen, module, settings, seed, device)
        views = range(settings.views if recipes[-1].augmented else 1)
        paths = [Path(features.format(learner=name, view=v)) for v in views] if features else []
        known = read_features(paths) if paths else made("real", real, views)
        sets = {"real": known, "synthetic": None, "unlabelled": None}
        if synthetic is not None:
            few = seen.chosen(synthetic, settings.synthetic, seed_for(seed, "encoded"))
            sets["synthetic"] = made("synthetic", few, range(1))
        empty = known.take(slice(0, 0))
    else:
        small = partial(sized, side=settings.side)
        given = {"real": real, "synthetic": synthetic, "unlabelled": unlabelled}
        sets = {kind: small(own) if own is not None else None for kind, own in given.items()}
        empty = sets["real"].take(slice(0, 0))
    chosen: dict[str, float] = {}
    if hasattr(module.model, "chosen"):
        networks = [load(path, name, module.model.Network, module.Settings) for path in like]
        chosen = module.model.chosen(networks)
    network = fitted = None
    for recipe in recipes:
        fitted = module.model.fit(
            Job(
                recipe=recipe,
                settings=settings,
                validation=empty,
                **(sets | ({} if recipe.real else {"real": None})),
                policy=policy,
                judged=None,
                teacher=network,
                seed=seed,
                device=device,
                report=report,
                chosen=chosen,
            )
        )
        network = fitted.network
    return network, fitted.real_share, chosen


def _seen(
    module: ModuleType,
    settings: Any,
    seed: int,
    device: str,
    kind: str,
    images: ImageSet,
    views: Iterable[int],
) -> Features:
    """What a pretrained network sees in images of a kind, in some views."""
    shape = seen.shape_for(settings.side, images)
    encoder = module.model.Encoder(settings, shape).to(device).eval()
    made = [
        seen.encoded(
            encoder, images, shape, view, partial(seed_for, seed, "view", ROLE, kind, view), device
        )
        for view in views
    ]
    return replace(made[0], values=np.concatenate([one.values for one in made]))
