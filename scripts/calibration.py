"""How fast are the cores now? A fixed piece of work, on as many of them at once as a launch uses.

Two calibrations apart show whether the cores changed their speed: clock frequency, heat, a neighbour on the same
hardware. That other processes took a core for a while they do not show, since each run of the work is timed in the CPU
seconds of its thread; a record's `foreign_cores` tells that. A core that has just woken up is slow, which no launch is:
it is kept busy until it is awake.
"""

import statistics
import threading
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from os import sched_getaffinity
from typing import NamedTuple

_BLOCK = bytes(range(256)) * 4096  # 1 MiB: about what fits a core's own cache
WINDOW_SECONDS = 0.1  # of the runs that count
LEAST_RUNS = 12  # of each core, where these take longer
WAKING_SECONDS = 0.2  # that a core has at most to wake up
ALIKE_RUNS = 5  # so many runs take as long as as many before them where a core is awake,
ALIKE = 0.02  # but for this share


class Calibration(NamedTuple):
    """What the fixed work took."""

    seconds: float  # CPU seconds of a run: the lower quartile of a core's, mean of the cores
    spread: float  # of the runs: interquartile range by median, mean of the cores


def calibrate(cores: int = 1) -> Calibration:
    """Time the fixed work on `cores` at once, or on all that this process may use where these are fewer."""
    cores = min(cores, len(sched_getaffinity(0)))
    together = _Together(threading.Barrier(cores))
    others = [threading.Thread(target=together.run) for _ in range(cores - 1)]
    for thread in others:
        thread.start()
    together.run(leads=True)
    for thread in others:
        thread.join()
    return mean([_of_runs(mine) for mine in together.runs])


def mean(found: Sequence[Calibration]) -> Calibration:
    """Of cores that worked at the same time."""
    return Calibration(*map(statistics.fmean, zip(*found, strict=True)))


def _of_runs(runs: list[float]) -> Calibration:
    low, middle, high = statistics.quantiles(runs, n=4, method="inclusive")
    return Calibration(low, (high - low) / middle)


@dataclass
class _Together:
    """Threads that work at the same time: zlib lets go of Python's lock."""

    start: threading.Barrier
    runs: list[list[float]] = field(default_factory=list)  # CPU seconds, of each thread once it is awake
    awake: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self, leads: bool = False) -> None:
        """Work until the thread that leads has found its core awake, and then until it has runs enough."""
        waking: list[float] = []
        mine: list[float] = []
        self.runs.append(mine)
        self.start.wait()
        until = time.monotonic() + WAKING_SECONDS
        while not self.awake.is_set():
            waking.append(_work())
            if leads and (_alike(waking) or time.monotonic() >= until):
                self.awake.set()
        until = time.monotonic() + WINDOW_SECONDS
        while not self.over.is_set() or len(mine) < 2:
            mine.append(_work())
            if leads and time.monotonic() >= until and len(mine) >= LEAST_RUNS:
                self.over.set()


def _work() -> float:
    """The fixed work; its CPU seconds."""
    started = time.thread_time()
    check = 0
    for _ in range(8):
        check = zlib.adler32(_BLOCK, check)
        check = zlib.crc32(_BLOCK, check)
    return time.thread_time() - started


def _alike(runs: list[float]) -> bool:
    if len(runs) < 2 * ALIKE_RUNS:
        return False
    last, before = statistics.median(runs[-ALIKE_RUNS:]), statistics.median(runs[-2 * ALIKE_RUNS : -ALIKE_RUNS])
    return abs(last / before - 1) <= ALIKE
