"""Dask's multiprocessing scheduler: one delayed task a chunk, results pickled back."""

import multiprocessing
from concurrent.futures import Executor, ProcessPoolExecutor

from scripts.loading.dask_local import DaskBackend


class Backend(DaskBackend):
    scheduler = "processes"
    processes = True
    shares = True

    def executor(self) -> Executor:
        return ProcessPoolExecutor(self.workers, mp_context=multiprocessing.get_context(self.start_method))
