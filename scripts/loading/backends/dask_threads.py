"""Dask's threaded scheduler: one delayed task a chunk, results shared in memory."""

from scripts.loading.dask_local import DaskBackend
from scripts.loading.executor import OnThreads


class Backend(DaskBackend, OnThreads):
    scheduler = "threads"
