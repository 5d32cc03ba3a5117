"""Pixels in memory that this process shares with its workers, in place of pickled results: a worker writes an image to
its place and returns only where.
"""

import os
from functools import cache

import numpy as np

from scripts.loading.backend import Item, Load

NOTHING = np.empty(0, np.uint8)  # what such a worker returns as pixels


class SharedPixels:
    """uint8 (images, size, size, 3) in an anonymous file: it is gone with the last process that has it."""

    def __init__(self, images: int, size: int) -> None:
        self.shape = (images, size, size, 3)
        self.path = anonymous(images * size * size * 3)
        self.pixels = opened(self.path, self.shape)

    def taking(self, load: Load) -> "LoadShared":
        """`load`, for worker processes, with its pixels going here."""
        return LoadShared(load, self.path, self.shape)


class LoadShared:
    """A Load that leaves the pixels in shared memory."""

    def __init__(self, load: Load, path: str, shape: tuple[int, ...]) -> None:
        self.load, self.path, self.shape = load, path, shape

    def __call__(self, item: Item) -> tuple[int, np.ndarray]:
        position, pixels = self.load(item)
        opened(self.path, self.shape)[position] = pixels
        return position, NOTHING


def anonymous(size: int) -> str:
    """The path of a new file in memory, of `size` bytes, by which other processes open it while this one lives."""
    descriptor = os.memfd_create("scalecard")
    os.ftruncate(descriptor, size)
    return f"/proc/{os.getpid()}/fd/{descriptor}"


@cache
def opened(path: str, shape: tuple[int, ...], kind: type[np.number] = np.uint8) -> np.ndarray:
    """What lies in such a file."""
    return np.memmap(path, kind, mode="r+", shape=shape)
