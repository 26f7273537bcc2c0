"""Which code made a result: a hash of the modules that one command runs.

Snakemake does not track imported modules. Rules therefore carry this hash as a parameter, so that
an edited module reruns the stages that run it, and only those.
"""

import ast
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from realink.declared import LEARNERS, TRANSLATORS

# Where a command finds what it loads by a name: the kind is the parameter that has the name.
LOADED = {family.kind: family.package for family in (TRANSLATORS, LEARNERS)}
PACKAGE = Path(__file__).parents[1]


def code_hash(
    command: str, package: Path | None = None, **loaded: str | Sequence[str] | None
) -> str:
    """Hash the code that a command runs.

    Parameters
    ----------
    command : name of a function in a module of `realink.commands`, e.g. ``train_classifier``
    package : directory of another package that has the command in its `commands`, such as a study's
    loaded : what it loads, if anything, one or several, by kind, e.g. ``translator="cyclegan"``
        (see `LOADED`)

    Returns
    -------
    12 hexadecimal digits of the SHA-256 of the syntax trees of the command's own function, of the
    functions and constants of its module that it names, and of every module of realink (and of
    that package) that these import, directly or not. Comments, docstrings and layout do not count;
    nor do `realink.errors`, other packages and Python's version.
    """
    pending, texts = set(), {}
    home, _ = _commands(package or PACKAGE)[command]
    own = _own(package or PACKAGE)[home]
    for kind, names in loaded.items():
        for name in [names] if isinstance(names, str) else names or ():
            pending |= {f"{LOADED[kind]}.{name}", f"{LOADED[kind]}.{name}.model"}
    called = [command]
    for name in called:
        pending |= _imports(own[name], home)
        texts[f"{home}:{name}"] = _text(own[name])
        named = {part.id for part in ast.walk(own[name]) if isinstance(part, ast.Name)}
        called += sorted(named & own.keys() - set(called))
    while pending:
        module = pending.pop()
        path = _path(module, package)
        if module in texts or path is None:
            continue
        tree = _tree(path)
        within = module if path.name == "__init__.py" else module.rpartition(".")[0]
        pending |= _imports(tree, within)
        texts[module] = _text(tree)
    text = "\n".join(f"{name} {texts[name]}" for name in sorted(texts))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def parameters(command: str, package: Path | None = None) -> set[str]:
    """Names of the parameters of a command, of realink or of another package."""
    _, node = _commands(package or PACKAGE)[command]
    return {argument.arg for argument in [*node.args.args, *node.args.kwonlyargs]}


def _commands(package: Path) -> dict[str, tuple[str, ast.FunctionDef]]:
    """Every function of the modules of commands, by name: its module and its tree."""
    return {
        name: (home, node)
        for home, own in _own(package).items()
        for name, node in own.items()
        if isinstance(node, ast.FunctionDef)
    }


def _own(package: Path) -> dict[str, dict[str, ast.stmt]]:
    """What each module of commands defines: the trees of its functions and constants, by name."""
    found = {}
    for path in [*package.glob("commands.py"), *sorted(package.glob("commands/*.py"))]:
        home = ".".join(path.relative_to(package.parent).with_suffix("").parts)
        found[home] = {name: node for node in _tree(path).body for name in _defined(node)}
    return found


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _tree(path: Path) -> ast.Module:
    return _parsed(path, path.stat().st_mtime_ns)


@cache
def _parsed(path: Path, changed: int) -> ast.Module:
    # A parse of the workflow asks for some twenty hashes.
    return ast.parse(path.read_text())


def _text(node: Any) -> str:
    """Text of a syntax tree without docstrings, which run nothing.

    Not `ast.dump`, whose text differs between versions of Python: these add fields that are empty.
    """
    if isinstance(node, list):
        return f"[{', '.join(map(_text, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = dict(ast.iter_fields(node))
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
        fields["body"] = node.body[1:]
    filled = {name: value for name, value in fields.items() if value is not None and value != []}
    return f"{type(node).__name__}({', '.join(f'{k}={_text(v)}' for k, v in filled.items())})"


def _imports(tree: ast.AST, package: str) -> set[str]:
    """Names of modules, and of what else, that code inside `package` imports."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: 1 - node.level or None] if node.level else []
            module = ".".join([*parents, *filter(None, [node.module])])
            names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


def _path(module: str, package: Path | None) -> Path | None:
    """File of a module whose code counts."""
    first, *rest = module.split(".")
    roots = {"realink": PACKAGE} | ({package.name: package} if package else {})
    # The bare package holds the version alone, and `errors` what is said where nothing is made.
    if first not in roots or not rest or module == "realink.errors":
        return None
    stem = roots[first].joinpath(*rest)
    candidates = (stem.with_suffix(".py"), stem / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)
