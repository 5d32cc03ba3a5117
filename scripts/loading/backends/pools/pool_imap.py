"""multiprocessing.Pool.imap: images in chunks, delivered in order."""

from collections.abc import Iterator, Sequence

from scripts.loading.backend import Item, Loaded
from scripts.loading.transports.pool import PoolBackend


class Backend(PoolBackend):
    feeds = True

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        return self.pool.imap(self.load, items, chunksize=self.chunk)
