"""What the backends on packed pixels in chunks share: torch's DataLoader whose worker processes take a chunk at a time,
as it is stored.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from scripts.loading.backend import Item
from scripts.loading.containers.contained import as_stored
from scripts.loading.transports.dataloader import Batches, DataLoaderBackend

if TYPE_CHECKING:
    import numpy as np

    from scripts.loading.reading.load import LoadContained


class Chunks(ABC):
    """A dataset of the map style: element i is positions (n,) and uint8 (n, size, size, 3) of chunk i."""

    def __init__(self, load: LoadContained, items: Sequence[Item]) -> None:
        self.load, self.items = load, as_stored(items)
        self.size = int(self.open().chunks[0])
        self.pixels: Any = None

    @abstractmethod
    def open(self) -> Any:
        """The array; its `chunks` is the shape of one."""

    def __len__(self) -> int:
        return math.ceil(len(self.items) / self.size)

    def __getitem__(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        import numpy as np

        if self.pixels is None:  # in each worker
            self.pixels = self.open()
        part = slice(i * self.size, min((i + 1) * self.size, len(self.items)))
        items = self.items[part]
        return np.array([item.position for item in items]), self.load.deliver(items, self.pixels[part])


class ChunkBackend(DataLoaderBackend):
    """A backend on `array`."""

    chunked = False
    shuffles = True

    @abstractmethod
    def array(self, load: LoadContained, items: Sequence[Item]) -> Chunks:
        """The dataset of the container."""

    def make_loader(self, items: Sequence[Item], **settings: Any) -> Batches:
        from torch import Generator
        from torch.utils.data import DataLoader

        array: Any = self.array(cast("LoadContained", self.load), items)
        return DataLoader(array, batch_size=None, shuffle=True, generator=Generator(), **settings)
