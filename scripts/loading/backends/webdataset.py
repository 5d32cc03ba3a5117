"""webdataset's WebLoader: worker processes read tar files of the raw files from end to end, each its share of them."""

from collections.abc import Iterable
from typing import Any, cast

from scripts.loading.backend import WEBDATASET, Loaded
from scripts.loading.contained import ContainedBackend, Decode
from scripts.loading.container import files


class Samples:
    """A sample as webdataset gives it, decoded."""

    def __init__(self, decode: Decode) -> None:
        self.decode = decode

    def __call__(self, sample: dict[str, Any]) -> Loaded:
        return self.decode(sample["__key__"], sample["data"])


class Backend(ContainedBackend):
    sources = (WEBDATASET,)
    package = "webdataset"

    def make_loader(self, decode: Decode, **settings: Any) -> Iterable[tuple[Any, Any]]:
        import torch.utils.data
        import webdataset

        tars = [str(path) for path in files(decode.load.folder)]
        images = webdataset.WebDataset(tars, shardshuffle=False, empty_check=False).map(Samples(decode))
        batches = images.batched(self.chunk, collation_fn=torch.utils.data.default_collate)
        return cast(Iterable[tuple[Any, Any]], webdataset.WebLoader(batches, batch_size=None, **settings))
