"""What the backends on containers share: how a worker decodes what its library reads, and finds its place."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from scripts.loading.backend import Item, Loaded
from scripts.loading.stored import key_of, order_of

if TYPE_CHECKING:
    import numpy as np

    from scripts.loading.reading.load import LoadContained

CLOSE = -1  # asked for in place of an image: let go of the files


class Decode:
    """What a worker does with a sample of a container: `key` and `data`. Samples come in the container's order."""

    def __init__(self, load: LoadContained, items: Sequence[Item]) -> None:
        self.load = load
        self.items = {key_of(item.shard, item.row): item for item in items}

    def __call__(self, key: str, data: bytes) -> tuple[int, np.ndarray]:
        return self.load.decode(self.items[key], data)


def as_stored(items: Sequence[Item]) -> list[Item]:
    """In the order of a container."""
    return sorted(items, key=lambda item: order_of(key_of(item.shard, item.row)))


Read = Callable[[Sequence[int]], Iterable[bytes]]  # the raw files of images by their places in the container


class Samples(ABC):
    """A dataset of the map style on a container that maps its files into memory: element i is (position, pixels).

    Each worker opens them at its first image, and again after CLOSE: pages that somebody has mapped cannot be dropped.
    """

    def __init__(self, load: LoadContained, items: Sequence[Item]) -> None:
        self.load, self.items = load, as_stored(items)
        self.read: Read | None = None

    @abstractmethod
    def open(self) -> Read:
        """Map the files; they are closed when nobody has what it returns."""

    def __len__(self) -> int:
        return len(self.items)

    def __getitems__(self, places: Sequence[int]) -> list[Loaded]:
        """What torch asks for: a batch."""
        import numpy as np

        if places[0] == CLOSE:
            self.read = None
            return [(CLOSE, np.empty(0, np.uint8))]
        self.read = self.read or self.open()
        data = zip(places, self.read(places), strict=True)
        return [self.load.decode(self.items[place], one) for place, one in data]

    def __getitem__(self, place: int) -> Loaded:
        return self.__getitems__([place])[0]


class BatchesOf:
    """Batches of shuffled images, and where `closing` is true one for each worker that has it let go of its files:
    torch's DataLoader gives its batches out in turn.
    """

    def __init__(self, images: int, batch: int, workers: int) -> None:
        from torch import Generator
        from torch.utils.data import BatchSampler, RandomSampler

        self.shuffled = BatchSampler(RandomSampler(range(images), generator=Generator()), batch, drop_last=False)
        self.workers, self.closing = workers, False

    def __iter__(self) -> Iterator[list[int]]:
        yield from self.shuffled
        yield from [[CLOSE]] * self.workers * self.closing

    def __len__(self) -> int:
        return len(self.shuffled) + self.workers * self.closing
