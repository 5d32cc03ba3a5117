"""A network that a function of the user's makes: its file, which is told from others by its digest."""

import argparse
import importlib.util
import sys
import traceback
from pathlib import Path

import torch

from scripts.errors import UserError, in_one_line
from scripts.training.model.model_names import file_digest

MODULE = "model_of_the_study"  # under which the file is imported: its own name may be another module's


def add_flag(parser: argparse.ArgumentParser) -> None:
    """The flag that names the file."""
    parser.add_argument("--model-file", type=Path, nargs="?", help="the user's, that makes the network; may be empty")


def expected_file(file: Path | None, digest: str | None, made_by: str) -> Path | None:
    """The file, where it is the one that `made_by` says, or there is none.

    Raises:
        UserError: it has another content, or is missing.
    """
    if digest is None:
        return None
    if file is None or not file.is_file():
        raise UserError(f"training.model: found no file {file}; expected the one that {made_by}")
    if (found := file_digest(file)) != digest:
        raise UserError(f"training.model: {file} has the digest {found}, not {digest} of the one that {made_by}")
    return file


def build_of_file(name: str, file: Path, classes: int) -> torch.nn.Module:
    """What the function that `name` ends in makes for so many classes.

    Raises:
        UserError: the file or the function fails, or makes no network.
    """
    function = name.rpartition(":")[2]
    if str(file.resolve().parent) not in sys.path:
        sys.path.append(str(file.resolve().parent))  # for what it imports from beside itself
    spec = importlib.util.spec_from_file_location(MODULE, file)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[MODULE] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        found = getattr(module, function)(classes)
    except Exception as error:  # whatever the user's code does
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
        where = f"line {lines[-1]}: " if lines else ""
        raise UserError(f"training.model: {file}: {where}{in_one_line(error)}") from None
    if not isinstance(found, torch.nn.Module):
        raise UserError(
            f"training.model: {name} gives a {type(found).__name__}; expected a torch.nn.Module for {classes} classes"
        )
    return found
