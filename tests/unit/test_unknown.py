"""Pictures of nothing that a classifier knows."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from realink.images.imagesets import Shape
from realink.learners import seen
from realink.learners.trusted import Seeing, Trusted
from realink.scores import unknown
from tests import made_up

SHAPE = Shape(8, 6, 1, 3)


class Mirroring(nn.Module):
    """Reads an image and its mirror image, and has a linear layer that is no head."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(5, 3)
        self.before = nn.Sequential(nn.Flatten(), nn.Linear(48, 5), nn.ReLU())

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        both = [self.head(self.before(view)).softmax(1) for view in (images, images.flip(3))]
        return sum(both) / 2


@pytest.mark.parametrize("false_alarms", [0.02, 0.1])
def test_as_many_known_images_are_beyond_the_limit_as_were_allowed(false_alarms):
    random = np.random.default_rng(2)
    alarms = []
    for _ in range(300):
        found = unknown.limit(random.gamma(2, 1, 200), 200, false_alarms)
        alarms.append((random.gamma(2, 1, 2000) > found).mean())
    assert np.mean(alarms) == pytest.approx(false_alarms, rel=0.12)


def test_too_few_images_set_no_limit():
    assert unknown.limit(np.arange(48.0), 48, 0.02) is None
    assert unknown.limit(np.arange(49.0), 49, 0.02) == 48
    assert unknown.limit(np.empty(0), 0, 0.02) is None
    # Three classifiers on them are no more images.
    assert unknown.limit(np.arange(144.0), 48, 0.02) is None


def test_known_images_are_drawn_the_same_each_time():
    few, many = made_up.images(20, ("a", "b")), made_up.images(5000, ("a", "b"))
    assert seen.chosen(few, unknown.KNOWN, 1) is few
    some = seen.chosen(many, unknown.KNOWN, 1)
    assert len(np.unique(some.images, axis=0)) == unknown.KNOWN
    np.testing.assert_array_equal(some.images, seen.chosen(many, unknown.KNOWN, 1).images)
    assert (some.images != seen.chosen(many, unknown.KNOWN, 2).images).any()


def test_features_are_what_the_head_reads_of_an_image_and_its_mirror_image():
    torch.manual_seed(0)
    net, images = Mirroring().eval(), torch.rand(4, 1, 8, 6)
    with torch.inference_mode():
        probabilities, features = Seeing(net, SHAPE)(images)
        torch.testing.assert_close(probabilities, net(images))
        read = net.before(images) + net.before(images.flip(3))
    torch.testing.assert_close(features, F.normalize(read))


def test_a_network_without_a_linear_layer_goes_by_its_probabilities():
    net = nn.Sequential(nn.Conv2d(1, 3, (8, 6)), nn.Flatten(), nn.Softmax(dim=1)).eval()
    images = torch.rand(4, 1, 8, 6)
    with torch.inference_mode():
        probabilities, features = Seeing(net, SHAPE)(images)
        torch.testing.assert_close(features, F.normalize(probabilities.log()))


def test_known_images_lie_at_nought_and_others_further_off():
    torch.manual_seed(0)
    net, images = Mirroring().eval(), torch.rand(6, 1, 8, 6)
    with torch.inference_mode():
        known = Seeing(net, SHAPE)(images)[1]
        probabilities, far = Trusted(net, SHAPE, 2.0, known[:3])(images)
        asked = (net(images).log() / 2).softmax(1)
    torch.testing.assert_close(probabilities, asked)
    assert far[:3].abs().max() < 2e-3  # they are kept in half precision
    assert far[3:].max() > 0.1
    assert far.max() <= 2
