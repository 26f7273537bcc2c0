"""Families of packages that a study chooses from by name, on one that is made up."""

import importlib
import subprocess
import sys

import pytest

from realink import declared
from realink.declared import LEARNERS, TRANSLATORS, Family
from realink.errors import InputError

INIT = """
from __future__ import annotations
from dataclasses import dataclass
from realink.settings import Bounded, setting

LIMITS = {"sides": (16, 128)}

@dataclass(frozen=True, kw_only=True)
class Settings(Bounded):
    size: int = setting(3, low=1)
"""
MODEL = "import realink\nDONE = 1\nclass Beast:\n    pass\n"
BEASTS = Family(
    kind="beast",
    package="zoo",
    limits="LIMITS",
    model="Beast",
    chosen="beasts",
    settings="beast_settings",
)


@pytest.fixture
def put(tmp_path, monkeypatch):
    """Write a member of the family ``zoo``; it is forgotten afterwards."""
    (tmp_path / "zoo").mkdir()
    (tmp_path / "zoo/__init__.py").write_text("")
    (tmp_path / "zoo/shared.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)

    def put(name, init=INIT, model=MODEL):
        folder = tmp_path / "zoo" / name
        folder.mkdir()
        (folder / "__init__.py").write_text(init)
        if model is not None:
            (folder / "model.py").write_text(model)
        importlib.invalidate_caches()
        return folder

    yield put
    for name in [name for name in sys.modules if name.partition(".")[0] == "zoo"]:
        del sys.modules[name]


def test_members_are_the_packages_and_nothing_else(put):
    put("newt")
    put("ant").joinpath("deep").mkdir()
    assert BEASTS.names() == ["ant", "newt"]


def test_declaring_runs_no_model(put):
    put("ant", model=MODEL + "raise SystemExit")
    assert BEASTS.declared("ant").LIMITS == {"sides": (16, 128)}
    assert BEASTS.complete("ant", {}) == {"size": 3}
    assert BEASTS.complete("ant", {"size": 4}) == {"size": 4}
    assert "zoo.ant.model" not in sys.modules


def test_loading_brings_the_model(put):
    put("ant")
    loaded = BEASTS.load("ant")
    assert (loaded.model.DONE, loaded.model.Beast.__module__) == (1, "zoo.ant.model")
    assert loaded is BEASTS.declared("ant")


@pytest.mark.parametrize("name", ["aunt", "shared", "ant.model", "../ant", ""])
def test_an_unknown_name_says_where_it_stands(put, name):
    put("ant")
    with pytest.raises(InputError, match=r"^config key `beasts`: there is no beast '.*ant\b"):
        BEASTS.declared(name)


def test_settings_are_told_by_their_key(put):
    put("ant")
    with pytest.raises(InputError, match=r"^config key `beast_settings: ant:`: size: 0 is not at"):
        BEASTS.complete("ant", {"size": 0})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("class Settings", "class Setting", r"__init__\.py: lacks Settings; docs"),
        ("LIMITS", "LIMIT", r"__init__\.py: lacks LIMITS; docs"),
        ("LIMITS = {", "LIMITS = {{", r"__init__\.py, line 6: '\{' was never closed"),
        ("setting(3,", "setting(torch.ones(3),", r"\(NameError: name 'torch' is not defined\)"),
        ("import Bounded", "import Bound", r"\(ImportError: cannot import name 'Bound'"),
        ("Settings(Bounded)", "Settings", "Settings do not extend realink.settings.Bounded"),
    ],
)
def test_what_is_wrong_with_a_declaration_is_one_line(put, old, new, said):
    assert old in INIT
    put("ant", INIT.replace(old, new))
    with pytest.raises(InputError, match=said):
        BEASTS.declared("ant")


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (None, r"zoo/ant: lacks model\.py; docs"),
        ("class Beats: pass", r"model\.py: lacks Beast; docs"),
        ("Beast", r"model\.py: lacks Beast; docs"),
        ("class Beast:\npass", r"model\.py, line 2: expected an indented block"),
    ],
)
def test_what_is_wrong_with_a_model_is_said_before_it_runs(put, model, said):
    put("ant", model=model)
    with pytest.raises(InputError, match=said):
        BEASTS.declared("ant")


@pytest.mark.parametrize("model", ["from elsewhere import Beast", "Beast = make()"])
def test_a_model_may_have_its_class_from_elsewhere(put, model):
    put("ant", model=model)
    assert BEASTS.declared("ant")


def test_a_declaration_that_needs_torch_is_refused(put):
    """In a process of its own, since the tests have torch."""
    folder = put("ant", f"import torch\n{INIT.strip().partition('annotations')[2]}")
    script = f"""
import sys
from realink.declared import Family, InputError
sys.path.insert(0, {str(folder.parents[1])!r})
try:
    {BEASTS!r}.declared("ant")
except InputError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == (
        f"{folder}/__init__.py: imports torch, which every parse of the workflow would wait for: "
        "only model.py may\n"
    ), done.stderr


@pytest.mark.parametrize("family", [TRANSLATORS, LEARNERS], ids=lambda family: family.kind)
def test_what_comes_with_realink_is_declared_without_torch(family):
    script = f"""
import sys
from realink.declared import Family
family = {family!r}
for name in family.names():
    family.declared(name)
    print(name)
assert not {{"torch", "numpy", "pandas"}} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == family.names()


def test_the_module_itself_needs_the_standard_library_only():
    script = (
        f"import sys; sys.path.insert(0, {str(declared.__file__)!r}.rpartition('/realink/')[0])"
    )
    script += "; import realink.declared"
    done = subprocess.run([sys.executable, "-S", "-I", "-c", script], capture_output=True)
    assert done.returncode == 0, done.stderr
