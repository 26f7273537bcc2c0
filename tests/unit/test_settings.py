"""A translator's package brings its settings, defaults and bounds, and the workflow reads them."""

import importlib
import math
import re
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml

from realink.errors import InputError
from realink.plan import sources
from realink.settings import Bounded, settings_from
from realink.store import checkpoints
from realink.translation import loop, translators
from realink.translation import settings as declarations

from .test_translation import THICK, THIN

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/extending.md").read_text().partition("## A translator")[2]
TEMPLATE = re.findall("```python\n(.*?)```", PAGE, re.DOTALL)[:2]  # __init__.py, model.py
WITHOUT_SETTINGS = (
    '''
from dataclasses import dataclass
from realink.settings import Bounded

SHAPES = {"channels": (1,), "sides": (16, 128)}

@dataclass(frozen=True, kw_only=True)
class Settings(Bounded):
    """None."""

''',
    """
from torch import nn

class Translator(nn.Module):
    def __init__(self, settings, shape):
        super().__init__()

    def translate(self, rendered, real):
        return -rendered.images
""",
)


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Put a translator's two files where translators are; it is forgotten afterwards."""
    monkeypatch.setattr(translators, "__path__", [str(tmp_path)])

    def put(name: str, init: str, model: str) -> None:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(init)
        (tmp_path / name / "model.py").write_text(model)
        importlib.invalidate_caches()

    yield put
    for path in tmp_path.glob("*/__init__.py"):
        whole = f"{translators.__name__}.{path.parent.name}"
        for module in [name for name in sys.modules if name.startswith(whole)]:
            del sys.modules[module]


@pytest.mark.parametrize("name", declarations.names())
def test_what_the_workflow_reads_is_what_a_job_runs(name):
    read = declarations.declared(name)
    assert declarations.complete(name, {}) == asdict(read.Settings())
    assert loop.load(name) is read
    model = read.model.Translator(read.Settings(), THIN.shape)
    assert isinstance(model.settings, read.Settings)


@pytest.mark.parametrize(
    ("name", "files", "settings"),
    [("tone", TEMPLATE, {"steps": 40, "average": 0.5}), ("two", WITHOUT_SETTINGS, {})],
)
def test_a_translator_is_one_package(module, tmp_path, name, files, settings):
    module(name, *files)
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    config |= {"mixes": ["real", f"real-{name}"], "translators": {name: settings}}
    complete = sources.settings_of_translators(config)[name]
    assert complete.items() >= settings.items()
    loaded = loop.load(name)
    knobs = settings_from(loaded.Settings, complete)
    model, history = loop.train(loaded, THIN, THICK, knobs, seed=0)
    assert len(history) == settings.get("steps", 0)
    checkpoints.save(tmp_path / "model", model, name, knobs, THIN.shape)
    again = checkpoints.load(tmp_path / "model", name, loaded.model.Translator, loaded.Settings)
    one, two = (loop.translate(each, THIN, THICK, seed=0).images for each in (model, again))
    assert (one == two).all()
    if name == "tone":  # nearer to the real images' light
        assert abs(one.mean() - THICK.images.mean()) < abs(THIN.images.mean() - THICK.images.mean())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("class Settings(", "class Setting(", "lacks Settings; docs"),
        ("class Translator(", "class Translater(", "lacks Translator; docs"),
        ("SHAPES =", "SHAPE =", "lacks SHAPES; docs"),
        ("SHAPES = {", "SHAPES = {{", r"one/__init__\.py, line \d+: '\{' was never closed"),
        ("super().__init__(", "super().__init__((", r"one/model\.py, line \d+: '\(' was never"),
        ("setting(300, low=1)", "setting(torch.ones(1))", "'torch' is not defined"),
        ("Settings(TrainingSettings)", "Settings", "do not extend realink.settings.Bounded"),
        ("setting(1, low=0)", "setting(-1, low=0)", "one:`: contrast_weight: -1 is not at least 0"),
    ],
)
def test_what_is_wrong_with_a_module_is_said_before_it_runs(module, old, new, said):
    assert any(old in text for text in TEMPLATE)
    module("one", *(text.replace(old, new) for text in TEMPLATE))
    with pytest.raises(InputError, match=said):
        declarations.complete("one", {})


def test_postponed_annotations_are_read_too(module):
    init, model = TEMPLATE
    module(
        "one", init.replace("\n\nfrom", "\n\nfrom __future__ import annotations\nfrom", 1), model
    )
    assert declarations.complete("one", {})["steps"] == 300
    said = "`translators: one:`: steps: 1.5 is not a whole number"
    with pytest.raises(InputError, match=said):
        declarations.complete("one", {"steps": 1.5})


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"steps": 0}, "steps: 0 is not at least 1"),
        ({"steps": True}, "steps: True is not a whole number"),
        ({"reach": 0}, "reach: 0 is not above 0"),
        ({"reach": math.inf}, "reach: inf is not a number"),
        ({"average": 1}, "average: 1 is not at least 0 and below 1"),
        ({"borrowed": 1.5}, "borrowed: 1.5 is not at least 0 and at most 1"),
        ({"borrowed": "all"}, "borrowed: 'all' is not a number"),
        ({"chanels": 3}, "'chanels' is unknown; did you mean 'channels'"),
    ],
)
def test_settings_out_of_bounds_are_named(asked, said):
    with pytest.raises(InputError, match=f"`translators: warp:`: {said}"):
        declarations.complete("warp", asked)


def test_defaults_are_within_their_bounds_and_described():
    for name in declarations.names():
        settings = declarations.declared(name).Settings
        described = "".join(kind.__doc__ for kind in settings.__mro__ if issubclass(kind, Bounded))
        assert all(f"    {key}\n" in described for key in declarations.complete(name, {}))
