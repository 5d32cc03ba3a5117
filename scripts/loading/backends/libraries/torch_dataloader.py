"""torch.utils.data.DataLoader, map style: worker processes assemble batches of a chunk in shared memory."""

from collections.abc import Sequence
from typing import Any

from scripts.loading.backend import Item
from scripts.loading.transports.dataloader import Batches, DataLoaderBackend, Images


class Backend(DataLoaderBackend):
    shuffles = True

    def make_loader(self, items: Sequence[Item], **settings: Any) -> Batches:
        from torch import Generator
        from torch.utils.data import DataLoader

        # To torch, whatever has a length and items is a dataset of the map style.
        images: Any = Images(self.load, items)
        return DataLoader(images, batch_size=self.chunk, shuffle=True, generator=Generator(), **settings)
