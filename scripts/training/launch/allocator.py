"""Which memory allocator the ranks use: what their process environment must hold when they start.

A training step allocates and frees hundreds of MB. glibc as it is takes large blocks from the kernel and hands them
back each time, so that every page is cleared and mapped anew in each step.
"""

import ctypes.util

from scripts.errors import UserError
from scripts.machine import memory_allocator
from scripts.training.points import Allocator

# Shared libraries by allocator: the names that ld.so knows, and what Debian calls the package.
LIBRARIES: dict[Allocator, tuple[tuple[str, ...], str]] = {
    "tcmalloc": (("tcmalloc_minimal", "tcmalloc"), "libtcmalloc-minimal4"),
    "jemalloc": (("jemalloc",), "libjemalloc2"),
}


def environment(name: Allocator) -> dict[str, str]:
    """The variables that choose it.

    Raises:
        UserError: its library is not installed.
    """
    if name == "auto":
        name = "tcmalloc" if _library("tcmalloc") else "glibc"
    if name == "system":
        return {}
    if name == "huge_pages":
        # torch asks the kernel (madvise) for pages of 2 MiB under large tensors, glibc under what others allocate.
        return {"THP_MEM_ALLOC_ENABLE": "1", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
    if name == "glibc":
        # Blocks of every size come from the heap, and it is not cut back: mallopt(3), M_MMAP_MAX and M_TRIM_THRESHOLD.
        return {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**40), "MALLOC_TOP_PAD_": str(64 * 2**20)}
    if (found := _library(name)) is None:
        raise UserError(
            f"training.tuning.allocator: found {name}, which is not installed; expected its library (Debian: "
            f"{LIBRARIES[name][1]})"
        )
    return {"LD_PRELOAD": found}


def expected(name: Allocator) -> str:
    """What a rank should find itself on: glibc's variables leave no trace, and `auto` takes what there is."""
    if name == "auto":
        return memory_allocator()
    return name if name in LIBRARIES else "glibc"


def _library(name: Allocator) -> str | None:
    """The file name of an allocator's shared library, where it is installed."""
    return next((library for library in map(ctypes.util.find_library, LIBRARIES[name][0]) if library), None)
