"""What the backends on a concurrent.futures executor share: workers that serve every pass, and chunks on their way."""

import multiprocessing
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, ProcessPoolExecutor, ThreadPoolExecutor, wait
from itertools import islice
from types import TracebackType
from typing import Protocol, Self, TypeVar

from scripts.loading import backend
from scripts.loading.backend import Item, Loaded, chunks, load_chunk


class Answer(Protocol):
    """A future, concurrent.futures' or asyncio's."""

    def result(self) -> list[Loaded]:
        """What it brought, or the error that it ended with."""


A = TypeVar("A", bound=Answer)


class ExecutorBackend(backend.Backend):
    """A backend on `self.pool`."""

    prefetches = True
    feeds = True

    @abstractmethod
    def executor(self) -> Executor:
        """The workers."""

    def __enter__(self) -> Self:
        self.pool = self.executor()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pool.shutdown(cancel_futures=error is not None)

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        return bounded(
            chunks(items, self.chunk),
            limit=self.prefetch * self.workers,
            submit=lambda part: self.pool.submit(load_chunk, self.load, part),
            first=lambda waiting: wait(waiting, return_when=FIRST_COMPLETED),
        )


class OnThreads(ExecutorBackend):
    """Its workers are threads."""

    threads = True

    def executor(self) -> Executor:
        return ThreadPoolExecutor(self.workers)


class OnProcesses(ExecutorBackend):
    """Its workers are processes; where one dies, the executor ends the others and raises."""

    processes = True
    shares = True

    def executor(self) -> Executor:
        return ProcessPoolExecutor(self.workers, mp_context=multiprocessing.get_context(self.start_method))


def bounded(
    parts: Iterable[Sequence[Item]],
    limit: int,
    submit: Callable[[Sequence[Item]], A],
    first: Callable[[set[A]], tuple[set[A], set[A]]],
) -> Iterator[Loaded]:
    """The images of all `parts`, of which at most `limit` are submitted and not yet delivered.

    Args:
        submit: begins to load a part.
        first: waits until at least one is done; returns those that are, and the others.
    """
    left = iter(parts)
    waiting = {submit(part) for part in islice(left, limit)}
    while waiting:
        done, waiting = first(waiting)
        for answer in done:
            waiting |= {submit(part) for part in islice(left, 1)}  # before the delivery, for which no worker waits
            yield from answer.result()
