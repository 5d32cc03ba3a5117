"""Which memory allocator the ranks use: what their process environment must hold when they start.

A training step allocates and frees hundreds of MB. glibc as it is takes large blocks from the kernel and hands them
back each time, so that every page is cleared and mapped anew in each step.
"""

import ctypes.util
from pathlib import Path

from scripts.errors import UserError
from scripts.training.points import Allocator

# Shared libraries by allocator: the names that ld.so knows, and what Debian calls the package.
LIBRARIES = {
    "tcmalloc": (("tcmalloc_minimal", "tcmalloc"), "libtcmalloc-minimal4"),
    "jemalloc": (("jemalloc",), "libjemalloc2"),
}


def environment(name: Allocator) -> dict[str, str]:
    """The variables that choose it.

    Raises:
        UserError: its library is not installed.
    """
    if name == "system":
        return {}
    if name == "huge_pages":
        # torch asks the kernel (madvise) for pages of 2 MiB under large tensors, glibc under what others allocate.
        return {"THP_MEM_ALLOC_ENABLE": "1", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
    if name == "glibc":
        # Blocks of every size come from the heap, and it is not cut back: mallopt(3), M_MMAP_MAX and M_TRIM_THRESHOLD.
        return {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**40), "MALLOC_TOP_PAD_": str(64 * 2**20)}
    names, package = LIBRARIES[name]
    found = next((library for library in map(ctypes.util.find_library, names) if library), None)
    if found is None:
        raise UserError(
            f"training.tuning.allocator: found {name}, which is not installed; expected its library (Debian: {package})"
        )
    return {"LD_PRELOAD": found}


def family(name: Allocator) -> str:
    """What `in_use` tells it by: glibc's variables leave no trace."""
    return name if name in LIBRARIES else "glibc"


def in_use() -> str:
    """The allocator that this process runs on, by the libraries it has mapped."""
    mapped = Path("/proc/self/maps").read_text(encoding="utf-8")
    return next((name for name, (names, _) in LIBRARIES.items() if any(one in mapped for one in names)), "glibc")
