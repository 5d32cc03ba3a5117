"""Time: a stopwatch whose phases add up to the wall clock."""

import time
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
