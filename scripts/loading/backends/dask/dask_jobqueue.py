"""Dask over the nodes of a Slurm cluster (dask-jobqueue): one task a chunk, results pickled back over the network."""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from scripts.loading.transports.dask_client import DaskClientBackend

if TYPE_CHECKING:
    from distributed import Client

MEMORY_MB = 1000  # of a worker, which may hold pixels that the measuring process has not fetched yet


class Backend(DaskClientBackend):
    """Its workers are Slurm jobs, each alone on its node."""

    needs = "sbatch"
    rests_on = ("dask", "distributed", "dask-jobqueue")

    def connect(self) -> AbstractContextManager["Client"]:
        from scripts.slurm.dask_cluster import dask_cluster

        return dask_cluster(self.workers, MEMORY_MB, exclusive=True)
