"""What a config may not ask for: named, with what to do, before any job starts."""

import hashlib
import math
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from realink.declared import LEARNERS
from realink.errors import InputError
from realink.images import listing
from realink.images.sources import mnist
from realink.plan import grid, schema, sources
from tests import drawn

ROOT = Path(__file__).parents[2]


@pytest.fixture
def config(monkeypatch):
    """The full config, of MNIST."""
    monkeypatch.chdir(ROOT)  # the config names paths of the project
    return yaml.safe_load((ROOT / "config/config.yaml").read_text())


@pytest.fixture
def folders(config, tmp_path):
    """The same for two folders of a few pictures, real ones in tmp_path/real."""
    drawn.write_real(tmp_path / "real", each=20)
    drawn.write_rendered(tmp_path / "rendered", each=10)
    changes = {
        "images": {"height": 24, "width": 20, "channels": 3},
        "real": {"source": "folder", "directory": str(tmp_path / "real")},
        "rendered": {"source": "folder", "directory": str(tmp_path / "rendered"), "count": None},
        "counts": [5, 20],
        "synthetic": {"total": 20},
        "rendered_counts": [10],
        "mixes": ["rendered", "real", "real-rendered", "cyclegan"],
    }
    yield laid_over(config, changes)
    # Listings are kept for a parse's life.
    listing.list_real.cache_clear()
    listing.list_rendered.cache_clear()


def laid_over(config, changes):
    merged = dict(config)
    for key, value in changes.items():
        mapping = isinstance(value, Mapping) and key != "characters"
        merged[key] = laid_over(config.get(key, {}), value) if mapping else value
    return merged


def test_the_full_config_passes(config):
    sources.check(config)
    assert sources.classes(config) == tuple("0123456789")
    assert sources.manifest(config["real"], "x") == {}


def test_images_have_sides_of_up_to_224_pixels(config):
    schema.check(laid_over(config, {"images": {"height": 224, "width": 224}}))
    with pytest.raises(InputError, match="`images: width:`: 225 is greater"):
        schema.check(laid_over(config, {"images": {"width": 225}}))


def test_two_folders_pass(folders):
    sources.check(folders)
    assert sources.classes(folders) == drawn.SHAPES
    assert len(sources.files(folders["real"])) == 60
    assert sources.manifest(folders["real"], "x") == {"manifest": "x"}


def test_files_dated_ahead_are_no_inputs_but_hashed(folders):
    picture, *others = listing.inputs(Path(folders["real"]["directory"]))
    os.utime(picture, (time.time() + 3600,) * 2)
    assert sources.files(folders["real"]) == others
    digest = hashlib.sha256(Path(picture).read_bytes()).hexdigest()
    assert sources.unnameable(folders["real"]) == {picture: digest}
    link = Path(picture).with_name("link.png")
    link.symlink_to(picture)
    assert sources.unnameable(folders["real"]) == {picture: digest, str(link): digest}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mixes": ["real", "real-warpp"]}, "'real-warpp' needs .* 'warpp', .* mean 'warp'"),
        ({"translators": {"wrap": {"steps": 5}}}, "no translator 'wrap'; did you mean 'warp'"),
        ({"translators": {"warp": {"trie": 1}}}, "warp:`: 'trie' is unknown; did you mean 'tries'"),
        (
            {"translators": {"warp": {"steps": 50}}},
            "average: after 50 steps .* take 0.912 or",
        ),
        ({"translators": {"warp": {"steps": 1.5}}}, "warp:`: steps: 1.5 is not a whole number"),
        ({"counts": [55, 55_001]}, "55001 real images asked for, .*'mnist' has 55000"),
        (
            {"counts": [385], "synthetic": {"total": 100}},
            "`counts`: 385 is more than `synthetic: total:`, the 100 images",
        ),
        (
            {"controls": {"real-warp-noise": [385]}, "counts": [55], "synthetic": {"total": 100}},
            "`controls`: 385 is more than `synthetic: total:`",
        ),
        (
            {"synthetic": {"total": 55_056}},
            "`synthetic`: a mix takes up to 55001 rendered images, but `rendered: count:` gives 55",
        ),
        ({"synthetic": 55_001, "rendered_counts": []}, "`synthetic`: a mix takes up to 55001 rend"),
        ({"synthetic": "all"}, "`rendered_counts`: these need `synthetic: total:`, of which they"),
        ({"synthetic": 55}, "`rendered_counts`: these need `synthetic: total:`, of which they"),
        ({"rendered": {"count": None}}, "`rendered: count:`: say how many images the fonts are to"),
        ({"real_share": {"default": 0.5, "real-wrap": 0.1}}, "`real_share`: 'real-wrap' is not"),
        ({"real_share": {"default": 0.5, "real-warp-aug": 0.1}}, "'real-warp-aug' is not real-X"),
        ({"rendered_counts": [55_001]}, "`rendered_counts`: 55001"),
        ({"rendered": {"families": "nowhere"}}, "`rendered: families:`: nowhere is not a file"),
        ({"rendered": {"folder": "nowhere"}}, "`rendered: folder:`: nowhere is not a directory"),
        ({"rendered": {"folder": ""}}, "`rendered: folder:`:  is not a directory"),
        ({"rendered": {"folder": "x" * 999}}, "`rendered: folder:`: x+ is not a directory"),
        ({"real": {"directory": "x" * 999}}, "`real: directory:`: x+ lacks train-images-"),
        (
            {"learner_settings": {"small": {"momentum": math.nan}}},
            "`learner_settings: small: momentum:` is nan: write a number",
        ),
        ({"learners": ["small", "frosen"]}, "`learners`: .* no learner 'frosen'; .* mean 'frozen'"),
        ({"learners": ["small.model"]}, "`learners`: there is no learner 'small.model'; did you"),
        (
            {"learner_settings": {"smal": {}}},
            "`learner_settings`: there is no learner 'smal'; did you mean 'small'",
        ),
        (
            {"learner_settings": {"small": {"widht": 3}}},
            "`learner_settings: small:`: 'widht' is unknown; did you mean 'width'",
        ),
        (
            {"learner_settings": {"small": {"steps": 0}}},
            "`learner_settings: small:`: steps: 0 is not at least 1",
        ),
        (
            {"learner_settings": {"small": {"optimiser": "sgd"}}},
            "`learner_settings: small:`: optimiser must be muon or adam, not 'sgd'",
        ),
        (
            {"learner_settings": {"small": {"side": 8}}},
            "`learner_settings: small:`: side: 8 is neither 0 nor at least 16",
        ),
        (
            {"learners": ["frozen"]},
            "`learners`: 'frozen' does grey or colour images with sides of 32 to 224 ",
        ),
        ({"images": {"height": 32}}, "`images: height:` is 32, but .* 'mnist' have 28"),
        ({"images": {"channels": 3}}, "`images: channels:` is 3"),
        ({"rendered": {"characters": "012345678"}}, "`rendered: characters:` lacks '9'"),
        ({"rendered": {"characters": "0123456789A"}}, "real lacks 'A'"),
        ({"real": {"directory": "workflow"}}, "`real: directory:`: workflow lacks train-images-"),
    ],
)
def test_what_does_not_fit_mnist_is_named(config, change, message):
    with pytest.raises(InputError, match=message):
        sources.check(laid_over(config, change))


@pytest.mark.parametrize("change", [{}, {"synthetic": "all"}, {"synthetic": 55}])
def test_how_many_synthetic_images_there_are_to_be_may_be_said_in_three_ways(config, change):
    sources.check(config | {"rendered_counts": []} | change)


def test_settings_that_differ_are_laid_over_the_learners_own(config):
    asked = {"small": {"width": 9}, "finetuned": None}
    found = sources.complete(config | {"learners": ["frozen"], "learner_settings": asked})
    # The first is always there: it judges.
    assert list(found["learner_settings"]) == ["small", "frozen", "finetuned"]
    assert found["learner_settings"]["small"] == LEARNERS.complete("small", {}) | {"width": 9}
    for name in ("frozen", "finetuned"):
        assert found["learner_settings"][name] == LEARNERS.complete(name, {})
    assert sources.complete(found) == found


def test_only_so_many_of_a_folders_rendered_pictures_are_taken(folders):
    for asked, there in ((None, 30), (10, 10), (1000, 30)):
        found = sources.complete(laid_over(folders, {"rendered": {"count": asked}}))
        assert found["rendered"]["count"] == there
        all_of_them = found | {"synthetic": "all", "rendered_counts": []}
        assert max(cell.n_synthetic for cell in grid.cells(all_of_them)) == there


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"learner_settings": {"frozen": {"weights": "nowhere.pth"}}},
            "`learner_settings: frozen: weights:`: 'nowhere.pth' is no file; name one, or wheel ",
        ),
        (
            {"images": {"height": 64, "width": 31}},
            "`learners`: 'frozen' does grey or colour images with sides of 32 to 224 ",
        ),
        (
            {"mixes": ["real-pseudo-aug"], "controls": {}},
            "`mixes`: no learner of `learners` can do",
        ),
    ],
)
def test_what_a_pretrained_network_cannot_do_is_named(folders, change, message):
    pretrained = {
        "images": {"height": 96, "width": 80},
        "learners": ["frozen"],
        "unlabelled": {"source": "pool"},
        "mixes": ["real-aug"],
        "rendered_counts": [],
    }
    able = laid_over(folders, pretrained)
    sources.check(able)
    with pytest.raises(InputError, match=f"^config key {message}[^\n]*$"):
        sources.check(laid_over(able, change))


def test_weights_of_ones_own_are_a_file(folders, tmp_path):
    weights = tmp_path / "own.safetensors"
    weights.touch()
    settings = {"frozen": {"weights": str(weights)}}
    pretrained = {"images": {"height": 96, "width": 80}, "learners": ["frozen"]}
    sources.check(laid_over(folders, pretrained | {"learner_settings": settings}))
    weights.unlink()
    with pytest.raises(InputError, match=r"frozen: weights:`: '.*own\.safetensors' is no file"):
        sources.check(laid_over(folders, pretrained | {"learner_settings": settings}))


def test_a_folder_of_pictures_is_not_mnist(folders):
    mnist = {"real": {"source": "mnist"}, "images": {"height": 28, "width": 28, "channels": 1}}
    with pytest.raises(InputError, match=r"real lacks train-.* take `real: source: folder`"):
        sources.check(laid_over(folders, mnist))


def test_mnists_own_files_pass_plain_or_zipped(config, tmp_path):
    for place, name in enumerate(mnist.IDX):
        (tmp_path / f"{name}-ubyte{'.gz' * (place % 2)}").touch()
    sources.check(laid_over(config, {"real": {"directory": str(tmp_path)}}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"counts": [5, 50]}, "`counts`: 50 real images asked for, .* has 42 to train on"),
        ({"counts": [5, 21]}, "`counts`: 21 is more than `synthetic: total:`"),
        (
            {"synthetic": {"total": 36}},
            "`synthetic`: a mix takes up to 31 rendered images, but .*/rendered gives 30$",
        ),
        (
            {"rendered": {"count": 11}},
            "`synthetic`: a mix takes up to 15 rendered images, but .*/rendered gives 11$",
        ),
        (
            {"mixes": ["real", "warp"]},
            "key `mixes`: .* 'warp' does grey .*, not 24 x 20 .* take cyclegan or",
        ),
        ({"real": {"directory": "nowhere"}}, "`real: directory:`: 'nowhere' is not a directory"),
        ({"rendered": {"directory": "nowhere"}}, "`rendered: directory:`: 'nowhere' is not a"),
        ({"real": {"directory": "config"}}, "`real: directory:`: config must hold .* two"),
        ({"real": {"group": "(camera"}}, "`real: group:`: '\\(camera' is no pattern"),
        ({"real": {"group": "^(camera)"}}, "no picture is left to test on .*`real: test:`"),
        (
            {"rendered": {"source": "fonts", "count": 9}},
            "`rendered: geometry:`: mnist draws grey images of 28",
        ),
        (
            {"rendered": {"source": "fonts", "geometry": "frame", "count": 30}},
            "not have the same classes .* real lacks '0', '1'",
        ),
    ],
)
def test_what_does_not_fit_folders_is_named(folders, change, message):
    with pytest.raises(InputError, match=message):
        sources.check(laid_over(folders, change))


def empty_class(real, rendered):
    (real / "hexagon").mkdir()


def one_class(real, rendered):
    for name in ("circle", "square"):
        (real / name).rename(real.parent / name)


def more_classes_than_pictures(real, rendered):
    for path in real.glob("*/*"):
        path.unlink()
    (real / "circle/one.png").touch()


def only_real(real, rendered):
    (real / "circle").rename(real / "disc")


def split_group(real, rendered):
    for name in ("train", "test"):
        for shape in drawn.SHAPES:
            for path in sorted((real / shape).glob("*"))[:: 1 if name == "train" else 2]:
                target = real / name / shape / f"{name}{path.name}"
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(path.read_bytes())
    for shape in drawn.SHAPES:
        for path in (real / shape).glob("*"):
            path.unlink()
        (real / shape).rmdir()


def test_nothing_of_other_needs_to_be_rendered(folders, tmp_path):
    (tmp_path / "real/circle").rename(tmp_path / "real/other")
    with pytest.raises(InputError, match="real lacks 'circle'"):
        sources.check(folders)
    shutil.rmtree(tmp_path / "rendered/circle")
    listing.list_rendered.cache_clear()
    sources.check(folders)
    (tmp_path / "real/other").rename(tmp_path / "real/others")
    listing.list_real.cache_clear()
    with pytest.raises(InputError, match="rendered: directory:` lacks 'others'"):
        sources.check(folders)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (empty_class, "`real: directory:`: .*no picture to train on of the class 'hexagon'"),
        (one_class, "`real: directory:`: .*two classes or more; it has 'triangle'$"),
        (more_classes_than_pictures, "`real: directory:`: .*no picture to train on of the class"),
        (only_real, "same classes .*real lacks 'circle'"),
        (split_group, "the group 'camera00' .*is in test and train"),
    ],
)
def test_what_stands_in_the_folders_is_checked(folders, tmp_path, change, message):
    change(tmp_path / "real", tmp_path / "rendered")
    group = {"real": {"group": "camera.."}} if change is split_group else {}
    with pytest.raises(InputError, match=message):
        sources.check(laid_over(folders, group))
