"""What a container is: all training images in a few files, as a library wants them."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from scripts.errors import ImageError
from scripts.images.header import read_bytes
from scripts.images.shards import Shards, read_split
from scripts.loading.backend import BATCH
from scripts.loading.stored import key_of, order_of

if TYPE_CHECKING:
    import numpy as np

FILES = 64  # of a container at most: a library shares them out to its workers whole, 1, 2, 4 ... 64 alike


class Image:
    """A training image to put into a container, under its key."""

    def __init__(self, path: Path, shard: int, row: int, shards: Shards) -> None:
        self.path, self.shard, self.row, self.shards = path, shard, row, shards
        self.key = key_of(shard, row)

    def data(self) -> bytes:
        """The bytes of its raw file.

        Raises:
            ImageError: it cannot be read; the message names it.
        """
        try:
            return read_bytes(self.path)
        except ImageError as error:
            raise ImageError(f"{self.path}: {error}") from None

    def pixels(self) -> "np.ndarray":
        """As it is packed, uint8 (size, size, 3)."""
        return self.shards[self.shard, self.row]


class Format(ABC):
    """One kind of container; its `write` is given a folder that is there and empty."""

    package: ClassVar[str]  # that writes it
    module: ClassVar[str]  # that it is found by

    @abstractmethod
    def write(self, images: Sequence[Image], folder: Path) -> None:
        """Put `images` there, in this order."""


def shuffled(raw: Path, split: Path, shards: Path) -> list[Image]:
    """The training images, shuffled: a library reads its container from end to end, and no trainer wants a class after
    the other.
    """
    images, packed = read_split(split, "train"), Shards(shards)
    places = zip(images.paths, images.shards.tolist(), images.rows.tolist(), strict=True)
    found = [Image(raw / path, shard, row, packed) for path, shard, row in places]
    return sorted(found, key=lambda image: order_of(image.key))


def per_chunk(images: int) -> int:
    """Images that are stored and read together, where packed pixels are: a batch, of few images less."""
    return min(BATCH, per_file(images))


def per_file(images: int) -> int:
    """Images in each file of a container."""
    return -(-images // FILES)
