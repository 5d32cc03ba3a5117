"""Dask's distributed scheduler: one task a chunk, pickled back; on processes of this machine or of a running cluster.

The running cluster is that of `loading.dask_address`. Its workers have one thread each, can import this checkout, and
see the same files.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scripts.errors import UserError
from scripts.loading import backend
from scripts.loading.backend import Usage
from scripts.loading.transports.dask_client import DaskClientBackend

if TYPE_CHECKING:
    from distributed import Client

ANSWER_SECONDS = 10  # that a running scheduler has to answer


class Backend(DaskClientBackend):
    """Its workers are processes of a cluster of its own, or those of `address`, where that is given."""

    processes = True
    forks = False  # Dask starts workers, also anew where one dies, from a process with many threads

    @contextmanager
    def connect(self) -> Iterator["Client"]:
        import dask.config
        from distributed import Client, LocalCluster

        if self.address:
            self.started = False
            try:
                client = Client(self.address, timeout=ANSWER_SECONDS, direct_to_workers=True)  # type: ignore[no-untyped-call]
            except (OSError, ValueError) as error:
                raise UserError(f"loading.dask_address: no scheduler answers at {self.address}: {error}") from None
            with client:
                yield client
            return
        with (
            dask.config.set({"distributed.worker.multiprocessing-method": self.start_method}),
            LocalCluster(  # type: ignore[no-untyped-call]
                n_workers=self.workers,
                threads_per_worker=1,
                memory_limit=None,  # else a worker that holds many pixels writes them to disk, or waits
                dashboard_address=None,
            ) as cluster,
            Client(cluster, direct_to_workers=True) as client,  # type: ignore[no-untyped-call]
        ):
            yield client

    def choose(self, workers: Mapping[str, int]) -> Sequence[str]:
        usable = sorted(worker for worker, threads in workers.items() if threads == 1)
        if len(usable) < self.workers:
            raise UserError(
                f"loading.dask_address: {self.address} has {len(usable)} workers of one thread,"
                f" but loading.workers asks for {self.workers}"
            )
        return usable[: self.workers]

    def usage(self) -> Usage:
        # The workers of its own cluster are among its own descendants.
        return super().usage() if self.address else backend.Backend.usage(self)
