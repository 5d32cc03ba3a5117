"""A way to load as a trainer uses it: raw files to batches, in the order that each epoch asks for.

What the training stage takes of this one. Ways that bring what they are asked for, in whichever order, can feed
(`feeds` of scripts/loading/backend.py); a stream through a container has an order of its own.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from scripts.images.decode import DecodeSpec
from scripts.images.shards import Split
from scripts.loading.backend import Item
from scripts.loading.points import backend_class
from scripts.loading.reading.load import LoadRaw


class Feeder:
    """One way, its workers started and tried on some images; they end with this process.

    Args:
        way: name of the backend.
        folder: of the raw files.
        images: those that will be asked for, by their number.
        workers: of the backend.
        share: images that are asked for at once, which the workers share.
        cores: for the workers; None: those of this thread.
    """

    def __init__(
        self,
        way: str,
        folder: Path,
        decode: DecodeSpec,
        images: Split,
        workers: int,
        share: int,
        cores: Sequence[int] | None,
    ) -> None:
        self.size = decode.size
        places = zip(images.paths, images.shards.tolist(), images.rows.tolist(), strict=True)
        self.items = [Item(i, path, shard, row) for i, (path, shard, row) in enumerate(places)]
        kind = backend_class(way)
        assert kind.feeds, way
        self.backend = kind(LoadRaw(folder, decode), workers=workers, chunk=-(-share // workers))
        self.backend.prepare(self.items)
        self.backend.place(np.empty((0, self.size, self.size, 3), np.uint8))
        own = os.sched_getaffinity(0)
        if cores:
            os.sched_setaffinity(0, cores)  # which threads and processes inherit that are started now
        try:
            self.backend.__enter__()
            for _ in self.batches([np.arange(min(share, len(self.items)))]):
                pass
        finally:
            os.sched_setaffinity(0, own)

    def batches(self, orders: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """The pixels of each of `orders`, numbers of images: uint8 (n, size, size, 3)."""
        asked = list(orders)
        firsts = np.cumsum([0, *map(len, asked)])
        numbers = np.concatenate(asked) if asked else np.empty(0, np.int64)
        items = (self.items[number] for number in numbers.tolist())
        wanted = [Item(at, one.path, one.shard, one.row) for at, one in enumerate(items)]
        begun: dict[int, np.ndarray] = {}
        left = {number: len(order) for number, order in enumerate(asked)}
        following = 0
        for where, pixels in self.backend.load_all(wanted):
            for at, image in _singly(where, pixels):
                number = int(np.searchsorted(firsts, at, side="right")) - 1
                if number not in begun:
                    begun[number] = np.empty((len(asked[number]), self.size, self.size, 3), np.uint8)
                begun[number][at - firsts[number]] = image
                left[number] -= 1
            while following in begun and not left[following]:
                yield begun.pop(following)
                following += 1


def _singly(where: int | slice, pixels: np.ndarray | None) -> Iterable[tuple[int, np.ndarray]]:
    """A delivery image by image."""
    assert pixels is not None, "a way that feeds hands its pixels over"
    if isinstance(where, slice):
        return zip(range(where.start, where.stop), pixels, strict=True)
    return [(where, pixels)]
