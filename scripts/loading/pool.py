"""What the multiprocessing.Pool backends share: worker processes that are started once and serve every pass."""

import multiprocessing
from types import TracebackType
from typing import Self

from scripts.loading import backend


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
        else:
            self.pool.terminate()
        self.pool.join()
