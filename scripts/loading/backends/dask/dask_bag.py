"""dask.bag: a sequence in partitions of a chunk, mapped; on processes, which Dask uses for bags."""

from collections.abc import Iterator, Sequence

from scripts.loading.backend import Item, Loaded
from scripts.loading.transports.dask_local import DaskBackend
from scripts.loading.transports.executor import OnProcesses


class Backend(DaskBackend, OnProcesses):
    scheduler = "processes"

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        from dask import bag

        images = bag.from_sequence(items, partition_size=self.chunk)  # type: ignore[no-untyped-call]
        (loaded,) = self.compute(images.map(self.load))
        return iter(loaded)
