"""Processes that the script starts by multiprocessing, as torch.multiprocessing.spawn does: each has its own watch."""

from __future__ import annotations

import faulthandler
import os
import signal
from collections.abc import Callable
from time import perf_counter
from types import ModuleType
from typing import Any

from . import record, watch
from .hooks import CHANGES
from .imports import on_import

SPAWN = "torch.multiprocessing.spawn"
LOADER = "torch.utils.data._utils"  # the processes of a DataLoader


class Watched:
    """The function of such a process, which is watched; it is pickled where the process is not forked."""

    def __init__(self, function: Callable[..., Any], folder: str, options: dict[str, Any]) -> None:
        self.function, self.folder, self.options = function, folder, options

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        watch.current = watch.Watch(self.options, perf_counter())
        index = args[1] if _module(self.function) == SPAWN else None
        seen = record.Record(watch.current, self.folder, rank=None, index=index)
        record.begin(seen)
        on_import({**CHANGES, **PROCESSES})
        try:
            returned = self.function(*args, **kwargs)
        except SystemExit as error:
            seen.end("script", status(error), None)
            raise
        except BaseException as error:
            seen.end("script", 1, said(error))
            raise
        seen.end("script", 0, None)
        return returned


def status(error: SystemExit) -> int:
    """The exit status that Python makes of it."""
    if error.code is None:
        return 0
    return error.code if isinstance(error.code, int) else 1


def said(error: BaseException) -> str:
    """One line of an exception."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:500]


def processes(module: ModuleType) -> None:
    """multiprocessing.process"""
    start = module.BaseProcess.start

    def started(self: Any) -> Any:
        seen, target = record.current, self._target
        ours = seen is not None and seen.pid == os.getpid() and target is not None
        if seen is not None and ours and not _module(target).startswith(LOADER):
            seen.processes += 1
            seen.spawned += _module(target) == SPAWN
            self._target = Watched(target, seen.folder, seen.watch.steps.options)
        return start(self)

    module.BaseProcess.start = started


def _module(function: Any) -> str:
    return getattr(function, "__module__", None) or ""


PROCESSES = {"multiprocessing.process": processes}


def forget_in_child() -> None:
    """A forked process is none of ours, until it is told otherwise."""
    watch.current = None
    record.current = None
    faulthandler.unregister(signal.SIGTERM)
