"""torchdata's StatefulDataLoader: torch's DataLoader of the map style, whose state can be saved after each batch."""

from collections.abc import Sequence
from typing import Any, cast

from scripts.loading.backend import Item, Load, Loaded
from scripts.loading.transports.dataloader import Batches, DataLoaderBackend


class Images:
    """A dataset of the map style: element i is (position, pixels)."""

    def __init__(self, load: Load, items: Sequence[Item]) -> None:
        self.load = load
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, i: int) -> Loaded:
        return self.load(self.items[i])


class Backend(DataLoaderBackend):
    shuffles = True
    package = "torchdata"
    rests_on = ("torch", "torchdata")

    def make_loader(self, items: Sequence[Item], **settings: Any) -> Batches:
        from torch import Generator
        from torchdata.stateful_dataloader import StatefulDataLoader

        images = Images(self.load, items)
        loader = StatefulDataLoader(
            images,
            batch_size=self.chunk,
            shuffle=True,
            generator=Generator(),
            **settings,
        )
        return cast(Batches, loader)
