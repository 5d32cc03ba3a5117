"""The page cache of files: filled or emptied before what is timed, and looked at, since advice is only advice."""

import ctypes
import mmap
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np

from scripts.errors import ImageError

MAY_STAY = 0.01  # share of the pages that a cold start may find in memory, and that a warm one may lack
_libc = ctypes.CDLL(None, use_errno=True)


def warm(files: Iterable[Path]) -> None:
    """Read `files` once.

    Raises:
        ImageError: one cannot be read.
    """
    for path in files:
        try:
            with path.open("rb") as opened:
                while opened.read(16 << 20):
                    pass
        except OSError as error:
            raise ImageError(f"{path}: cannot be read: {error.strerror}") from None


def evict(files: Iterable[Path]) -> None:
    """Have the kernel drop the pages of `files` (posix_fadvise(2)); those that someone has mapped stay."""
    for path in files:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            with suppress(OSError):  # some file systems, whose files never change, know no such call
                os.fdatasync(descriptor)  # what is not written out yet would stay
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def resident_share(files: Iterable[Path]) -> float:
    """The share of the pages of `files` that is in memory (mincore(2)), 0 to 1.

    The kernel answers 1 for another user's file that this one may not write: such a file cannot be shown to be cold.
    """
    there = pages = 0
    for path in files:
        size = path.stat().st_size
        if size == 0:
            continue
        with path.open("rb") as opened, mmap.mmap(opened.fileno(), size, prot=mmap.PROT_READ) as mapped:
            view = np.frombuffer(mapped, np.uint8)
            found = np.zeros(-(-size // mmap.PAGESIZE), np.uint8)
            if _libc.mincore(
                ctypes.c_void_p(view.ctypes.data), ctypes.c_size_t(size), ctypes.c_void_p(found.ctypes.data)
            ):
                raise OSError(ctypes.get_errno(), "mincore", str(path))
            del view  # a mapping that is looked at cannot be closed
            there += int((found & 1).sum())
            pages += len(found)
    return there / pages if pages else 1.0
