"""What image sets weigh, before any is read."""

import subprocess
import sys

import numpy as np

from realink.images import folders
from realink.plan import sizes, sources
from realink.plan.sizes import count, image_bytes, memory_mb, minutes, set_bytes
from tests import drawn

from .test_sources import config, laid_over  # noqa: F401


def test_mnists_sets(config):  # noqa: F811
    asked = sources.complete(config)
    assert [count(asked, kind) for kind in ("pool", "validation", "test", "unlabelled")] == [
        55_000,
        5_000,
        10_000,
        0,
    ]
    assert set_bytes(asked, "pool") == 55_000 * 28 * 28
    assert set_bytes(asked, "pool", 55) == 55 * 28 * 28
    assert count(asked, "rendered") == asked["rendered"]["count"] > 0
    few = laid_over(asked, {"unlabelled": {"source": "pool", "count": 300}})
    assert count(few, "unlabelled") == 300


def test_sets_of_folders_weigh_what_is_read(config, tmp_path):  # noqa: F811
    drawn.write_real(tmp_path / "real", each=20)
    drawn.write_rendered(tmp_path / "rendered", each=10)
    images = {"height": 24, "width": 20, "channels": 3, "fit": "stretch", "background": 255}
    changes = {
        "images": images,
        "real": {"source": "folder", "directory": str(tmp_path / "real")},
        "rendered": {"source": "folder", "directory": str(tmp_path / "rendered"), "count": None},
    }
    asked = sources.complete(laid_over(config, changes))
    names = "validation", "test", "group", "duplicates"
    split = {name: asked["real"][name] for name in names}
    sets = folders.load_real(tmp_path / "real", **images, **split)[:3]
    classes = sets[0].classes
    rendered, _ = folders.load_rendered(
        tmp_path / "rendered", classes, **images, total=count(asked, "rendered"), seed=1
    )
    kinds = "pool", "validation", "test", "rendered"
    for kind, found in zip(kinds, [*sets, rendered], strict=True):
        assert count(asked, kind) == len(found)
        assert set_bytes(asked, kind) == np.asarray(found.images).nbytes


def test_a_job_on_large_sets_gets_more():
    held = 20_000 * image_bytes({"height": 224, "width": 224, "channels": 3})
    assert held == 3_010_560_000
    assert (memory_mb(500), memory_mb(500, held), memory_mb(500, 1, 1)) == (500, 3511, 501)
    assert (minutes(5), minutes(5, moved=held), minutes(30, pictures=20_000)) == (5, 7, 64)


def test_sizes_and_sources_wait_for_no_library():
    heavy = "{'numpy', 'pandas', 'PIL', 'torch'}"
    subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys, {sizes.__name__}; assert not {heavy} & {{*sys.modules}}",
        ],
        check=True,
    )
