"""concurrent.futures.ProcessPoolExecutor: one call a chunk, a bounded number under way, results pickled back."""

from scripts.loading.executor import OnProcesses


class Backend(OnProcesses):
    pass
