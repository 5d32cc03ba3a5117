"""torch.utils.data.DataLoader, map style: worker processes assemble batches of a chunk in shared memory."""

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from scripts.loading import backend
from scripts.loading.backend import Item, Load, Loaded


class Images:
    """A map-style dataset: element i is (position, pixels)."""

    def __init__(self, load: Load, items: Sequence[Item]) -> None:
        self.load = load
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, i: int) -> Loaded:
        return self.load(self.items[i])


class Backend(backend.Backend):
    processes = True
    prefetches = True

    def __enter__(self) -> Self:
        import torch.utils.data

        self.torch = torch
        self.loader: torch.utils.data.DataLoader[Loaded] | None = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.loader = None  # its persistent workers end with it

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        if self.loader is None:  # the warm-up pass starts the workers; later passes find them
            self.loader = self.torch.utils.data.DataLoader(
                Images(self.load, items),  # type: ignore[arg-type]
                batch_size=self.chunk,
                num_workers=self.workers,
                prefetch_factor=self.prefetch,
                persistent_workers=True,
                multiprocessing_context=self.start_method,
            )
        for positions, pixels in self.loader:
            yield from zip(positions.tolist(), pixels.numpy(), strict=True)
