"""Which files of scripts/ a program's behaviour depends on: its import closure.

Snakemake sees neither imports nor helpers, so each rule names its program's closure as input: an edited module makes
stale exactly the rules whose programs import it. Found by parsing, never by importing; plugins chosen at run time by
name (scripts/registry.py) are invisible to it and are named by the rule.
"""

import ast
from functools import cache
from pathlib import Path

from scripts.registry import ROOT


def closure(*modules: str) -> list[Path]:
    """The files, sorted, that the dotted `modules` and all they import inside `scripts` are made of.

    Raises:
        ModuleNotFoundError: one of `modules` is not a file under scripts/.
    """
    files: set[Path] = set()
    todo = []
    for module in modules:
        if _file(module) is None:
            raise ModuleNotFoundError(f"no module {module} under {ROOT}")
        todo.append(module)
    while todo:
        module = todo.pop()
        path = _file(module)
        if path is not None and path not in files:
            files.add(path)
            todo += _imports(path)
            todo += [module.rpartition(".")[0]] if "." in module else []
    return sorted(files)


def _file(module: str) -> Path | None:
    path = ROOT.joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@cache
def _imports(path: Path) -> list[str]:
    found: list[str] = []
    todo: list[ast.AST] = [ast.parse(path.read_bytes(), filename=str(path))]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            todo += node.orelse  # what only a type checker imports changes no behaviour
        else:
            todo += ast.iter_child_nodes(node)
    return [name for name in found if name.partition(".")[0] == "scripts"]
