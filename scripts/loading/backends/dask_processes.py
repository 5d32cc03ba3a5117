"""Dask's multiprocessing scheduler: one delayed task a chunk, results pickled back."""

import multiprocessing
from concurrent.futures import Executor, ProcessPoolExecutor

from scripts.loading import backend
from scripts.loading.dask_local import DaskBackend


class Backend(DaskBackend):
    scheduler = "processes"
    start_method = backend.START_METHOD

    def executor(self) -> Executor:
        return ProcessPoolExecutor(self.workers, mp_context=multiprocessing.get_context(self.start_method))
