"""Plugins found by file name: a loading backend, a training strategy, a preprocessing step.

A plugin is one module in its package, or in a room of that, named as the config names it, that defines one class of an
agreed name (`Backend`, `Strategy`, `Step`). Listing names imports nothing, and a plugin imports heavy libraries inside
its methods, so that the Snakefile can check a config without loading torch, cv2 or dask.
"""

import importlib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@cache  # the Snakefile asks for each of thousands of jobs
def _modules(package: str) -> dict[str, str]:
    """The dotted module of each plugin of `package`, by its name."""
    found = (path.relative_to(ROOT) for path in ROOT.joinpath(*package.split(".")).rglob("*.py"))
    named = {path.stem: ".".join(path.with_suffix("").parts) for path in found if not path.stem.startswith("_")}
    return dict(sorted(named.items()))


def names(package: str) -> tuple[str, ...]:
    """The sorted names of the plugins of `package` (dotted, as `scripts.loading.backends`)."""
    return tuple(_modules(package))


def module(package: str, name: str) -> str:
    """The dotted module of one plugin: what a rule names to make its job depend on that plugin's code."""
    return _modules(package)[name]


def modules(package: str) -> list[str]:
    """The dotted modules of all plugins of `package`."""
    return list(_modules(package).values())


def load(package: str, name: str, kind: str) -> Any:
    """The class `kind` of the plugin `name`.

    Raises:
        KeyError: there is no such plugin; the message lists those there are.
    """
    if name not in names(package):
        raise KeyError(f"{name!r} is none of {', '.join(names(package))}")
    return getattr(importlib.import_module(module(package, name)), kind)
