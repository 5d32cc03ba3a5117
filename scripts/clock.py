"""Time: a stopwatch whose phases add up to the wall clock, and the calibration kernel that shows a machine's drift."""

import time
import zlib
from collections.abc import Callable


class Stopwatch:
    """Divides the time since it was made into named phases: each moment belongs to exactly one."""

    def __init__(self, synchronize: Callable[[], None] = lambda: None) -> None:
        """`synchronize` waits for work that runs on (a GPU's queue) and is called before each reading."""
        self.synchronize = synchronize
        self._last = self.started = time.perf_counter()
        self.phases: dict[str, float] = {}

    def lap(self, phase: str) -> float:
        """Give the time since the last lap to `phase`; returns it, in seconds."""
        self.synchronize()
        now = time.perf_counter()
        seconds, self._last = now - self._last, now
        self.phases[phase] = self.phases.get(phase, 0.0) + seconds
        return seconds

    @property
    def wall(self) -> float:
        """Seconds from the start to the last lap: what the phases add up to."""
        return self._last - self.started


_BLOCK = bytes(range(256)) * 4096  # 1 MiB: fits a core's own cache


def calibrate(repetitions: int = 15) -> float:
    """Seconds of a fixed piece of one-core work, the least of several runs.

    The least is what the core can do now; two calibrations apart show whether its speed changed (clock frequency, a
    neighbour on the machine) and not merely that something interrupted it.
    """
    best = float("inf")
    for _ in range(repetitions):
        started = time.perf_counter()
        check = 0
        for _ in range(8):
            check = zlib.adler32(_BLOCK, check)
            check = zlib.crc32(_BLOCK, check)
        best = min(best, time.perf_counter() - started)
    return best
