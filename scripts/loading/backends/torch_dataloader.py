"""torch.utils.data.DataLoader, map style: worker processes assemble batches of a chunk in shared memory."""

from collections.abc import Sequence

from scripts.loading.backend import Item, Load, Loaded
from scripts.loading.dataloader import DataLoaderBackend


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
    def dataset(self, items: Sequence[Item]) -> Images:
        return Images(self.load, items)
