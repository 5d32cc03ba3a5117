"""Dask's multiprocessing scheduler: one delayed task a chunk, results pickled back."""

from scripts.loading.transports.dask_local import DaskBackend
from scripts.loading.transports.executor import OnProcesses


class Backend(DaskBackend, OnProcesses):
    scheduler = "processes"
