"""A ring of slots in memory that a process shares with its workers, and tokens that say which slot is whose.

A token is eight bytes in a pipe: the slot, and where the chunk begins that belongs into it; which images those are
stands beside the slot. All workers read from one pipe, so whoever is idle takes the next chunk; the kernel hands out
each token whole (pipe(7), PIPE_BUF). No pixels are pickled, no memory is mapped anew, and nothing but a token crosses
to the other process.
"""

import math
import os
import struct
from collections.abc import Sequence

import numpy as np

from scripts.errors import ImageError
from scripts.loading.backend import Item, Load
from scripts.loading.transports.shared_pixels import anonymous, opened

TOKEN = struct.Struct("ii")
# In place of the chunk's first image, where the slot holds the words of an error: the user's, or any other.
REFUSED, FAILED = -1, -2
NONE = -1  # in place of an image's number


class Pipe:
    """Tokens from some processes to others; each opens the end that it needs, so that a reader sees who has gone."""

    def __init__(self) -> None:
        self._ends = os.pipe()
        self.path = f"/proc/{os.getpid()}/fd"

    def read(self) -> tuple[int, int]:
        """The next token; waits for it."""
        slot, start = TOKEN.unpack(os.read(self._ends[0], TOKEN.size))
        return slot, start

    def write(self, slot: int, start: int) -> None:
        """Hand a token over."""
        os.write(self._ends[1], TOKEN.pack(slot, start))

    def close(self) -> None:
        """Both ends of this process."""
        for end in self._ends:
            os.close(end)

    @property
    def to_read(self) -> str:
        """Where another process opens the end that is read."""
        return f"{self.path}/{self._ends[0]}"

    @property
    def to_write(self) -> str:
        """Where another process opens the end that is written."""
        return f"{self.path}/{self._ends[1]}"


class Ring:
    """Slots of a chunk each: their pixels, and the numbers of the images that belong into them. Picklable."""

    def __init__(self, slots: int, chunk: int, size: int) -> None:
        self.shape = (slots, chunk, size, size, 3)
        self.paths = anonymous(math.prod(self.shape)), anonymous(4 * slots * chunk)

    @property
    def pixels(self) -> np.ndarray:
        """uint8 (slots, chunk, size, size, 3)."""
        return opened(self.paths[0], self.shape)

    @property
    def numbers(self) -> np.ndarray:
        """int32 (slots, chunk); NONE behind the last of a short chunk."""
        return opened(self.paths[1], self.shape[:2], np.int32)


def work(load: Load, items: Sequence[Item], asked: str, done: str, ring: Ring) -> None:
    """A worker's life: load the chunk of each token into its slot, until nobody can ask any more."""
    pixels, numbers = ring.pixels, ring.numbers
    take, tell = os.open(asked, os.O_RDONLY), os.open(done, os.O_WRONLY)
    while token := os.read(take, TOKEN.size):
        slot, start = TOKEN.unpack(token)
        try:
            for place, number in enumerate(numbers[slot].tolist()):
                if number != NONE:
                    pixels[slot, place] = load(items[number])[1]
        except Exception as error:
            room = pixels[slot].reshape(-1)
            refused = isinstance(error, ImageError)
            said = (str(error) if refused else repr(error)).encode()[: room.size]
            room.fill(0)
            room[: len(said)] = memoryview(said)
            start = REFUSED if refused else FAILED
        os.write(tell, TOKEN.pack(slot, start))
