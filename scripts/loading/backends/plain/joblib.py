"""joblib.Parallel on its own processes (loky): one call a chunk, delivered as they end; with 1 worker, in this process.

Loky starts its workers in its own way. One that grows by 300 MB replaces itself, and shared pixels count in its size:
so they are pickled.
"""

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from scripts.loading import backend
from scripts.loading.backend import Item, Loaded, chunks, load_chunk


class Backend(backend.Backend):
    rests_on = ("joblib",)
    prefetches = True

    def __enter__(self) -> Self:
        import joblib

        with joblib.parallel_config("loky"):
            # Where this machine lets it have no semaphores, joblib does the work in this process and says nothing.
            if (found := joblib.effective_n_jobs(self.workers)) != self.workers:
                raise OSError(f"joblib works with {found} of {self.workers} workers here")
        self.task = joblib.delayed(load_chunk)
        self.pool = joblib.Parallel(
            self.workers,
            backend="loky",
            return_as="generator_unordered",
            batch_size=1,
            pre_dispatch=self.prefetch * self.workers,
        ).__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from joblib.externals.loky import get_reusable_executor

        self.pool.__exit__(kind, error, trace)
        # Loky keeps its workers for whoever asks next; nobody does.
        get_reusable_executor().shutdown(wait=True, kill_workers=error is not None)

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        for part in self.pool(self.task(self.load, part) for part in chunks(items, self.chunk)):
            yield from part
