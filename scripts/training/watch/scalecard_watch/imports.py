"""Doing something to a module at the moment the script imports it, so that nothing is imported for the watcher."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

Change = Callable[[ModuleType], None]


class Finder:
    """The first of sys.meta_path: lets the others find a module, and calls its change once it has been executed."""

    def __init__(self, changes: dict[str, Change]) -> None:
        self.changes = changes

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        change = self.changes.pop(name, None)
        if change is None:
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        found = (finder.find_spec(name, path, target) for finder in others)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            _execute_and(change, spec.loader)
        return spec


def _execute_and(change: Change, loader: Any) -> None:
    execute = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        del loader.exec_module  # a second execution, by importlib.reload, is as if we were not here
        execute(module)
        change(module)

    loader.exec_module = exec_module


def on_import(changes: dict[str, Change]) -> None:
    """Call each module's change when it has been imported, at once where it was before; the first call counts."""
    if any(isinstance(finder, Finder) for finder in sys.meta_path):  # of the process that this one was forked from
        return
    waiting = {}
    for name, change in changes.items():
        module = sys.modules.get(name)
        if module is None:
            waiting[name] = change
        else:
            change(module)
    sys.meta_path.insert(0, Finder(waiting))
