"""The files of a program: where its script lies, what else its measurements depend on, and its interpreter."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.errors import UserError

if TYPE_CHECKING:
    from scripts.config.program import Program

LEAST_PYTHON = (3, 9)


def script_of(program: "Program") -> Path | None:
    """The script's path; None of a module that an interpreter finds by itself."""
    folder = Path(program.folder)
    if program.is_module:
        beside = folder.joinpath(*program.script.split("."))
        return next((path for path in (beside.with_suffix(".py"), beside / "__main__.py") if path.is_file()), None)
    return folder / program.script


def files_of(program: "Program") -> list[Path]:
    """The files that its measurements depend on, the script first.

    Raises:
        UserError: there is no such folder, script or interpreter, or a pattern of `files` finds nothing.
    """
    folder, script = Path(program.folder), script_of(program)
    if not folder.is_dir():
        raise UserError(
            f"training.program.folder: found no folder {folder}; expected the one that the script is run in"
        )
    if script is not None and not script.is_file():
        raise UserError(
            f"training.program.command: found no file {script}; expected a script in training.program.folder, or -m "
            "and a module"
        )
    if not os.access(interpreter_of(program), os.X_OK):
        raise UserError(
            f"training.program.python: found no interpreter {program.python}; expected one, as /home/me/env/bin/python"
        )
    found = [] if script is None else [script]
    around = folder if script is None else script.parent
    for pattern in program.files:
        matches = sorted(path for path in around.glob(pattern) if path.is_file())
        if not matches and pattern != "*.py":
            raise UserError(
                f"training.program.files: found no file {around / pattern}; expected some, or no such pattern"
            )
        found += matches
    return list(dict.fromkeys(found))


def interpreter_of(program: "Program") -> Path:
    """The interpreter's path."""
    return Path(program.python or sys.executable).expanduser()


def digest_of(files: Iterable[Path]) -> str:
    """The first 12 hex digits of the sha256 of the contents, in their order."""
    found = hashlib.sha256()
    for file in files:
        found.update(hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()[:12]


def check_interpreter(python: Path) -> None:
    """Raises UserError where it is no Python that the ranks can be watched in."""
    try:
        said = subprocess.run(
            [python, "-c", "import sys; print(*sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        version = tuple(map(int, said.stdout.split()))
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise UserError(f"training.program.python: {python} cannot be started: {error}") from None
    if version < LEAST_PYTHON:
        found = ".".join(map(str, version)) or said.stderr.strip()
        raise UserError(f"training.program.python: {python}: found Python {found}; expected 3.9 or later")
