"""What the backends share whose library maps its files into memory: torch's DataLoader of the map style over them."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

from scripts.loading.backend import Item, Loaded
from scripts.loading.containers.contained import CLOSE, BatchesOf, Samples
from scripts.loading.transports.dataloader import Batches, DataLoaderBackend

if TYPE_CHECKING:
    from scripts.loading.reading.load import LoadContained


class MappedBackend(DataLoaderBackend):
    """A backend on `samples`."""

    shuffles = True
    closing = False

    @abstractmethod
    def samples(self, load: "LoadContained", items: Sequence[Item]) -> Samples:
        """The dataset of the container."""

    def release(self) -> None:
        """Before each cold pass: from then on the workers let go of their files at the end of a pass."""
        self.closing = True

    def make_loader(self, items: Sequence[Item], **settings: Any) -> Batches:
        from torch.utils.data import DataLoader

        samples: Any = self.samples(cast("LoadContained", self.load), items)
        batches: Any = BatchesOf(len(items), self.chunk, self.workers)
        batches.closing = self.closing
        return DataLoader(samples, batch_sampler=batches, **settings)

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        return (one for one in super().load_all(items) if one[0] != CLOSE)
