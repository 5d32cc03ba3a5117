"""What the backends on containers share: a torch DataLoader of the library's own, made once, whose worker processes
decode what they read and hand over batches of a chunk.
"""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from scripts.loading import backend
from scripts.loading.backend import Item, Loaded
from scripts.loading.container import key_of

if TYPE_CHECKING:
    import numpy as np

    from scripts.loading.load import LoadContained


class Decode:
    """What a worker does with a sample of a container: `key` and `data`."""

    def __init__(self, load: "LoadContained", items: Sequence[Item]) -> None:
        self.load = load
        self.items = {key_of(item.shard, item.row): item for item in items}

    def __call__(self, key: str, data: bytes) -> tuple[int, "np.ndarray"]:
        return self.load.decode(self.items[key], data)


class ContainedBackend(backend.Backend):
    """A backend on a container. It delivers in the container's order, whatever order it is asked for."""

    processes = True
    prefetches = True

    @abstractmethod
    def make_loader(self, decode: Decode, **settings: Any) -> Iterable[tuple[Any, Any]]:
        """The library's DataLoader, made with `settings` of torch's; it gives batches as tensors."""

    def __enter__(self) -> Self:
        self.loader: Iterable[tuple[Any, Any]] | None = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.loader = None  # its persistent workers end with it

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        if self.loader is None:  # the first pass starts the workers; later passes find them
            self.loader = self.make_loader(
                Decode(cast("LoadContained", self.load), items),
                num_workers=self.workers,
                prefetch_factor=self.prefetch,
                persistent_workers=True,
                multiprocessing_context=self.start_method,
            )
        for positions, pixels in self.loader:
            yield from zip(positions.tolist(), pixels.numpy(), strict=True)
