"""What the backends on a DataLoader of torch's kind share: it is made once, and its worker processes serve every pass,
assembling batches of a chunk in shared memory.
"""

import multiprocessing
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, ClassVar, Self

from scripts.loading import backend
from scripts.loading.backend import Item, Loaded

Batches = Iterable[tuple[Any, Any]]  # tensors: positions (n,), uint8 pixels (n, size, size, 3)


class DataLoaderBackend(backend.Backend):
    """A backend on a DataLoader; a subclass makes it."""

    processes = True
    prefetches = True
    rests_on: ClassVar[Sequence[str]] = ("torch",)

    @abstractmethod
    def make_loader(self, items: Sequence[Item], **settings: Any) -> Batches:
        """The loader of `items` in batches of a chunk; `settings` are torch's, of its workers."""

    def ask(self, items: Sequence[Item]) -> None:
        """What the loader's next pass brings, where that is not always the same."""
        del items

    def __enter__(self) -> Self:
        import torch.utils.data  # noqa: F401  (part of the start-up, not of the first pass)

        self.loader: Batches | None = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.loader = None  # its persistent workers end with it
        if error is not None:  # whose traceback may still hold the loader
            for worker in multiprocessing.active_children():
                worker.terminate()
                worker.join()

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        if self.loader is None:  # the first pass starts the workers; later passes find them
            self.loader = self.make_loader(
                items,
                num_workers=self.workers,
                prefetch_factor=self.prefetch,
                persistent_workers=True,
                multiprocessing_context=self.start_method,
            )
        self.ask(items)
        for positions, pixels in self.loader:
            yield from zip(positions.tolist(), pixels.numpy(), strict=True)
