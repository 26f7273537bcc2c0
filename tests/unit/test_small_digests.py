"""The small network's weights are, byte for byte, those that it always had."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Instructions that all processors have: others round otherwise.
PORTABLE = {
    "ATEN_CPU_CAPABILITY": "default",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "MKL_CBWR": "COMPATIBLE",
}
# SHA-256 of each network's weights, begun; and how many of 1,000 test images it errs on. Of the
# version before there were learners: one that changes them changes every study's numbers.
KNOWN = {
    "plain": ["5a454ce541a02c4c", 255],
    "mixed": ["75dabab9be78e1e2", 90],
    "colour": ["1d0d125877768b2c", 98],
    "adam": ["c6091ad219369ec8", 438],
}
PROGRAM = """
import hashlib, json
from dataclasses import replace

import numpy as np
import torch

from realink.images.imagesets import ImageSet
from realink.images.mnist import load_embedded
from realink.learners.small import Settings
from realink.learners.small.network import predict, train
from realink.training import augmentation

torch.set_num_threads(1)
knobs = Settings(steps=40, batch_size=32, optimiser="muon", muon_learning_rate=0.05,
                 learning_rate=0.1, warmup_fraction=0.3, momentum=0.9, weight_decay=5e-4,
                 label_smoothing=0.1, width=4, dropout=0.2, standardise=False)
policy = augmentation.Settings(rotation=10, scale=0.1, aspect=0.1, shear=0.2, shift=1, elastic=0.8,
                               smoothness=4, brightness=0.1, contrast=0.3, colour=0.1,
                               gradient=0.2, blur=0.5, noise=0.02, invert=0.1)
pool, _, test = load_embedded()
pool = pool.draw(500, 0)
real, synthetic = pool.take(slice(0, 100)), pool.take(slice(100, 500))


def colour(images):
    return ImageSet(np.repeat(images.images[..., None], 3, -1), images.labels, images.classes)


def told(network, test):
    digest = hashlib.sha256()
    for key, value in sorted(network.state_dict().items()):
        digest.update(key.encode() + value.numpy().tobytes())
    wrong = predict(network, test.images).argmax(1) != test.labels
    return digest.hexdigest()[:16], int(wrong.sum())


both = {"real_share": 0.5, "augment": policy}
in_colour = [colour(real), colour(synthetic)]
made = {
    "plain": (train([real], knobs, seed=7), test),
    "mixed": (train([real, synthetic], knobs, seed=7, **both), test),
    "colour": (train(in_colour, replace(knobs, standardise=True), seed=7, **both), colour(test)),
    "adam": (train([real], replace(knobs, optimiser="adam", learning_rate=0.001), seed=7), test),
}
print(json.dumps({name: told(network, test) for name, ((network, _), test) in made.items()}))
"""


def test_the_weights_are_those_of_before():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | {"PYTHONPATH": str(ROOT / "workflow")} | PORTABLE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == KNOWN
