"""MosaicML's dataset as its backend uses it; apart, since streaming must be installed to import it."""

from pathlib import Path
from typing import Any

from streaming import StreamingDataset

from scripts.loading.backend import Loaded
from scripts.loading.containers.contained import Decode


class Images(StreamingDataset):  # type: ignore[misc]
    """The images in a folder of shards, each pass in another order."""

    def __init__(self, folder: Path, decode: Decode, batch: int) -> None:
        super().__init__(local=str(folder), shuffle=True, batch_size=batch)
        self.decode = decode

    def __getitem__(self, at: Any) -> Loaded:
        sample = super().__getitem__(at)
        return self.decode(sample["key"], sample["data"])
