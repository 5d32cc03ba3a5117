"""concurrent.futures.ProcessPoolExecutor: one call a chunk, a bounded number under way, results pickled back."""

from scripts.loading.transports.executor import OnProcesses


class Backend(OnProcesses):
    pass
