"""torch.utils.data.DataLoader, iterable style: each worker process streams its own share of the images."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scripts.loading.backend import Item
from scripts.loading.dataloader import DataLoaderBackend

if TYPE_CHECKING:
    from scripts.loading.image_stream import ImageStream


class Backend(DataLoaderBackend):
    def dataset(self, items: Sequence[Item]) -> "ImageStream":
        from scripts.loading.image_stream import ImageStream

        return ImageStream(self.load, items)
