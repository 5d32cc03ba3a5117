"""multiprocessing.Pool.map_async: images in chunks, one result object that is waited for, then all are delivered."""

from collections.abc import Iterator, Sequence

from scripts.loading.backend import Item, Loaded
from scripts.loading.transports.pool import PoolBackend


class Backend(PoolBackend):
    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        return iter(self.pool.map_async(self.load, items, chunksize=self.chunk).get())
