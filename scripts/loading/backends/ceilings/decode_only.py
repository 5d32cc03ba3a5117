"""Decoding alone, one image after the other, of files whose bytes are in memory already: a ceiling."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

from scripts.loading import backend
from scripts.loading.backend import RAW, REENCODED, Item, Loaded

if TYPE_CHECKING:
    from scripts.loading.reading.load import LoadFile


class Backend(backend.Backend):
    sources = (RAW, REENCODED)
    parallel = False
    chunked = False
    ceiling = True

    def prepare(self, items: Sequence[Item]) -> None:
        load = cast("LoadFile", self.load)
        self.decode = load.decode
        self.data = [load.read(item) for item in items]

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        for item, data in zip(items, self.data, strict=True):
            yield item.position, self.decode(item, data)
