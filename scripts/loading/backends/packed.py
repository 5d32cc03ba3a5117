"""Memory-mapped shards of packed pixels: no decoding, no processes; what a trainer of this study reads.

Each batch is gathered from the maps straight to its place.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

from scripts.loading import backend
from scripts.loading.backend import BATCH, PACKED, Item, Loaded

if TYPE_CHECKING:
    from scripts.loading.load import LoadPacked


class Backend(backend.Backend):
    sources = (PACKED,)
    parallel = False
    chunked = False
    fills = True

    def prepare(self, items: Sequence[Item]) -> None:
        import numpy as np

        # A trainer has these arrays, not objects.
        self.shards = np.array([item.shard for item in items])
        self.rows = np.array([item.row for item in items])

    def release(self) -> None:
        cast("LoadPacked", self.load).shards.close()

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        start = 0
        for run in cast("LoadPacked", self.load).shards.runs(self.shards, self.rows, BATCH):
            run.copy(self.out)
            end = run.where.stop
            if end % BATCH == 0 or end == len(items):
                yield slice(start, end), None
                start = end
