"""torchdata.nodes: a sampler, batches of a chunk, a ParallelMapper on threads, whose Loader starts them anew in each
pass.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Self

from scripts.loading import backend
from scripts.loading.backend import Item, Load, Loaded


class LoadMany:
    """Some of all images, by their indices."""

    def __init__(self, load: Load, items: Sequence[Item]) -> None:
        self.load, self.items = load, items

    def __call__(self, indices: Sequence[int]) -> list[Loaded]:
        return [self.load(self.items[i]) for i in indices]


class Backend(backend.Backend):
    """Two chunks are under way for each worker: the library takes no more."""

    threads = True
    shuffles = True
    package = "torchdata"
    rests_on = ("torch", "torchdata")

    def __enter__(self) -> Self:
        import torchdata.nodes  # noqa: F401  (part of the start-up, not of the first pass)

        self.loader: Any = None
        return self

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        self.loader = self.loader or self._make(items)
        for part in self.loader:
            yield from part

    def _make(self, items: Sequence[Item]) -> Any:
        from torch import Generator
        from torch.utils.data import RandomSampler
        from torchdata.nodes import Batcher, Loader, ParallelMapper, SamplerWrapper

        indices = SamplerWrapper(RandomSampler(items, generator=Generator()))
        parts = Batcher(indices, self.chunk, drop_last=False)  # the default drops it
        return Loader(ParallelMapper(parts, LoadMany(self.load, items), self.workers, in_order=False))
