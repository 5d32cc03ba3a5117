"""dask.array: delayed chunks put together to one array of all images; on threads, which Dask uses for arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from scripts.loading.backend import Item, Load, Loaded, chunks
from scripts.loading.transports.dask_local import DaskBackend
from scripts.loading.transports.executor import OnThreads

if TYPE_CHECKING:
    import numpy as np


def stack(load: Load, items: Sequence[Item]) -> np.ndarray:
    """uint8 (n, size, size, 3) of n items."""
    import numpy as np

    return np.stack([load(item)[1] for item in items])


class Backend(DaskBackend, OnThreads):
    scheduler = "threads"
    shape: tuple[int, ...] | None = None  # of an image

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        from dask import array
        from dask.delayed import delayed

        # An array's shape is known before its values are: the first pass looks at one image, as dask.array.image does.
        self.shape = self.shape or self.load(items[0])[1].shape
        task = delayed(stack, pure=False)
        blocks = [
            array.from_delayed(task(self.load, part), (len(part), *self.shape), "uint8")  # type: ignore[no-untyped-call]
            for part in chunks(items, self.chunk)
        ]
        (pixels,) = self.compute(array.concatenate(blocks))  # type: ignore[no-untyped-call]
        return zip((item.position for item in items), pixels, strict=True)
