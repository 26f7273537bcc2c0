"""Which code made a result: a hash of the modules that one command runs.

Snakemake does not track imported modules. Trained rules therefore carry this hash as a
parameter, so that an edited module reruns the stages that run it, and only those.
"""

import ast
import hashlib
from pathlib import Path

PACKAGE = Path(__file__).parent


def _code(tree: ast.AST) -> str:
    """Text of a syntax tree without docstrings, which run nothing."""
    documented = ast.Module | ast.ClassDef | ast.FunctionDef
    for node in ast.walk(tree):
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


def _imports(tree: ast.AST, package: str = "realink") -> set[str]:
    """Names of realink's own modules that code inside `package` imports."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: 1 - node.level or None] if node.level else []
            module = ".".join([*parents, *filter(None, [node.module])])
            names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    # The bare package holds the version alone.
    return {name for name in names if name.startswith("realink.")}


def _path(module: str) -> Path | None:
    stem = PACKAGE.joinpath(*module.split(".")[1:])
    candidates = (stem.with_suffix(".py"), stem / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def code_hash(command: str, *modules: str) -> str:
    """Hash the code that a command of the CLI runs.

    Parameters
    ----------
    command : name of a function of `realink.cli`, e.g. ``train_classifier``
    modules : modules that it loads by name, e.g. ``realink.translators.cyclegan``

    Returns
    -------
    12 hexadecimal digits of the SHA-256 of the syntax trees of the command's own function, of the
    functions of the CLI that it names, and of every realink module that these import, directly or
    not. Comments, docstrings and layout do not count; nor do other packages.
    """
    body = ast.parse((PACKAGE / "cli.py").read_text()).body
    functions = {node.name: node for node in body if isinstance(node, ast.FunctionDef)}
    pending, texts = set(modules), {}
    called = [command]
    for name in called:
        node = functions[name]
        pending |= _imports(node)
        texts[f"realink.cli:{name}"] = _code(node)
        named = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        called += sorted((named & functions.keys()) - set(called))
    while pending:
        module = pending.pop()
        path = _path(module)
        if module in texts or path is None:
            continue
        tree = ast.parse(path.read_text())
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        pending |= _imports(tree, package)
        texts[module] = _code(tree)
    text = "\n".join(f"{name} {texts[name]}" for name in sorted(texts))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
