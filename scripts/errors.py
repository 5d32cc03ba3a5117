"""The errors that a user can mend: each message names the file or key, what was found and what was expected."""

from __future__ import annotations

import tempfile
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError

SOCKET_PATH = 107  # bytes of a Unix socket's path, at most: sun_path of unix(7), without its end


class UserError(Exception):
    """A mistake in the input, shown as one message and a non-zero exit, never as a traceback."""


class PassingError(UserError):
    """What ended this attempt may not end the next: others work on the output, Slurm or a node does not answer, memory
    ran out, of which the next attempt has more.
    """


class ConfigError(UserError):
    """A config key with a value that cannot be used."""


class ImageError(UserError):
    """An image, or a folder of images, that cannot be used."""


def first_fault(error: ValidationError) -> str:
    """The first thing that a model of a file does not take: where, what was found, what was expected.

    A model's own message begins with `field: found`, a field's own with `found`.
    """
    first = error.errors(include_url=False)[0]
    where, message = ".".join(map(str, first["loc"])) or "file", first["msg"].removeprefix("Value error, ")
    if first["type"] == "value_error":
        if message.startswith("found "):
            return f"{where}: {message}"
        return ".".join([*map(str, first["loc"]), message])
    if first["type"] == "json_invalid":
        return f"{where}: found no JSON ({message.removeprefix('Invalid JSON: ')}), expected JSON"
    if first["type"] == "missing":
        return f"{where}: found none, expected one"
    if first["type"] == "extra_forbidden":
        return f"{where}: found a field of this name, expected none"
    found = textwrap.shorten(repr(first["input"]), 60)
    return f"{where}: found {found}, expected {message.removeprefix('Input should be ')}"


def in_one_line(error: Exception) -> str:
    """What went wrong, and of what is known to come from the environment, what to change there."""
    said = f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0]}"
    if "AF_UNIX" in said:
        said += (
            f"; TMPDIR is {tempfile.gettempdir()}, in which processes make sockets whose whole path has at most "
            f"{SOCKET_PATH} bytes: set a shorter one, and `--config again=invalid` measures again what has failed"
        )
    return said
