"""What the Dask backends on one machine share: graphs computed on an executor that is kept for every pass."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

from scripts.loading.backend import Item, Loaded, chunks, load_chunk
from scripts.loading.transports.executor import ExecutorBackend


class DaskBackend(ExecutorBackend):
    """A backend on one of Dask's local schedulers: by default one delayed task a chunk."""

    prefetches = False
    rests_on = ("dask",)
    scheduler: ClassVar[str]

    def __enter__(self) -> Self:
        from dask.delayed import delayed

        self.task = delayed(load_chunk, pure=False)
        return super().__enter__()

    def compute(self, *collections: Any) -> tuple[Any, ...]:
        """The values of `collections`, from the workers."""
        from dask.base import compute

        # Dask would send several tasks of a small graph to a process at a time; the point's chunk alone decides that.
        found: tuple[Any, ...] = compute(*collections, scheduler=self.scheduler, pool=self.pool, chunksize=1)  # type: ignore[no-untyped-call]
        return found

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        for part in self.compute(*(self.task(self.load, part) for part in chunks(items, self.chunk))):
            yield from part
