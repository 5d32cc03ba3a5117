"""Packed images gathered fast: the files of the shards are mapped side by side, so that all their images are one array
and a batch of any of them is one call.
"""

import ctypes
import math
import mmap
import os
import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from scripts.errors import ImageError

# Of mmap(2); Python's module has no fixed addresses.
PROT_NONE, MAP_FIXED = 0, 0x10
_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


class PackedImages:
    """Images that stand at given places of the shards, in the order given.

    Args:
        files: by number, the `.npy` of each shard that `shards` names: uint8 (m, h, w, 3), h and w the same in all.
        shards: int64 (n,), n > 0: the shard of each image.
        rows: int64 (n,), its row there.

    Raises:
        ImageError: a shard is not there, shorter than a row asks for, or of another shape than the others.
    """

    def __init__(self, files: dict[int, Path], shards: np.ndarray, rows: np.ndarray) -> None:
        self.files = list(files.values())
        first = np.zeros(max(files) + 1, np.int64)  # of each shard's images, among those of all
        length = np.zeros_like(first)
        kinds, files_at, end = {}, {}, 0
        for shard, path in files.items():
            (length[shard], *shape), begin = _header(path)
            image_bytes = math.prod(shape)
            size = begin + int(length[shard]) * image_bytes
            kinds[(*shape, begin)] = path
            if len(kinds) > 1:
                found = " and ".join(f"{path} (images of {kind[:3]})" for kind, path in kinds.items())
                raise ImageError(f"these are no shards of one study: {found}; pack them anew")
            # A file begins at a page and an image at a multiple of its size: both at multiples of both.
            step = math.lcm(image_bytes, mmap.PAGESIZE)
            first[shard], files_at[path] = end // image_bytes, (end, size)
            end += -(-size // step) * step
        for i in ((rows >= length[shards]) | (rows < 0)).nonzero()[0].tolist():
            raise ImageError(f"{files[int(shards[i])]} has {length[shards[i]]} images, expected one in row {rows[i]}")
        self._all = np.asarray(_Region(files_at, end, begin, shape))
        self._where = first[shards] + rows
        self.shape: tuple[int, ...] = tuple(shape)  # of an image

    def __len__(self) -> int:
        return len(self._where)

    def gather(self, chosen: np.ndarray | slice, out: np.ndarray) -> None:
        """Copy the images at `chosen`, indices into this order, to `out`, uint8 (n, h, w, 3), C-contiguous."""
        # 'clip' is never needed, since all places are checked, but any other mode goes through a buffer.
        self._all.take(self._where[chosen], 0, out, "clip")


class _Region:
    """Files mapped at their places in one stretch of addresses; what it shows as an array keeps it there."""

    def __init__(self, files: dict[Path, tuple[int, int]], size: int, offset: int, shape: Sequence[int]) -> None:
        """`files`: where each begins in the stretch, and its bytes; `offset`: of the first image in it."""
        start = _map(None, size, PROT_NONE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1)
        weakref.finalize(self, _libc.munmap, start, size).atexit = False  # someone may still look then
        for path, (place, length) in files.items():
            with path.open("rb") as opened:
                found = os.fstat(opened.fileno()).st_size
                if found < length:  # what lies beyond a file's end cannot be read
                    raise ImageError(f"{path} has {found} bytes, expected {length}: pack it anew")
                _map(start + place, length, mmap.PROT_READ, mmap.MAP_SHARED | MAP_FIXED, opened.fileno())
        self.__array_interface__ = {
            "version": 3,
            "shape": ((size - offset) // math.prod(shape), *shape),
            "typestr": "|u1",
            "data": (start + offset, True),  # read-only
        }


def _map(address: int | None, length: int, protection: int, flags: int, descriptor: int) -> int:
    found: int = _libc.mmap(address, length, protection, flags, descriptor, 0)
    if found == ctypes.c_void_p(-1).value:
        error = ctypes.get_errno()
        raise OSError(error, f"mmap: {os.strerror(error)}")
    return found


def _header(path: Path) -> tuple[tuple[int, ...], int]:
    """The shape of a shard and the byte at which its pixels begin.

    Raises:
        ImageError: it is not there, or no shard.
    """
    anew = "expected a packed shard: `snakemake --forcerun pack_shard`"
    try:
        mapped = np.load(path, mmap_mode="r")
    except FileNotFoundError:
        raise ImageError(f"{path} is missing; {anew}") from None
    except (ValueError, EOFError) as error:
        raise ImageError(f"{path} is damaged ({error}); {anew}") from None
    if mapped.dtype != np.uint8 or mapped.ndim != 4:
        raise ImageError(f"{path} holds {mapped.dtype} of shape {mapped.shape}; {anew}")
    return mapped.shape, mapped.offset
