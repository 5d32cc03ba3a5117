"""Dask's threaded scheduler: one delayed task a chunk, results shared in memory."""

from scripts.loading.transports.dask_local import DaskBackend
from scripts.loading.transports.executor import OnThreads


class Backend(DaskBackend, OnThreads):
    scheduler = "threads"
