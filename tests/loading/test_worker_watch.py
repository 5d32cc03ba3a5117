"""A worker's death is told to whoever waits for its work."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable

import psutil
import pytest

from scripts.loading.measuring.worker_watch import WorkerDiedError, WorkerWatch


@pytest.fixture
def worker() -> "subprocess.Popen[bytes]":
    """A process that runs until it is killed."""
    process = subprocess.Popen(["sleep", "1000"])
    yield process
    process.kill()
    process.wait()


def wait_for_ever(watched: list[psutil.Process], meanwhile: Callable[[], None] = lambda: None) -> None:
    with WorkerWatch() as watch:
        watch.add(watched)
        threading.Timer(0.1, meanwhile).start()
        threading.Event().wait()


def test_a_death_ends_an_endless_wait(worker: "subprocess.Popen[bytes]") -> None:
    with pytest.raises(WorkerDiedError, match=rf"worker process {worker.pid} \(sleep\) died"):
        wait_for_ever([psutil.Process(worker.pid)], worker.kill)


def test_one_that_died_before_it_was_watched_is_told_too(worker: "subprocess.Popen[bytes]") -> None:
    found = psutil.Process(worker.pid)
    worker.kill()
    with pytest.raises(WorkerDiedError):
        wait_for_ever([found])  # a zombie by now


def test_what_ends_afterwards_disturbs_nobody(worker: "subprocess.Popen[bytes]") -> None:
    before = signal.getsignal(signal.SIGUSR1)
    with WorkerWatch() as watch:
        watch.add_children()
        watch.add_children()
    worker.kill()
    worker.wait()
    assert signal.getsignal(signal.SIGUSR1) is before


class Destroyed:
    """Python swallows what is raised while it is destroyed."""

    def __init__(self, worker: "subprocess.Popen[bytes]") -> None:
        self.worker = worker

    def __del__(self) -> None:
        self.worker.kill()
        time.sleep(0.5)


def wait_after_destroying(worker: "subprocess.Popen[bytes]") -> None:
    with WorkerWatch() as watch:
        watch.add([psutil.Process(worker.pid)])
        Destroyed(worker)
        threading.Event().wait(300)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_death_that_is_told_where_nothing_can_be_raised_is_told_again(worker: "subprocess.Popen[bytes]") -> None:
    with pytest.raises(WorkerDiedError):
        wait_after_destroying(worker)
