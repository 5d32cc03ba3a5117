"""Files that are either whole or absent: written to a temporary name in the same folder, then renamed."""

import glob
import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def temporary_name(path: Path) -> Path:
    """A hidden name beside `path` that no other process, on this node or another, uses."""
    return path.with_name(f".{path.name}.{platform.node()}-{os.getpid()}.tmp")


@contextmanager
def replacing(path: Path, lasting: bool = True) -> Iterator[Path]:
    """A temporary path beside `path`; renamed to it when the block ends, removed when the block fails.

    Args:
        lasting: whether its content is to reach storage before its name does, so that it is whole also after a node's
            sudden end; not worth its milliseconds where a start writes what it can write again.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_name(path)
    try:
        yield temporary
        if lasting:
            _to_storage(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Remove a file or folder that may be absent, and what writers of it that were killed have left; none may work."""
    if path.is_dir():
        shutil.rmtree(path)
    for found in [path, *path.parent.glob(f".{glob.escape(path.name)}.*.tmp")]:
        found.unlink(missing_ok=True)


def write_text(path: Path, text: str, lasting: bool = True) -> None:
    """Write `text` as UTF-8, whole or not at all."""
    with replacing(path, lasting) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _to_storage(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:  # a disk may be found full only now; fsync does not say of which file
        raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        os.close(descriptor)
