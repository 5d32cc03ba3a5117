"""A function in a file of the user's: looked for without running it, told from others by its file's digest, called."""

import ast
import hashlib
import importlib.util
import sys
import traceback
from pathlib import Path
from typing import Any

from scripts.errors import UserError, in_one_line


def check_function(path: str, function: str) -> None:
    """Raises ValueError where the file is not there, is no Python, or has no such function or class."""
    name = f"{path}:{function}"
    try:
        tree = ast.parse(Path(path).read_bytes(), filename=path)
    except OSError as error:
        raise ValueError(f"{name!r}: {path} cannot be read in {Path.cwd()}: {error.strerror}") from None
    except (SyntaxError, ValueError) as error:
        line = f"line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) else error
        raise ValueError(f"{name!r}: {path} is no Python: {line}") from None
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    imported = [one.asname or one.name for node in tree.body if isinstance(node, ast.ImportFrom) for one in node.names]
    assigned = [
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    if function not in {*functions, *imported, *assigned} and "*" not in imported:
        raise ValueError(f"{name!r}: {path} has no function {function!r}; it has {', '.join(functions) or 'none'}")


def file_digest(path: Path) -> str:
    """What tells one file from another: 12 hex digits of its sha256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


def expected_file(setting: str, file: Path | None, digest: str | None, made_by: str) -> Path | None:
    """The file, where it is the one that `made_by` says, or there is none.

    Raises:
        UserError: it has another content, or is missing; the message begins with `setting`.
    """
    if digest is None:
        return None
    if file is None or not file.is_file():
        raise UserError(f"{setting}: found no file {file}; expected the one that {made_by}")
    if (found := file_digest(file)) != digest:
        raise UserError(f"{setting}: {file} has the digest {found}, not {digest} of the one that {made_by}")
    return file


def called(setting: str, file: Path, function: str, *arguments: Any) -> Any:
    """What the function makes.

    Raises:
        UserError: the file or the function fails; the message names the line.
    """
    name = f"{setting.rpartition('.')[2]}_of_the_study"  # its own may be another module's
    if str(file.resolve().parent) not in sys.path:
        sys.path.append(str(file.resolve().parent))  # for what it imports from beside itself
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        return getattr(module, function)(*arguments)
    except Exception as error:  # whatever the user's code does
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
        where = f"line {lines[-1]}: " if lines else ""
        raise UserError(f"{setting}: {file}: {where}{in_one_line(error)}") from None
