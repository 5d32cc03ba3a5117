"""No measurement waits for ever for a worker that has died.

multiprocessing.Pool replaces a dead worker in silence and never answers the task that it had; Dask starts it again and
tells nobody. Here the kernel tells of each death (pidfd_open(2)); nothing is polled, so watching costs the measurement
nothing.
"""

import os
import select
import signal
import threading
from collections.abc import Iterable
from types import FrameType, TracebackType
from typing import Self

import psutil

AGAIN_SECONDS = 1.0


class WorkerDiedError(Exception):
    """A worker process ended before its work did."""


class WorkerWatch:
    """While it is entered, the death of a watched process raises WorkerDiedError in the main thread.

    It takes SIGUSR1 for itself meanwhile, and must be entered in the main thread.
    """

    def __init__(self) -> None:
        self.died: str | None = None
        self._poll = select.epoll()
        self._wake = os.eventfd(0)
        self._poll.register(self._wake, select.EPOLLIN)
        self._watched: dict[int, tuple[int, str]] = {}  # by file descriptor: process id and command
        self._thread = threading.Thread(target=self._wait, daemon=True)

    def __enter__(self) -> Self:
        self._previous = signal.signal(signal.SIGUSR1, self._raise)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.eventfd_write(self._wake, 1)
        self._thread.join()
        signal.signal(signal.SIGUSR1, self._previous)
        self._poll.close()
        for descriptor in [self._wake, *self._watched]:
            os.close(descriptor)

    def add_children(self) -> None:
        """Watch all processes below this one that are not watched yet."""
        self.add(psutil.Process().children(recursive=True))

    def add(self, processes: Iterable[psutil.Process]) -> None:
        """Watch `processes`."""
        known = {pid for pid, _ in self._watched.values()}
        for process in processes:
            if process.pid in known:
                continue
            try:
                name = process.name()
                descriptor = os.pidfd_open(process.pid)
            except (ProcessLookupError, psutil.NoSuchProcess):
                continue  # a helper that had little to do
            self._watched[descriptor] = process.pid, name
            self._poll.register(descriptor, select.EPOLLIN)

    def _wait(self) -> None:
        for descriptor, _ in self._poll.poll():
            if descriptor == self._wake:
                return
            pid, name = self._watched[descriptor]
            self.died = f"worker process {pid} ({name}) died"
        heard: list[int] = []
        while not heard:  # what is raised inside a destructor or a callback is lost: told again until this is left
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
            heard, *_ = select.select([self._wake], [], [], AGAIN_SECONDS)

    def _raise(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        raise WorkerDiedError(self.died)
