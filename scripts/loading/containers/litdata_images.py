"""litdata's dataset as the backend litdata uses it; apart, since litdata must be installed to import it."""

from pathlib import Path
from typing import Any

from litdata import StreamingDataset
from litdata.streaming.item_loader import PyTreeLoader

from scripts.loading.backend import Loaded
from scripts.loading.containers.contained import Decode


class Sample:
    """A sample as litdata gives it, decoded."""

    def __init__(self, decode: Decode) -> None:
        self.decode = decode

    def __call__(self, sample: dict[str, Any]) -> Loaded:
        return self.decode(sample["key"], sample["data"])


class Images(StreamingDataset):  # type: ignore[misc]
    """The images in a folder of chunks, in their order."""

    def __init__(self, folder: Path, decode: Decode) -> None:
        self.chunks = PyTreeLoader()
        super().__init__(str(folder), item_loader=self.chunks, transform=Sample(decode))

    def __next__(self) -> Any:
        try:
            return super().__next__()
        except StopIteration:
            # litdata would keep files mapped for as long as a worker lives, and their pages in memory with them.
            self.chunks.close(-1)
            raise
