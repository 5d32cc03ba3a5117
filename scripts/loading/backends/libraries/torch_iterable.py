"""torch.utils.data.DataLoader, iterable style: each worker process streams its own share of the images."""

from collections.abc import Sequence
from typing import Any

from scripts.loading.backend import Item
from scripts.loading.transports.dataloader import Batches, DataLoaderBackend


class Backend(DataLoaderBackend):
    def make_loader(self, items: Sequence[Item], **settings: Any) -> Batches:
        from torch.utils.data import DataLoader

        from scripts.loading.transports.image_stream import ImageStream

        return DataLoader(ImageStream(self.load, items), batch_size=self.chunk, **settings)
