"""What the backends on Grain's DataLoader share: one iterator without an end, as a trainer would keep it; one for each
pass would start the workers anew.

A worker takes every n-th image, and a batch would hold the last images of a pass and the first of the next. So each
pass is filled up to whole batches of all workers with nothings that weigh little, which the measuring process drops.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self

from scripts.loading import backend
from scripts.loading.backend import Item, Load, Loaded
from scripts.loading.transports.gate import Gate

if TYPE_CHECKING:
    import numpy as np

NOTHING = -1  # the position of what fills a pass up
SEED = 0  # of the order of each pass


class Images:
    """A random-access data source: (position, pixels), and one nothing after the last."""

    def __init__(self, load: Load, items: Sequence[Item], nothing: np.ndarray) -> None:
        self.load, self.items, self.nothing = load, items, nothing

    def __len__(self) -> int:
        return len(self.items) + 1

    def __getitem__(self, i: int) -> Loaded:
        return self.load(self.items[i]) if i < len(self.items) else (NOTHING, self.nothing)


class Passes:
    """Grain's sampler of shuffled passes, each filled up to a multiple of `whole` and given out once it has begun."""

    def __init__(self, images: int, whole: int, gate: Gate) -> None:
        from grain.samplers import IndexSampler

        self.images, self.gate = images, gate
        self.length = -(-images // whole) * whole
        self.shuffled = IndexSampler(images, shuffle=True, seed=SEED)

    def __len__(self) -> int:
        return len(self.shuffled)

    def __getitem__(self, index: int) -> Any:
        from grain import RecordMetadata

        number, place = divmod(index, self.length)
        self.gate.wait(number + 1)
        if place >= self.images:
            return RecordMetadata(index=index, record_key=self.images)
        return RecordMetadata(index=index, record_key=self.shuffled[number * self.images + place].record_key)


class GrainBackend(backend.Backend):
    """A backend on Grain's DataLoader; a subclass says whose threads read."""

    prefetches = True
    shuffles = True
    package = "grain"
    rests_on: ClassVar[Sequence[str]] = ("grain",)

    def settings(self) -> dict[str, Any]:
        """Of the DataLoader: its workers, and what they have under way."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        import grain  # noqa: F401  (part of the start-up, not of the first pass)

        self.gate = Gate()
        self.batches: Any = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.gate.close()
        if self.batches is not None:
            self.batches._iterator.close()  # its own has no end that one could ask for

    def _start(self, items: Sequence[Item]) -> Any:
        import numpy as np
        from grain import DataLoader
        from grain.sharding import NoSharding
        from grain.transforms import Batch

        nothing = np.zeros(self.out.shape[1:], np.uint8)
        loader = DataLoader(
            data_source=Images(self.load, items, nothing),
            sampler=Passes(len(items), self.workers * self.chunk, self.gate),
            operations=[Batch(self.chunk)],
            shard_options=NoSharding(),
            **self.settings(),
        )
        return iter(loader)

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        import numpy as np

        self.batches = self.batches or self._start(items)
        self.gate.open()
        whole = self.workers * self.chunk
        for _ in range(-(-len(items) // whole) * self.workers):
            positions, pixels = next(self.batches)
            found = zip(np.asarray(positions).tolist(), np.asarray(pixels), strict=True)
            yield from (one for one in found if one[0] != NOTHING)
