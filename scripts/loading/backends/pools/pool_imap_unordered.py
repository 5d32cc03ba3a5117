"""multiprocessing.Pool.imap_unordered: images in chunks, each delivered as soon as its chunk is done."""

from collections.abc import Iterator, Sequence

from scripts.loading.backend import Item, Loaded
from scripts.loading.transports.pool import PoolBackend


class Backend(PoolBackend):
    feeds = True

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        return self.pool.imap_unordered(self.load, items, chunksize=self.chunk)
