"""webdataset's WebLoader: worker processes read tar files of the raw files, each its share of them, from end to end: in
one order, shuffled when they were written.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from scripts.loading.backend import Item, Loaded
from scripts.loading.containers.contained import Decode
from scripts.loading.transports.dataloader import Batches, DataLoaderBackend

if TYPE_CHECKING:
    from scripts.loading.reading.load import LoadContained


class Samples:
    """A sample as webdataset gives it, decoded."""

    def __init__(self, decode: Decode) -> None:
        self.decode = decode

    def __call__(self, sample: dict[str, Any]) -> Loaded:
        return self.decode(sample["__key__"], sample["data"])


class Backend(DataLoaderBackend):
    sources = ("webdataset",)
    package = "webdataset"
    rests_on = ("torch", "webdataset")

    def make_loader(self, items: Sequence[Item], **settings: Any) -> Batches:
        load = cast("LoadContained", self.load)
        import torch.utils.data
        import webdataset

        from scripts.loading.stored import container_files

        tars = [str(path) for path in container_files(load.folder)]
        images = webdataset.WebDataset(tars, shardshuffle=False, empty_check=False).map(Samples(Decode(load, items)))
        batches = images.batched(self.chunk, collation_fn=torch.utils.data.default_collate)
        return cast(Batches, webdataset.WebLoader(batches, batch_size=None, **settings))
