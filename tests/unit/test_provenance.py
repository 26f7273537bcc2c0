"""The code hash: what changes it, and what must not."""

import shutil
from pathlib import Path

import pytest

from realink import provenance

PACKAGE = Path(provenance.__file__).parent


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of the package whose files a test may edit."""
    copy = tmp_path / "realink"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(provenance, "PACKAGE", copy)
    return copy


TRAINED = {"train_translator", "translate", "train_classifier"}


def hashes():
    cyclegan = "realink.translators.cyclegan"
    return {
        "render_fonts": provenance.code_hash("render_fonts"),
        "train_translator": provenance.code_hash("train_translator", cyclegan),
        "translate": provenance.code_hash("translate", cyclegan),
        "train_classifier": provenance.code_hash("train_classifier"),
        "plot_error": provenance.code_hash("plot_error"),
    }


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("file", "old", "new", "changed"),
    [
        ("classifier.py", "import math", "import math, time", {"train_classifier"}),
        (
            "translators/cyclegan.py",
            "import torch\n",
            "import torch, time\n",
            {"train_translator", "translate"},
        ),
        ("figures.py", "import matplotlib\n", "import matplotlib, time\n", {"plot_error"}),
        ("glyphs.py", "BOX = 28, 20", "BOX = 28, 18", {"render_fonts"}),
        ("cli.py", '"affine-elastic"', '"other"', {"train_classifier"}),
        ("cli.py", "cudnn.benchmark = False", "cudnn.benchmark = True", TRAINED),
        ("cli.py", "dpi=160", "dpi=161", {"plot_error"}),
        ("seeds.py", "sha256", "sha512", {"render_fonts", *TRAINED}),
        ("grid.py", "import Any", "import Any, Union", set()),
        ("real.py", "import math", "import math, time", set()),
        ("__init__.py", "0.1.0", "0.1.1", set()),
    ],
)
def test_only_the_commands_that_run_a_module_change(package, file, old, new, changed):
    before = hashes()
    edit(package / file, old, new)
    after = hashes()
    assert {name for name in before if before[name] != after[name]} == changed


def test_comments_and_layout_change_nothing(package):
    before = hashes()
    path = package / "classifier.py"
    path.write_text("# A remark.\n\n" + path.read_text())
    edit(path, '"""Network size and training recipe', '"""Recipe')
    assert hashes() == before


def test_imports_relative_to_a_module_count(package):
    edit(
        package / "translators/cyclegan.py",
        "from realink.translation import",
        "from ..translation import",
    )
    before = hashes()
    edit(package / "translation.py", "INTERVALS = 50", "INTERVALS = 51")
    after = hashes()
    assert before["translate"] != after["translate"]
