"""Memory-mapped shards of packed pixels: no decoding, no processes; what a trainer of this study reads."""

from collections.abc import Iterator, Sequence

from scripts.loading import backend
from scripts.loading.backend import Item, Loaded


class Backend(backend.Backend):
    source = "packed"
    parallel = False
    chunked = False

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        return map(self.load, items)
