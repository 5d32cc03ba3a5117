"""multiprocessing.Pool.map: images in chunks, every result gathered before the first is delivered."""

from collections.abc import Iterator, Sequence

from scripts.loading.backend import Item, Loaded
from scripts.loading.transports.pool import PoolBackend


class Backend(PoolBackend):
    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        return iter(self.pool.map(self.load, items, chunksize=self.chunk))
