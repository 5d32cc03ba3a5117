"""concurrent.futures.ThreadPoolExecutor: one call a chunk, a bounded number under way, results shared in memory."""

from scripts.loading.transports.executor import OnThreads


class Backend(OnThreads):
    pass
