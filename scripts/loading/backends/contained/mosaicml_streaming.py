"""MosaicML Streaming: torch's DataLoader whose worker processes read MDS shards of the raw files, shuffled by
the library inside blocks of shards.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from scripts.loading.backend import Item
from scripts.loading.containers.contained import Decode
from scripts.loading.transports.dataloader import Batches, DataLoaderBackend

if TYPE_CHECKING:
    from scripts.loading.reading.load import LoadContained


class Backend(DataLoaderBackend):
    sources = ("mds",)
    shuffles = True
    package = "mosaicml-streaming"
    module = "streaming"
    rests_on = ("torch", "mosaicml-streaming")

    def make_loader(self, items: Sequence[Item], **settings: Any) -> Batches:
        from torch.utils.data import DataLoader

        from scripts.loading.containers.mds_images import Images

        load = cast("LoadContained", self.load)
        images = Images(load.folder, Decode(load, items), self.chunk)
        return cast(Batches, DataLoader(images, batch_size=self.chunk, **settings))
