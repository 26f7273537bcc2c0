"""A class of real pictures of which nothing is rendered: what learns looks from real ones."""

import json
from dataclasses import replace

import numpy as np
import pytest

from realink.commands import rendered as drawing
from realink.commands import translator
from realink.images.imagesets import concatenate
from realink.scores import gap
from realink.store.files import read_images, write_images
from tests import made_up

CLASSES = ("cat", "dog", "other")


@pytest.fixture
def real():
    """Noise, of which that of `other` is dark, so that it can be told."""
    images = made_up.images(60, CLASSES)
    dark = (images.labels == 2)[:, None, None, None]
    return replace(images, images=np.where(dark, images.images // 8, images.images))


def is_other(images):
    return np.asarray(images).reshape(len(images), -1).max(1) < 32


@pytest.mark.parametrize("unlabelled", [False, True])
@pytest.mark.parametrize("drawn", [False, True])
def test_translators_see_no_other_unless_it_is_rendered(tmp_path, real, unlabelled, drawn):
    path, further = tmp_path / "real.safetensors", None
    write_images(path, real)
    if unlabelled:
        further = tmp_path / "unlabelled.safetensors"
        write_images(further, replace(real.take(np.arange(30)), labels=None))
    rendered = made_up.images(20, CLASSES[: 2 + drawn]).among(CLASSES)
    seen = translator._seen(rendered, path, further)
    # Nobody knows which of the unlabelled ones are.
    assert is_other(seen.images).sum() == 20 * drawn + 10 * unlabelled
    assert len(seen) == 40 + 20 * drawn + 30 * unlabelled


def test_the_gap_is_to_the_classes_that_can_be_rendered(real):
    pool = concatenate([real, real])
    parts = gap.split(pool, 30, seed=3)
    assert not any(is_other(part).any() for part in parts)
    assert len(parts.unseen) + len(parts.floor) == 80
    same = gap.split(pool.take(np.flatnonzero(pool.labels < 2)), 0, seed=3)
    assert len(same.unseen) == 40


@pytest.mark.parametrize("drawn", ["17", "7"])
def test_fonts_draw_no_other_and_know_of_it(tmp_path, drawn):
    faces, output = tmp_path / "faces.csv", tmp_path / "rendered.safetensors"
    settings = json.dumps(
        {"folder": "resources/segments", "characters": drawn, "geometry": "frame"}
    )
    families = tmp_path / "families.txt"
    families.write_text("")
    drawing.catalogue_fonts(families=families, settings=settings, output=faces)
    drawing.prepare_rendered(
        settings=settings,
        images='{"height": 24, "width": 20, "channels": 1, "fit": "stretch", "background": 255}',
        classes=[*drawn, "other"],
        total=10,
        needed=10,
        seed=1,
        faces=faces,
        output=output,
    )
    made = read_images(output)
    assert made.classes == (*drawn, "other")
    assert set(made.labels) == set(range(len(drawn)))
