"""A dataset of your own (`loading.own`) behind torch's DataLoader, in batches of a chunk."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

from scripts.loading.backend import OWN_DATASET, RAW, Item, Loaded
from scripts.loading.transports.dataloader import Batches, DataLoaderBackend

if TYPE_CHECKING:
    from scripts.loading.reading.own import LoadOwn


class Backend(DataLoaderBackend):
    sources = (RAW,)
    shuffles = True
    setting = OWN_DATASET

    def make_loader(self, items: Sequence[Item], **settings: Any) -> Batches:
        from torch import Generator
        from torch.utils.data import DataLoader, IterableDataset

        from scripts.loading.reading.own import is_map_style
        from scripts.loading.transports.own_dataset import AsItComes, ByIndex

        load = cast("LoadOwn", self.load)
        self.check = load.own.check
        found = load.dataset(items)
        if is_map_style(found) and not isinstance(found, IterableDataset):
            order: dict[str, Any] = {"shuffle": True, "generator": Generator()}
            return DataLoader(ByIndex(load, items), batch_size=self.chunk, **order, **settings)
        return DataLoader(AsItComes(load, items), batch_size=self.chunk, **settings)

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        for position, image in super().load_all(items):
            if image is not None and image.dtype == self.out.dtype and image.shape == self.out.shape[1:]:
                yield position, image
            else:
                self.check = "once"
                yield position, None
