"""The code hash: what changes it, and what must not."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from realink.running import provenance

PACKAGE = provenance.PACKAGE


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of the package whose files a test may edit."""
    copy = tmp_path / "realink"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(provenance, "PACKAGE", copy)
    return copy


TRANSLATE = {"train_translator", "translate"}
CLASSIFIERS = {"train_classifier", "train_frozen"}
TRAINED = {*TRANSLATE, *CLASSIFIERS, "train_judge", "encode"}
PLOTS = {"plot_error", "plot_examples"}
COMMANDS = {"prepare_real", "prepare_rendered", "draw_real", *PLOTS, *TRAINED}


LEARN = {"train_classifier": "small", "train_frozen": "frozen", "encode": "frozen"}


def hashes():
    """Of each command, with what it loads; `train_classifier` of two learners."""
    found = {}
    for name in COMMANDS:
        command = "train_classifier" if name == "train_frozen" else name
        translator = "cyclegan" if name in TRANSLATE else None
        found[name] = provenance.code_hash(command, translator=translator, learner=LEARN.get(name))
    return found


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("file", "old", "new", "changed"),
    [
        (
            "learners/small/network.py",
            "import math",
            "import math, time",
            {"train_classifier", "train_judge"},
        ),
        (
            "translation/translators/cyclegan/model.py",
            "import torch\n",
            "import torch, time\n",
            TRANSLATE,
        ),
        ("translation/translators/cyclegan/__init__.py", "setting(600", "setting(601", TRANSLATE),
        ("translation/translators/warp/model.py", "import torch\n", "import torch, time\n", set()),
        ("translation/translators/warp/__init__.py", "setting(8", "setting(9", set()),
        ("page/figures.py", "import matplotlib\n", "import matplotlib, time\n", PLOTS),
        ("images/glyphs.py", "BOX = 28, 20", "BOX = 28, 18", {"prepare_rendered"}),
        ("images/mnist.py", "import math", "import math, time", {"prepare_real"}),
        ("learners/small/model.py", "import Any\n", "import Any, Union\n", {"train_classifier"}),
        (
            "learners/small/__init__.py",
            "setting(1100",
            "setting(1101",
            {"train_classifier", "train_judge"},
        ),
        (
            "learners/frozen/model.py",
            "import torch\n",
            "import torch, time\n",
            {"train_frozen", "encode"},
        ),
        (
            "learners/frozen/__init__.py",
            "views: int = setting(4",
            "views: int = setting(5",
            {"train_frozen", "encode"},
        ),
        ("learners/finetuned/model.py", "import torch\n", "import torch, time\n", set()),
        # The network that encodes stands beside what trains its head.
        ("learners/job.py", '"synthetic"', '"drawn"', {*CLASSIFIERS, "encode"}),
        (
            "learners/views.py",
            "import numpy as np\n",
            "import numpy as np, time\n",
            {"train_frozen", "encode"},
        ),
        ("plan/recipe.py", "RENDERED)", "RENDERED, 1)", {*CLASSIFIERS, "encode"}),
        ("commands/classifier.py", "cell.steps or 0", "cell.steps or 1", CLASSIFIERS),
        ("commands/encode.py", '"encoded")', '"seen")', {"encode"}),
        ("commands/support.py", "cudnn.benchmark = False", "cudnn.benchmark = True", TRAINED),
        ("page/saved.py", "dpi=160", "dpi=161", PLOTS),
        ("errors.py", "there are none", "nothing is there", set()),
        ("seeds.py", "sha256", "sha512", {"draw_real", "prepare_rendered", *TRAINED}),
        ("plan/grid.py", "import Any", "import Any, Union", set()),
        ("plan/sources.py", "import Any", "import Any, Union", set()),
        ("__init__.py", "0.1.0", "0.1.1", set()),
    ],
)
def test_only_the_commands_that_run_a_module_change(package, file, old, new, changed):
    before = hashes()
    edit(package / file, old, new)
    after = hashes()
    assert {name for name in before if before[name] != after[name]} == changed


def test_a_constant_of_commands_counts_for_those_that_name_it_alone(package):
    names = "encode", "gather", "classify"
    before = {name: provenance.code_hash(name) for name in names}
    edit(package / "commands/classify.py", "AT_ONCE = 256", "AT_ONCE = 255")
    after = {name: provenance.code_hash(name) for name in names}
    assert [name for name in names if before[name] != after[name]] == ["classify"]


def test_a_plot_does_not_depend_on_how_images_are_augmented(package):
    before = {name: provenance.code_hash(name) for name in ("plot_examples", "train_classifier")}
    edit(package / "training/augmentation.py", "import torch\n", "import torch, time\n")
    after = {name: provenance.code_hash(name) for name in before}
    assert [name for name in before if before[name] != after[name]] == ["train_classifier"]


def test_no_module_of_commands_imports_another():
    """Else a job's hash holds all that the other module's commands run."""
    modules = sorted(set(PACKAGE.glob("commands/*.py")) - {PACKAGE / "commands/__init__.py"})
    assert len(modules) > 10
    for path in modules:
        imported = provenance._imports(ast.parse(path.read_text()), "realink.commands")
        others = {name.split(".")[2] for name in imported if name.startswith("realink.commands.")}
        assert others <= {"support"}, f"{path.name} imports {others}"


def test_what_does_not_count_only_words_errors():
    """`realink.errors` could make no other result: it imports nothing here, and nobody reads it."""
    imported = provenance._imports(ast.parse((PACKAGE / "errors.py").read_text()), "realink")
    assert not {name for name in imported if name.startswith("realink")}


def test_comments_and_layout_change_nothing(package):
    before = hashes()
    path = package / "learners/small/network.py"
    path.write_text("# A remark.\n\n" + path.read_text())
    edit(path, '"""The classifier that every training mix', '"""What every training mix')
    assert hashes() == before


def test_of_learners_and_translators_only_the_one_that_is_loaded_counts(package):
    for name in "one", "two":
        (package / "learners" / name).mkdir()
        (package / "learners" / name / "__init__.py").write_text("LIMITS = 1")
        (package / "learners" / name / "model.py").write_text("import realink.seeds")

    def of_learners():
        names = None, "one", "two"
        return [provenance.code_hash("gather", learner=name) for name in names]

    seen = [of_learners()]
    assert len(set(seen[0])) == 3
    for file, text in ("__init__", "LIMITS = 2"), ("model", "import realink.seeds, time"):
        (package / f"learners/two/{file}.py").write_text(text)
        seen.append(of_learners())
        assert [old == new for old, new in zip(*seen[-2:], strict=True)] == [True, True, False]
    edit(package / "seeds.py", "sha256", "sha512")  # what their models import
    assert [a == b for a, b in zip(seen[-1], of_learners(), strict=True)] == [True, False, False]


def test_imports_relative_to_a_module_count(package):
    edit(
        package / "translation/translators/cyclegan/model.py",
        "from realink.translation.loop import",
        "from ...loop import",
    )
    before = hashes()
    edit(package / "translation/loop.py", "INTERVALS = 50", "INTERVALS = 51")
    after = hashes()
    assert before["translate"] != after["translate"]


def test_another_version_of_python_gives_the_same_hash(package, monkeypatch):
    """Later versions' trees have further fields, which are empty in code that does not use them."""
    before = hashes()
    parse = ast.parse

    def parse_as_later(*arguments, **options):
        tree = parse(*arguments, **options)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                node.type_params = []
                node.later = None
                node._fields = (*type(node)._fields, "type_params", "later")
        return tree

    monkeypatch.setattr(provenance.ast, "parse", parse_as_later)
    provenance._parsed.cache_clear()
    assert hashes() == before
    provenance._parsed.cache_clear()


def test_every_python_on_this_machine_gives_the_same_hash():
    known = Path.home().glob(".pyenv/versions/3.*/bin/python3.[0-9][0-9]")
    pythons = {*known, *map(shutil.which, (f"python3.{minor}" for minor in range(11, 20)))} - {None}
    script = (
        "import sys; sys.version_info < (3, 11) and sys.exit(0); "
        "from realink.running.provenance import code_hash; print(code_hash('train_classifier'))"
    )
    found = set()
    for python in {sys.executable, *map(str, pythons)}:
        done = subprocess.run(
            [python, "-c", script], cwd=PACKAGE.parent, capture_output=True, text=True, check=False
        )
        # pyenv has commands for versions that are not switched on: these say so.
        if done.returncode != 127 and done.stdout:
            found.add(done.stdout.strip())
    assert found == {provenance.code_hash("train_classifier")}


def test_a_command_without_a_translator_does_not_ask_which():
    assert "translator" in provenance.parameters("translate")
    assert "translator" not in provenance.parameters("train_classifier")


def test_all_commands_of_the_rules_have_a_hash():
    rules = (PACKAGE.parent / "rules").glob("*.smk")
    called = {name for path in rules for name in re.findall(r'call\(\s*"(\w+)"', path.read_text())}
    assert len(called) > 15
    for name in called:
        assert re.fullmatch("[0-9a-f]{12}", provenance.code_hash(name))
