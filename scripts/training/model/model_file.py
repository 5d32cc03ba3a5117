"""A network that a function of the user's makes: its file, which is told from others by its digest."""

import argparse
from pathlib import Path

import torch

from scripts import user_function
from scripts.errors import UserError

SETTING = "training.model"


def add_flag(parser: argparse.ArgumentParser) -> None:
    """The flag that names the file."""
    parser.add_argument("--model-file", type=Path, nargs="?", help="the user's, that makes the network; may be empty")


def expected_file(file: Path | None, digest: str | None, made_by: str) -> Path | None:
    """As user_function.expected_file, of a network."""
    return user_function.expected_file(SETTING, file, digest, made_by)


def build_of_file(name: str, file: Path, classes: int) -> torch.nn.Module:
    """What the function that `name` ends in makes for so many classes.

    Raises:
        UserError: the file or the function fails, or makes no network.
    """
    found = user_function.called(SETTING, file, name.rpartition(":")[2], classes)
    if not isinstance(found, torch.nn.Module):
        raise UserError(
            f"training.model: {name} gives a {type(found).__name__}; expected a torch.nn.Module for {classes} classes"
        )
    return found
