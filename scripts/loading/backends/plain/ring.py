"""Worker processes that write each chunk to its slot of a ring in shared memory: whoever is idle takes the next chunk
by eight bytes from a pipe, and eight bytes tell that it is there.
"""

import multiprocessing
from collections.abc import Iterator, Sequence
from itertools import islice
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Self

from scripts.errors import ImageError
from scripts.loading import backend
from scripts.loading.backend import Item, Loaded
from scripts.loading.transports.ring import FAILED, REFUSED, Pipe, work


class Backend(backend.Backend):
    processes = True
    forks = False  # a forked worker would hold both ends of a pipe, and never see its parent go
    prefetches = True

    def __enter__(self) -> Self:
        from scripts.loading.transports.shared_pixels import SharedPixels

        self.slots = self.prefetch * self.workers
        self.ring = SharedPixels(self.slots * self.chunk, self.out.shape[1])
        self.asked, self.done = Pipe(), Pipe()
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

    def _start(self, items: Sequence[Item]) -> None:
        """The workers; they are told once what the images of all passes are."""
        settings = (self.load, items, self.chunk, self.asked.to_read, self.done.to_write)
        context: Any = multiprocessing.get_context(self.start_method)
        for _ in range(self.workers):
            worker = context.Process(target=work, args=(*settings, self.ring.path, self.ring.shape), daemon=True)
            worker.start()
            self.running.append(worker)

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        if not self.running:
            self._start(items)
        left = iter(range(0, len(items), self.chunk))
        under_way = 0
        for slot, start in enumerate(islice(left, self.slots)):
            self.asked.write(slot, start)
            under_way += 1
        while under_way:
            slot, start = self.done.read()
            pixels = self.ring.pixels[slot * self.chunk : (slot + 1) * self.chunk]
            if start in {REFUSED, FAILED}:
                said = pixels.tobytes().rstrip(b"\0").decode(errors="replace")
                raise ImageError(said) if start == REFUSED else RuntimeError(said)
            for item, image in zip(items[start : start + self.chunk], pixels, strict=False):
                yield item.position, image
            under_way -= 1
            for following in islice(left, 1):
                self.asked.write(slot, following)
                under_way += 1
