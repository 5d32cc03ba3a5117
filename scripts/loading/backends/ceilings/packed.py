"""Memory-mapped shards of packed pixels: no decoding, no processes; what a trainer of this study reads.

Each batch is gathered from the maps straight to its place, in one call.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

from scripts.loading import backend
from scripts.loading.backend import BATCH, PACKED, Item, Loaded

if TYPE_CHECKING:
    from scripts.images.packed_images import PackedImages
    from scripts.loading.reading.load import LoadPacked


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
        self.images: PackedImages | None = None

    def release(self) -> None:
        self.images = None

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        import numpy as np

        augment = cast("LoadPacked", self.load).augment
        if self.images is None:  # the first pass maps the shards, and each pass after a release
            self.images = cast("LoadPacked", self.load).shards.images(self.shards, self.rows)
        for start in range(0, len(items), BATCH):
            batch = slice(start, min(start + BATCH, len(items)))
            if augment is None:
                self.images.gather(batch, self.out[batch])
            else:
                pixels = np.empty((batch.stop - start, *self.images.shape), np.uint8)
                self.images.gather(batch, pixels)
                self.out[batch] = augment(items[batch], pixels)
            yield batch, None
