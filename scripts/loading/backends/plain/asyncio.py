"""asyncio: an event loop hands chunks to threads (run_in_executor), a bounded number under way, as a server would."""

import asyncio
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from scripts.loading.backend import Item, Loaded, chunks, load_chunk
from scripts.loading.transports.executor import OnThreads, bounded


class Backend(OnThreads):
    """The loop runs only while this process waits for a chunk; the threads load meanwhile and between."""

    def __enter__(self) -> Self:
        self.loop = asyncio.new_event_loop()
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self.loop.close()

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        return bounded(
            chunks(items, self.chunk),
            limit=self.prefetch * self.workers,
            submit=lambda part: self.loop.run_in_executor(self.pool, load_chunk, self.load, part),
            first=lambda waiting: self.loop.run_until_complete(
                asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            ),
        )
