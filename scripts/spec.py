"""How the config values that a rule uses reach its program: one canonical JSON string, the rule's only tracked param.

A rule file lists the values by name (`spec=canonical(size=STUDY.images.size, ...)`); the program reads them back into a
typed model of its own. A config value that stands in no spec of a rule cannot make that rule's outputs stale.
"""

import hashlib
import json
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from scripts.registry import ROOT

# Packages that decode and resize.
PIXELS = ("opencv-python-headless", "simplejpeg", "pillow", "tifffile", "imagecodecs", "numpy")


class Spec(BaseModel):
    """The settings of one program, as its rule gives them; a missing or an unknown one is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def canonical(**values: Any) -> str:
    """`values` as JSON that is equal exactly when they are: sorted keys, plain types, pydantic models unfolded."""

    def plain(value: Any) -> Any:
        if isinstance(value, BaseModel):
            return value.model_dump(mode="json")
        raise TypeError(f"{value!r} cannot stand in a spec")

    return json.dumps(values, sort_keys=True, separators=(",", ":"), default=plain)


def pins(*packages: str) -> list[str]:
    """The lines of requirements.lock that pin `packages`: for a rule whose pixels depend on these alone."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return sorted(line for line in lines if line.partition("==")[0].lower() in packages)


def differing_packages(lock: Path = ROOT / "requirements.lock") -> list[str]:
    """The packages that are installed in another version than the lock has, with both; none that is not installed. What
    a build adds to its version (`+cpu`) makes no other.
    """
    found = []
    for line in lock.read_text(encoding="utf-8").splitlines():
        name, _, pinned = line.partition(";")[0].strip().partition("==")
        # Of one whose files are half gone the version is None, or, where importlib_metadata is imported, an error.
        with suppress(metadata.PackageNotFoundError, FileNotFoundError):
            installed: str | None = metadata.version(name) if pinned else None
            if installed and installed.partition("+")[0] != pinned:
                found.append(f"{name} {installed} (lock: {pinned})")
    return found


def lock_digest() -> str:
    """The first 12 hex digits of the sha256 of requirements.lock: other packages make another measurement."""
    return hashlib.sha256((ROOT / "requirements.lock").read_bytes()).hexdigest()[:12]
