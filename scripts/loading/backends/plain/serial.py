"""One process, one thread, one image after the other: the baseline and the reference."""

from collections.abc import Iterator, Sequence

from scripts.loading import backend
from scripts.loading.backend import Item, Loaded


class Backend(backend.Backend):
    parallel = False
    chunked = False
    feeds = True

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        return map(self.load, items)
