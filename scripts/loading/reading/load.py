"""How one image comes to memory, by where it is read from. A Load goes to worker processes, so it is picklable.

Where the study asks for it, each image is augmented as soon as it is decoded (`augment`,
scripts/loading/reading/augmented.py).
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from scripts import registry
from scripts.errors import ImageError
from scripts.images.decode import DecodeSpec
from scripts.images.header import read_bytes
from scripts.images.picture import Pixels
from scripts.images.shards import Shards
from scripts.loading.backend import OWN, PACKED, RAW, REENCODED, Item
from scripts.loading.reading.augmented import LoadAugmentation
from scripts.loading.reading.chain import Chain, chain
from scripts.loading.stored import FORMATS, container_files, reencoded_file


class LoadFile(ABC):
    """Brings one image from a file of its own: read, then decoded."""

    augment: LoadAugmentation | None = None

    @abstractmethod
    def read(self, item: Item) -> bytes:
        """The bytes of its file.

        Raises:
            ImageError: it cannot be read; the message names it.
        """

    @abstractmethod
    def decode(self, item: Item, data: bytes) -> Pixels:
        """Its pixels, uint8 (size, size, 3).

        Raises:
            ImageError: it cannot be decoded; the message names it.
        """

    @abstractmethod
    def files(self, items: Sequence[Item]) -> list[Path]:
        """The files of this machine that hold `items`: what lies in the page cache, or does not."""

    def __call__(self, item: Item) -> tuple[int, np.ndarray]:
        return item.position, self.decode(item, self.read(item))


class LoadRaw(LoadFile):
    """From its raw file."""

    def __init__(self, folder: Path, spec: DecodeSpec, decoder: str = OWN) -> None:
        self.folder = folder
        self.chain = chain(spec, decoder)

    def read(self, item: Item) -> bytes:
        path = self.folder / item.path
        try:
            return read_bytes(path)
        except ImageError as error:
            raise ImageError(f"{path}: {error}") from None

    def decode(self, item: Item, data: bytes) -> Pixels:
        return finished(self.augment, item, _decoded(self.chain, data, str(self.folder / item.path)))

    def files(self, items: Sequence[Item]) -> list[Path]:
        return [self.folder / item.path for item in items]


class LoadReencoded(LoadFile):
    """From its re-encoded file (scripts/loading/containers/reencode.py): a PNG of the packed pixels."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, item: Item) -> bytes:
        path = reencoded_file(self.folder, item.shard, item.row)
        try:
            return path.read_bytes()
        except OSError as error:
            raise ImageError(f"{path}: cannot be read: {error.strerror}") from None

    def decode(self, item: Item, data: bytes) -> Pixels:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
        if image is None:
            raise ImageError(f"{reencoded_file(self.folder, item.shard, item.row)}: cannot be decoded")
        return finished(self.augment, item, image)  # type: ignore[arg-type]

    def files(self, items: Sequence[Item]) -> list[Path]:
        return [reencoded_file(self.folder, item.shard, item.row) for item in items]


class LoadContained:
    """From a container, which its own library reads, in the order that it stands in."""

    augment: LoadAugmentation | None = None

    def __init__(self, folder: Path, spec: DecodeSpec, decoder: str = OWN) -> None:
        self.folder = folder
        self.chain = chain(spec, decoder)

    def decode(self, item: Item, data: bytes) -> tuple[int, Pixels]:
        """Its place and its pixels.

        Raises:
            ImageError: it cannot be decoded; the message names it.
        """
        return item.position, finished(self.augment, item, _decoded(self.chain, data, f"{item.path} in {self.folder}"))

    def deliver(self, items: Sequence[Item], pixels: np.ndarray) -> np.ndarray:
        """Packed pixels that it holds, uint8 (n, size, size, 3), as they are delivered."""
        return pixels if self.augment is None else self.augment(items, pixels)

    def files(self, items: Sequence[Item]) -> list[Path]:
        """As LoadFile.files."""
        del items
        return container_files(self.folder)


class LoadPacked:
    """From its shard: a view of the memory map, where nothing is to be done to it."""

    augment: LoadAugmentation | None = None

    def __init__(self, shards: Path) -> None:
        self.shards = Shards(shards)

    def __call__(self, item: Item) -> tuple[int, np.ndarray]:
        return item.position, finished(self.augment, item, self.shards[item.shard, item.row])

    def files(self, items: Sequence[Item]) -> list[Path]:
        """As LoadFile.files."""
        return [self.shards.file(shard) for shard in sorted({item.shard for item in items})]


def finished(augment: LoadAugmentation | None, item: Item, pixels: Pixels) -> Pixels:
    """The pixels of one image as they are delivered."""
    return pixels if augment is None else augment([item], pixels[None])[0]


def _decoded(decode: Chain, data: bytes, name: str) -> Pixels:
    """The pixels of a raw file; an error names it."""
    try:
        return decode(data)
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from None


def load_from(source: str, folder: Path, spec: DecodeSpec, decoder: str = OWN) -> LoadFile | LoadPacked | LoadContained:
    """The Load of a source whose files lie in `folder`; another `decoder` than the study's reads raw ones alone."""
    if source == PACKED:
        return LoadPacked(folder)
    if source == REENCODED:
        return LoadReencoded(folder)
    if source in registry.names(FORMATS):
        return LoadContained(folder, spec)
    assert source == RAW, source
    return LoadRaw(folder, spec, decoder)
