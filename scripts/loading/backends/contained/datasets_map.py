"""Hugging Face datasets, map style: torch's DataLoader whose worker processes map Arrow files of the raw files."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from scripts.loading.backend import Item
from scripts.loading.containers import contained
from scripts.loading.containers.contained import Read
from scripts.loading.stored import container_files
from scripts.loading.transports.mapped_loader import MappedBackend

if TYPE_CHECKING:
    from scripts.loading.reading.load import LoadContained


class Samples(contained.Samples):
    def open(self) -> Read:
        from datasets import Dataset, concatenate_datasets

        images = concatenate_datasets([Dataset.from_file(str(path)) for path in container_files(self.load.folder)])
        return lambda places: cast("list[bytes]", images[list(places)]["data"])


class Backend(MappedBackend):
    sources = ("arrow",)
    package = "datasets"
    rests_on = ("torch", "datasets")

    def samples(self, load: "LoadContained", items: Sequence[Item]) -> Samples:
        return Samples(load, items)
