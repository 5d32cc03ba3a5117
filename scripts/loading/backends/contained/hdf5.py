"""HDF5 by h5py: torch's DataLoader whose worker processes read packed pixels from one file, a chunk at a time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scripts.loading.backend import Item
from scripts.loading.stored import PIXELS
from scripts.loading.transports.chunk_loader import ChunkBackend, Chunks

if TYPE_CHECKING:
    from scripts.loading.reading.load import LoadContained


class Array(Chunks):
    def open(self) -> Any:
        import h5py

        # Without the cache of chunks that HDF5 has by default: small ones would stay from pass to pass.
        return h5py.File(self.load.folder / "images.h5", rdcc_nbytes=0)[PIXELS]


class Backend(ChunkBackend):
    sources = ("hdf5",)
    package = "h5py"
    rests_on = ("torch", "h5py")

    def array(self, load: "LoadContained", items: Sequence[Item]) -> Chunks:
        return Array(load, items)
