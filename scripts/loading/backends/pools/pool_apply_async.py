"""multiprocessing.Pool.apply_async: one call a chunk, all submitted at once, results taken in order."""

from collections.abc import Iterator, Sequence

from scripts.loading.backend import Item, Loaded, chunks, load_chunk
from scripts.loading.transports.pool import PoolBackend


class Backend(PoolBackend):
    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        results = [self.pool.apply_async(load_chunk, (self.load, part)) for part in chunks(items, self.chunk)]
        for result in results:
            yield from result.get()
