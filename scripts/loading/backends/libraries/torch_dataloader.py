"""torch.utils.data.DataLoader, map style: worker processes assemble batches of a chunk in shared memory."""

from collections.abc import Iterator, Sequence
from typing import Any

from scripts.loading.backend import Item, Load, Loaded, chunks
from scripts.loading.transports.dataloader import Batches, DataLoaderBackend


class Numbered:
    """A map-style dataset: element (position, i) is (position, pixels of image i)."""

    def __init__(self, load: Load, items: Sequence[Item]) -> None:
        self.load = load
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, asked: tuple[int, int]) -> Loaded:
        position, number = asked
        return position, self.load(self.items[number])[1]


class Asked:
    """A sampler of the batches that a pass asks for."""

    def __init__(self, batch: int) -> None:
        self.batch = batch
        self.asked: list[tuple[int, int]] = []

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        return map(list, chunks(self.asked, self.batch))

    def __len__(self) -> int:
        return len(range(0, len(self.asked), self.batch))


class Backend(DataLoaderBackend):
    feeds = True
    items: Sequence[Item] = ()

    def prepare(self, items: Sequence[Item]) -> None:
        self.items = items

    def make_loader(self, items: Sequence[Item], **settings: Any) -> Batches:
        from torch.utils.data import DataLoader

        self.items = self.items or items
        self.numbers = {item.path: number for number, item in enumerate(self.items)}
        self.sampler = Asked(self.chunk)
        # To torch, whatever has a length and items is a dataset of the map style.
        images: Any = Numbered(self.load, self.items)
        return DataLoader(images, batch_sampler=self.sampler, **settings)

    def ask(self, items: Sequence[Item]) -> None:
        self.sampler.asked = [(item.position, self.numbers[item.path]) for item in items]
