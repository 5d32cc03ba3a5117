"""What the backends on a Dask cluster share: one task a chunk, pickled back; workers that may run on other machines."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

from scripts import machine
from scripts.loading import backend
from scripts.loading.backend import RAW, REENCODED, Item, Loaded, Usage, chunks, load_chunk
from scripts.loading.measuring.worker_watch import WorkerDiedError

if TYPE_CHECKING:
    from distributed import Client

SILENCE = 5.0  # seconds without a result, after which the workers are counted: a task waits for them for ever


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


class DaskClientBackend(backend.Backend):
    """A backend on the cluster that a subclass connects to."""

    sources = (RAW, REENCODED)  # a server on this machine is none to workers elsewhere
    rests_on: ClassVar[Sequence[str]] = ("dask", "distributed")
    started = True  # the workers began with this launch, so what they used to start is its own
    cpu_before = 0.0  # seconds that they had used for others

    @abstractmethod
    def connect(self) -> AbstractContextManager["Client"]:
        """A client of the cluster, whose workers are there while it is entered."""

    def choose(self, workers: Mapping[str, int]) -> Sequence[str]:
        """Which workers of the cluster load, of all by address with their threads."""
        return list(workers)

    def __enter__(self) -> Self:
        from distributed import as_completed

        self.as_completed = as_completed
        with ExitStack() as connection:
            self.client = connection.enter_context(self.connect())
            self.chosen = self.choose(self.client.nthreads())  # type: ignore[no-untyped-call]
            looks = self._look()
            self.connection = connection.pop_all()
        self.worker_places = [look.place for look in looks]
        self.busy_before = busy_elsewhere(looks)
        if self.started:
            self.busy_before -= sum(look.cpu_seconds for look in elsewhere(looks))
        else:
            self.cpu_before = sum(look.cpu_seconds for look in looks)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.__exit__(kind, error, trace)

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        task, parts = partial(load_chunk, self.load), chunks(items, self.chunk)
        # Not pure: Dask would answer a second pass with the results of the first. No name holds the futures, so that
        # the workers forget what was delivered.
        results = self.as_completed(self.client.map(task, parts, pure=False, workers=self.chosen), with_results=True)  # type: ignore[no-untyped-call]
        while not results.is_empty():  # type: ignore[no-untyped-call]
            with results.thread_condition:
                some = results.thread_condition.wait_for(results.has_ready, timeout=SILENCE)
            if not some:
                self._look()
            for _, part in results.next_batch(block=False):  # type: ignore[no-untyped-call]
                yield from part

    def usage(self) -> Usage:
        own, looks = super().usage(), self._look()
        return Usage(
            own.cpu_seconds + sum(look.cpu_seconds for look in looks) - self.cpu_before,
            own.peak_rss_bytes + sum(look.peak_rss_bytes for look in looks),
            own.read_bytes + sum(look.read_bytes for look in looks),
            busy_elsewhere(looks) - self.busy_before,
        )

    def places(self) -> machine.Places:
        return machine.Places([*super().places(), *self.worker_places])

    def _look(self) -> list[Look]:
        looks = [look for address, look in self.client.run(Look.here).items() if address in self.chosen]
        if len(looks) < self.workers:  # Dask gives a lost worker's tasks to the others, so nothing else would show it
            raise WorkerDiedError(
                f"{self.workers - len(looks)} of {self.workers} Dask workers were lost while they loaded"
            )
        return looks


def elsewhere(looks: Sequence[Look]) -> list[Look]:
    """The workers that are not on this machine; the nodes of a cluster for trying out all are."""
    return [look for look in looks if look.place.machine != machine.boot_id()]


def busy_elsewhere(looks: Sequence[Look]) -> float:
    """CPU seconds that the other machines have used, each counted once."""
    return sum({look.place.machine: look.busy_seconds for look in elsewhere(looks)}.values())
