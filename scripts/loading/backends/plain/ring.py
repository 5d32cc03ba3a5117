"""Worker processes that write each chunk to its slot of a ring in shared memory: whoever is idle takes the next chunk
by eight bytes from a pipe, and eight bytes tell that it is there.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from itertools import islice
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from scripts.errors import ImageError
from scripts.loading import backend
from scripts.loading.backend import Item, Loaded

if TYPE_CHECKING:
    from scripts.loading.transports.ring import Pipe, Ring


class Backend(backend.Backend):
    processes = True
    forks = False  # a forked worker would hold both ends of a pipe, and never see its parent go
    prefetches = True
    feeds = True
    items: Sequence[Item] = ()

    def prepare(self, items: Sequence[Item]) -> None:
        self.items = items

    def __enter__(self) -> Self:
        from scripts.loading.transports.ring import Pipe, Ring

        self.ring: Ring = Ring(self.prefetch * self.workers, self.chunk, self.out.shape[1])
        self.asked: Pipe = Pipe()
        self.done: Pipe = Pipe()
        self.running: list[BaseProcess] = []
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            for worker in self.running:
                worker.kill()
        self.asked.close()  # after which a worker ends
        for worker in self.running:
            worker.join()
        self.done.close()

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        from scripts.loading.transports.ring import FAILED, REFUSED

        if not self.running:
            self._start(self.items or items)
        left = iter(range(0, len(items), self.chunk))
        under_way = 0
        for slot, start in enumerate(islice(left, len(self.ring.pixels))):
            self._ask(slot, start, items)
            under_way += 1
        while under_way:
            slot, start = self.done.read()
            pixels = self.ring.pixels[slot]
            if start in {REFUSED, FAILED}:
                said = pixels.tobytes().rstrip(b"\0").decode(errors="replace")
                raise ImageError(said) if start == REFUSED else RuntimeError(said)
            for item, image in zip(items[start : start + self.chunk], pixels, strict=False):
                yield item.position, image
            under_way -= 1
            for following in islice(left, 1):
                self._ask(slot, following, items)
                under_way += 1

    def _start(self, items: Sequence[Item]) -> None:
        """The workers; they are told once which images there are."""
        from scripts.loading.transports.ring import work

        self.numbers = {item.path: number for number, item in enumerate(items)}
        settings = (self.load, items, self.asked.to_read, self.done.to_write, self.ring)
        context: Any = multiprocessing.get_context(self.start_method)
        for _ in range(self.workers):
            worker = context.Process(target=work, args=settings, daemon=True)
            worker.start()
            self.running.append(worker)

    def _ask(self, slot: int, start: int, items: Sequence[Item]) -> None:
        """Have somebody load the chunk of `items` that begins at `start`."""
        from scripts.loading.transports.ring import NONE

        some = [self.numbers[item.path] for item in items[start : start + self.chunk]]
        self.ring.numbers[slot] = some + [NONE] * (self.chunk - len(some))
        self.asked.write(slot, start)
