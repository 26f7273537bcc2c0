"""Domain randomisation: rendered shapes in random colours and light, on random backgrounds.

What one does without any real image (Tremblay et al., arXiv 1804.06516): if the rendered images
vary more than the real ones do, these are one more variation. Nothing is trained, and a shape stays
where it is, so labels hold. Objects that have colours of their own keep them: `things`.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from realink.images.imagesets import Shape
from realink.training.augmentation import blurred
from realink.translation.composing import Objects, by_kind, told_apart, under
from realink.translation.loop import Batch, Pool
from realink.translation.translators.randomised import Settings, things

PATCHES = 4  # random colours along a side of a background


class Translator(nn.Module):
    """Has no parameters, and looks at no real image."""

    def __init__(self, settings: Settings, shape: Shape) -> None:
        super().__init__()
        self.settings = settings

    def translate(self, rendered: Batch, real: Pool) -> Tensor:
        """Translate images, float32 [b, channels, height, width] in [-1, 1], to the same."""
        return by_kind(
            rendered,
            shapes=self._shapes,
            things=lambda objects: things.compose(objects, self.settings),
        )

    def _shapes(self, objects: Objects) -> Tensor:
        settings, like = self.settings, objects.colours
        behind = self._backgrounds(like)
        below = under(behind, objects.covers)
        colours = told_apart(torch.rand_like(below), below, settings.contrast)
        images = behind * (1 - objects.covers) + colours * objects.covers
        images = images + settings.gradient * _slope(images)
        images = blurred(images, self._up_to(settings.blur, images))
        images = images + torch.randn_like(images) * self._up_to(settings.noise, images)
        return images.clamp(0, 1)

    def _backgrounds(self, like: Tensor) -> Tensor:
        size = (*like.shape[:2], PATCHES, PATCHES)
        strength = self._up_to(self.settings.texture, like)
        patches = torch.rand(*size[:2], 1, 1, device=like.device)
        patches = patches + strength * torch.randn(size, device=like.device)
        return functional.interpolate(patches, like.shape[2:], mode="bicubic").clamp(0, 1)

    @staticmethod
    def _up_to(limit: float, images: Tensor) -> Tensor:
        return torch.rand(len(images), 1, 1, 1, device=images.device) * limit


def _slope(images: Tensor) -> Tensor:
    """Planes that rise by up to 1 across the picture, in a random direction; [b, 1, h, w]."""
    b, _, height, width = images.shape
    angle = torch.rand(b, 1, 1, 1, device=images.device) * 2 * torch.pi
    rise = torch.rand(b, 1, 1, 1, device=images.device) / 2
    down, across = (torch.linspace(-1, 1, side, device=images.device) for side in (height, width))
    return rise * (angle.sin() * down[:, None] + angle.cos() * across)
