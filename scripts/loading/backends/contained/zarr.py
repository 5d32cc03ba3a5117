"""Zarr 3: torch's DataLoader whose worker processes read packed pixels, a chunk of an array at a time, a file each."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scripts.loading.backend import Item
from scripts.loading.stored import PIXELS
from scripts.loading.transports.chunk_loader import ChunkBackend, Chunks

if TYPE_CHECKING:
    from scripts.loading.reading.load import LoadContained

ONE_THREAD = {
    "threading.max_workers": 1
}  # of a worker, beside that of Zarr's event loop; the default is the cores and 4


class Array(Chunks):
    def open(self) -> Any:
        import zarr

        zarr.config.set(ONE_THREAD)
        return zarr.open_array(self.load.folder / PIXELS, mode="r")


class Backend(ChunkBackend):
    sources = ("zarr",)
    package = "zarr"
    rests_on = ("torch", "zarr")

    def array(self, load: "LoadContained", items: Sequence[Item]) -> Chunks:
        return Array(load, items)
