"""What the Dask backends on one machine share: one delayed task a chunk, on an executor kept for every pass."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from types import TracebackType
from typing import ClassVar, Self

from scripts.loading import backend
from scripts.loading.backend import Item, Loaded, chunks, load_chunk


class DaskBackend(backend.Backend):
    """A backend on one of Dask's local schedulers."""

    scheduler: ClassVar[str]

    @abstractmethod
    def executor(self) -> Executor:
        """The workers."""

    def __enter__(self) -> Self:
        from dask.base import compute
        from dask.delayed import delayed

        self.compute, self.task = compute, delayed(load_chunk, pure=False)
        self.pool = self.executor()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pool.shutdown(cancel_futures=error is not None)

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        tasks = [self.task(self.load, part) for part in chunks(items, self.chunk)]
        # Dask would send several tasks of a small graph to a process at a time; the point's chunk alone decides that.
        results = self.compute(*tasks, scheduler=self.scheduler, pool=self.pool, chunksize=1)  # type: ignore[no-untyped-call]
        for part in results:
            yield from part
