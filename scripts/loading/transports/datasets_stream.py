"""What the streaming backends on Hugging Face datasets share: torch's DataLoader over an IterableDataset, each worker
process its share of the files.
"""

import os
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from scripts.loading.backend import Item
from scripts.loading.containers.contained import Decode
from scripts.loading.stored import container_files
from scripts.loading.transports.dataloader import Batches, DataLoaderBackend

if TYPE_CHECKING:
    from scripts.loading.reading.load import LoadContained

POSITION, PIXELS = "position", "pixels"


class Sample:
    """A sample as datasets gives it, decoded."""

    def __init__(self, decode: Decode) -> None:
        self.decode = decode

    def __call__(self, sample: dict[str, Any]) -> dict[str, Any]:
        position, pixels = self.decode(sample["key"], sample["data"])
        return {POSITION: position, PIXELS: pixels}


def collated(samples: Sequence[dict[str, Any]]) -> tuple[Any, Any]:
    """Tensors of a batch."""
    from torch.utils.data import default_collate

    found = default_collate([(sample[POSITION], sample[PIXELS]) for sample in samples])
    return found[0], found[1]


class StreamBackend(DataLoaderBackend):
    """A backend on the files of one of the library's builders."""

    package = "datasets"
    rests_on = ("torch", "datasets")
    builder: ClassVar[str]

    def make_loader(self, items: Sequence[Item], **settings: Any) -> Batches:
        load = cast("LoadContained", self.load)
        os.environ["HF_HUB_OFFLINE"] = "1"  # before it is imported: files of this machine are no business of a server's
        from datasets import load_dataset
        from torch.utils.data import DataLoader

        files = [str(path) for path in container_files(load.folder)]
        with tempfile.TemporaryDirectory() as cache:
            images: Any = load_dataset(
                self.builder, data_files=files, split="train", streaming=True, cache_dir=cache
            ).map(Sample(Decode(load, items)), remove_columns=["key", "data"])
        return DataLoader(images, batch_size=self.chunk, collate_fn=collated, **settings)
