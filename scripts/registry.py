"""Plugins found by file name: a loading backend, a training strategy, a preprocessing step.

A plugin is one module in its package, named as the config names it, that defines one class of an agreed name
(`Backend`, `Strategy`, `Step`). Listing names imports nothing, and a plugin imports heavy libraries inside its
methods, so that the Snakefile can check a config without loading torch, cv2 or dask.
"""

import importlib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@cache  # the Snakefile asks for each of thousands of jobs
def names(package: str) -> tuple[str, ...]:
    """The sorted names of the plugins of `package` (dotted, as `scripts.loading.backends`)."""
    folder = ROOT.joinpath(*package.split("."))
    return tuple(sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")))


def module(package: str, name: str) -> str:
    """The dotted module of one plugin: what a rule names to make its job depend on that plugin's code."""
    return f"{package}.{name}"


def modules(package: str) -> list[str]:
    """The dotted modules of all plugins of `package`."""
    return [module(package, name) for name in names(package)]


def load(package: str, name: str, kind: str) -> Any:
    """The class `kind` of the plugin `name`.

    Raises:
        KeyError: there is no such plugin; the message lists those there are.
    """
    if name not in names(package):
        raise KeyError(f"{name!r} is none of {', '.join(names(package))}")
    return getattr(importlib.import_module(module(package, name)), kind)
