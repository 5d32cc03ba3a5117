"""What torch's DataLoader backends share: worker processes assemble batches of a chunk in shared memory."""

import multiprocessing
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from scripts.loading import backend
from scripts.loading.backend import Item, Loaded

if TYPE_CHECKING:
    from torch.utils.data import DataLoader


class DataLoaderBackend(backend.Backend):
    """A backend on a DataLoader; a subclass says of what dataset."""

    processes = True
    prefetches = True

    @abstractmethod
    def dataset(self, items: Sequence[Item]) -> Any:
        """A dataset of (position, pixels)."""

    def __enter__(self) -> Self:
        import torch.utils.data

        self.torch = torch
        self.loader: DataLoader[Loaded] | None = None
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
        if self.loader is None:  # the warm-up pass starts the workers; later passes find them
            self.loader = self.torch.utils.data.DataLoader(
                self.dataset(items),
                batch_size=self.chunk,
                num_workers=self.workers,
                prefetch_factor=self.prefetch,
                persistent_workers=True,
                multiprocessing_context=self.start_method,
            )
        for positions, pixels in self.loader:
            yield from zip(positions.tolist(), pixels.numpy(), strict=True)
