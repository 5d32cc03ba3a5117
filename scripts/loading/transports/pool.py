"""What the multiprocessing.Pool backends share: worker processes that are started once and serve every pass."""

import multiprocessing
from threading import Thread
from types import TracebackType
from typing import Self

from scripts.loading import backend

TERMINATE_SECONDS = 3.0


class PoolBackend(backend.Backend):
    """A backend on `self.pool`; a subclass says how it hands the images over."""

    processes = True
    shares = True

    def __enter__(self) -> Self:
        self.pool = multiprocessing.get_context(self.start_method).Pool(self.workers)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.pool.close()
            self.pool.join()
            return
        # A worker that was killed may have held a lock of the pool, for which terminate() would wait for ever.
        terminating = Thread(target=self.pool.terminate, daemon=True)
        terminating.start()
        terminating.join(TERMINATE_SECONDS)
        for worker in multiprocessing.active_children():
            worker.kill()
            worker.join()
