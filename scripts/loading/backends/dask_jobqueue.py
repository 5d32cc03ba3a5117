"""Dask over the nodes of a Slurm cluster (dask-jobqueue): one task a chunk, results pickled back over the network."""

from collections.abc import Iterator, Sequence
from functools import partial
from types import TracebackType
from typing import NamedTuple, Self

from scripts import machine
from scripts.errors import UserError
from scripts.loading import backend
from scripts.loading.backend import RAW, REENCODED, Item, Loaded, Usage, chunks, load_chunk

MEMORY_MB = 1000  # of a worker, which may hold pixels that the measuring process has not fetched yet


class Look(NamedTuple):
    """One worker, and the machine that it is on."""

    place: machine.Place
    busy_seconds: float  # of its machine
    cpu_seconds: float  # its own
    peak_rss_bytes: int
    read_bytes: int  # from storage

    @classmethod
    def here(cls) -> "Look":
        return cls(machine.Place.of_this_process(), machine.busy_seconds(), *machine.tree_usage())


class Backend(backend.Backend):
    """Its workers are Slurm jobs, each alone on its node."""

    sources = (RAW, REENCODED)  # a server on this machine's loopback is out of their reach
    needs = "sbatch"

    def __enter__(self) -> Self:
        from distributed import as_completed

        from scripts.slurm.dask_cluster import dask_cluster

        self.as_completed = as_completed
        self.cluster = dask_cluster(self.workers, MEMORY_MB, exclusive=True)
        self.client = self.cluster.__enter__()
        looks = self._look()
        self.worker_places = [look.place for look in looks]
        self.busy_before = busy_elsewhere(looks) - sum(look.cpu_seconds for look in elsewhere(looks))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cluster.__exit__(kind, error, trace)

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        # Not pure: Dask would answer a second pass with the results of the first.
        futures = self.client.map(partial(load_chunk, self.load), chunks(items, self.chunk), pure=False)
        for _, part in self.as_completed(futures, with_results=True):  # type: ignore[no-untyped-call]
            yield from part

    def usage(self) -> Usage:
        own, looks = super().usage(), self._look()
        return Usage(
            own.cpu_seconds + sum(look.cpu_seconds for look in looks),
            own.peak_rss_bytes + sum(look.peak_rss_bytes for look in looks),
            own.read_bytes + sum(look.read_bytes for look in looks),
            busy_elsewhere(looks) - self.busy_before,
        )

    def places(self) -> machine.Places:
        return machine.Places([*super().places(), *self.worker_places])

    def _look(self) -> list[Look]:
        looks = list(self.client.run(Look.here).values())
        if len(looks) < self.workers:  # Dask gives a lost worker's tasks to the others, so nothing else would show it
            raise UserError(f"{self.workers - len(looks)} of {self.workers} Dask workers were lost while they loaded")
        return looks


def elsewhere(looks: Sequence[Look]) -> list[Look]:
    """The workers that are not on this machine; the nodes of a cluster for trying out all are."""
    return [look for look in looks if look.place.machine != machine.boot_id()]


def busy_elsewhere(looks: Sequence[Look]) -> float:
    """CPU seconds that the other machines have used, each counted once."""
    return sum({look.place.machine: look.busy_seconds for look in elsewhere(looks)}.values())
