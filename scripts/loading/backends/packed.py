"""Memory-mapped shards of packed pixels: no decoding, no processes; what a trainer of this study reads."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

from scripts.loading import backend
from scripts.loading.backend import PACKED, Item, Loaded

if TYPE_CHECKING:
    from scripts.loading.load import LoadPacked


class Backend(backend.Backend):
    sources = (PACKED,)
    parallel = False
    chunked = False

    def release(self) -> None:
        cast("LoadPacked", self.load).shards.close()

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        return map(self.load, items)
