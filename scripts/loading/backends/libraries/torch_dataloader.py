"""torch.utils.data.DataLoader, map style: worker processes assemble batches of a chunk in shared memory."""

from collections.abc import Sequence
from typing import Any

from scripts.loading.backend import Item, Load, Loaded
from scripts.loading.transports.dataloader import Batches, DataLoaderBackend


class Images:
    """A map-style dataset: element i is (position, pixels)."""

    def __init__(self, load: Load, items: Sequence[Item]) -> None:
        self.load = load
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, i: int) -> Loaded:
        return self.load(self.items[i])


class Backend(DataLoaderBackend):
    def make_loader(self, items: Sequence[Item], **settings: Any) -> Batches:
        from torch.utils.data import DataLoader

        # To torch, whatever has a length and items is a dataset of the map style.
        return DataLoader(Images(self.load, items), batch_size=self.chunk, **settings)  # type: ignore[arg-type]
