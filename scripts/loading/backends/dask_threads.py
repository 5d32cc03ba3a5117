"""Dask's threaded scheduler: one delayed task a chunk, results shared in memory."""

from concurrent.futures import Executor, ThreadPoolExecutor

from scripts.loading.dask_local import DaskBackend


class Backend(DaskBackend):
    scheduler = "threads"

    def executor(self) -> Executor:
        return ThreadPoolExecutor(self.workers)
