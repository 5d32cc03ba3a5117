"""multiprocessing.Pool.starmap: as pool_map, with each image's arguments in a tuple."""

from collections.abc import Iterator, Sequence

from scripts.loading.backend import Item, Loaded
from scripts.loading.transports.pool import PoolBackend


class Backend(PoolBackend):
    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        return iter(self.pool.starmap(self.load, [(item,) for item in items], chunksize=self.chunk))
