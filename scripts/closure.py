"""Which files of scripts/ a program's behaviour depends on: its import closure, and one file that stands for it.

Snakemake sees neither imports nor helpers, so the code of each rule's program is an input of the rule: an edited
module makes stale exactly the rules whose programs import it. Forty files would be forty looks a job, and a dry run
that nobody reads; so one file is named, which lists them with their digests and is written only when that changes.
Imports are found by parsing, never by importing; plugins chosen at run time by name (scripts/registry.py) are
invisible to it and are named by the rule.
"""

import ast
import hashlib
import json
import os
from functools import cache
from pathlib import Path
from typing import NamedTuple

from scripts.atomic import write_text
from scripts.registry import ROOT


class Source(NamedTuple):
    """What a file held when it was last read."""

    modified: int  # ns
    size: int
    sha256: str
    imports: list[str]  # dotted, inside scripts


class Sources:
    """The files of scripts/, each read and parsed again only when its time or size has changed.

    Args:
        folder: where the files lie that stand for programs, with what is remembered (`sources.json`); None: nothing is
            written.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.known: dict[str, Source] = {}
        self.changed = False
        self._seen: dict[str, Source] = {}  # looked at by this object
        try:
            if folder is not None:
                found = json.loads((folder / "sources.json").read_text(encoding="utf-8"))
                self.known = {path: Source(*values) for path, values in found.items()}
        except (OSError, ValueError, TypeError, AttributeError):  # absent, or of another version: they are read anew
            pass

    def closure(self, *modules: str) -> list[Path]:
        """The files, sorted, that the dotted `modules` and all they import inside `scripts` are made of.

        Raises:
            ModuleNotFoundError: one of `modules` is not a file under scripts/.
        """
        files: set[str] = set()
        for module in modules:
            if _file(module) is None:
                raise ModuleNotFoundError(f"no module {module} under {ROOT}")
        todo, done = list(modules), set()
        while todo:
            module = todo.pop()
            path = None if module in done else _file(module)
            done.add(module)
            if path is not None and path not in files:
                files.add(path)
                todo += self._source(path).imports
                todo += [module.rpartition(".")[0]] if "." in module else []
        return [ROOT / path for path in sorted(files)]

    def stand_in(self, *modules: str) -> Path:
        """The file that stands for the code of `modules`: a line for each file of their closure, its sha256 and path.

        Where there was none, it is as old as the newest of these files; it is written again only when they change.
        """
        assert self.folder is not None
        path = stand_in_path(self.folder, *modules)
        files = self.closure(*modules)
        names = [file.relative_to(ROOT).as_posix() for file in files]
        text = "".join(f"{self._source(name).sha256}  {name}\n" for name in names)
        try:
            if path.read_text(encoding="utf-8") != text:
                write_text(path, text, lasting=False)
        except FileNotFoundError:
            write_text(path, text, lasting=False)
            newest = max(self._source(name).modified for name in names)
            os.utime(path, ns=(newest, newest))
        if self.changed:
            write_text(self.folder / "sources.json", json.dumps(self.known), lasting=False)
            self.changed = False
        return path

    def _source(self, path: str) -> Source:
        found = self._seen.get(path)
        if found is None:
            status = (ROOT / path).stat()
            found = self.known.get(path)
            if found is None or (found.modified, found.size) != (status.st_mtime_ns, status.st_size):
                content = (ROOT / path).read_bytes()
                digest = hashlib.sha256(content).hexdigest()
                found = Source(status.st_mtime_ns, status.st_size, digest, _imports(content, path))
                self.known[path], self.changed = found, True
            self._seen[path] = found
        return found


def closure(*modules: str) -> list[Path]:
    """As `Sources.closure`, remembering nothing."""
    return Sources().closure(*modules)


def stand_in_path(folder: Path, program: str, *plugins: str) -> Path:
    """Where the file lies that stands for a program with its plugins; none of them is looked at."""
    return folder / "-".join([program.removeprefix("scripts."), *(name.rpartition(".")[2] for name in plugins)])


def stood_for(path: Path) -> list[str]:
    """The files that a stand-in lists, relative to where they lie."""
    return [line.partition("  ")[2] for line in path.read_text(encoding="utf-8").splitlines()]


@cache
def _file(module: str) -> str | None:
    path = ROOT.joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate.relative_to(ROOT).as_posix()
    return None


def _imports(content: bytes, path: str) -> list[str]:
    found: list[str] = []
    todo: list[ast.AST] = [ast.parse(content, filename=path)]
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
