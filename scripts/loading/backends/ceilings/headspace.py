"""Ready batches in memory: a ceiling. What is left is what it costs to take the images; no way to load is faster."""

from collections.abc import Iterator, Sequence

from scripts.loading import backend
from scripts.loading.backend import BATCH, RAW, Item, Loaded, chunks


class Backend(backend.Backend):
    sources = (RAW,)
    parallel = False
    chunked = False
    ceiling = True

    def prepare(self, items: Sequence[Item]) -> None:
        import numpy as np

        self.batches = [
            (slice(part[0].position, part[-1].position + 1), np.stack([self.load(item)[1] for item in part]))
            for part in chunks(items, BATCH)
        ]

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        del items
        return iter(self.batches)
