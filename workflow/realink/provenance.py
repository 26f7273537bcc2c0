"""Which code made a result: a hash of the modules that one command runs.

Snakemake does not track imported modules. Trained rules therefore carry this hash as a
parameter, so that an edited module reruns the stages that run it, and only those.
"""

import ast
import hashlib
from pathlib import Path

PACKAGE = Path(__file__).parent


def _imports(tree: ast.AST) -> set[str]:
    """Names of realink's own modules that a syntax tree imports."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "realink":
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names if alias.name.split(".")[0] == "realink"}
    return names


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
    12 hexadecimal digits of the SHA-256 of the syntax trees of the command's own function and
    of every realink module that it imports, directly or not. Comments and layout do not count.
    """
    cli = ast.parse((PACKAGE / "cli.py").read_text())
    function = next(
        node for node in cli.body if isinstance(node, ast.FunctionDef) and node.name == command
    )
    pending, trees = _imports(function) | set(modules), {"realink.cli": ast.dump(function)}
    while pending:
        module = pending.pop()
        path = _path(module)
        if module in trees or path is None:
            continue
        tree = ast.parse(path.read_text())
        trees[module] = ast.dump(tree)
        pending |= _imports(tree)
    text = "\n".join(f"{module} {trees[module]}" for module in sorted(trees))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
