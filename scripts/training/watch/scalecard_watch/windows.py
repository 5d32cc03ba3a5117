"""The steady part of a training: what comes after its warm-up, in windows of equal numbers of steps.

A window is half a second of steps at first; when there are twenty, each two become one (batch means: neighbouring
steps resemble each other, long windows hardly). At their edges, and nowhere else, CUDA is waited for. Evaluations are
in no window.
"""

from __future__ import annotations

import math
from statistics import mean, median, stdev
from typing import Any

WINDOW_SECONDS = 0.5
MOST_WINDOWS = 20
FEWEST_WINDOWS = 5
SETTLING = 5  # last steps of the warm-up, which tell how many steps a window takes
# 97.5 % quantiles of Student's t with 4, 5, ... 18 degrees of freedom.
T_QUANTILES = (
    *(2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010),
    *(2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009),
)


class Windows:
    """What is known of the steady part, step by step.

    Args:
        warmup_steps: how many steps come before it.
        stop_after: `seconds`, `steps` of the steady part that are enough, and the `relative_width` (half of the 95 %
            interval over the mean) of the rate that is, too; each may be absent.
    """

    def __init__(self, warmup_steps: int, stop_after: dict[str, Any]) -> None:
        self.warmup_steps = warmup_steps
        self.seconds_enough: float | None = stop_after.get("seconds")
        self.steps_enough: int | None = stop_after.get("steps")
        self.width_enough: float | None = stop_after.get("relative_width")
        self.last_of_warmup = max(warmup_steps - 1, 0)
        self.settling: list[float] = []
        self.seconds = 0.0
        self.steps = 0
        self.size = 0
        self.windows: list[float] = []
        self.edges: list[int] = []
        self.open_steps = 0
        self.open_seconds = 0.0

    def is_edge(self, step: int) -> bool:
        """Whether the clock is to be read exactly at the end of this step (counted from 0), which comes next."""
        if self._nearly_enough():
            return True
        if step <= self.last_of_warmup:
            return step > self.last_of_warmup - SETTLING
        return self.open_steps + 1 == self.size

    def _nearly_enough(self) -> bool:
        """Whether the next step may be the last."""
        if self.steps_enough is not None and self.steps + 1 >= self.steps_enough:
            return True
        soon = self.seconds * (1 + 3 / max(self.steps, 1))  # three steps on
        return self.seconds_enough is not None and soon >= self.seconds_enough

    def add(self, step: int, seconds: float) -> None:
        """A step has ended that took `seconds` without evaluation."""
        if step >= self.warmup_steps:
            self.seconds += seconds
            self.steps += 1
        if step <= self.last_of_warmup:
            self.settling = [*self.settling, seconds][-SETTLING + 1 :]
            if step == self.last_of_warmup:
                self.size = max(1, math.ceil(WINDOW_SECONDS / max(median(self.settling), 1e-6)))
                self.edges.append(step)
            return
        self.open_steps += 1
        self.open_seconds += seconds
        if self.open_steps < self.size:
            return
        self.windows.append(self.open_seconds)
        self.edges.append(step)
        self.open_steps, self.open_seconds = 0, 0.0
        if len(self.windows) == MOST_WINDOWS:
            self.windows = [sum(self.windows[i : i + 2]) for i in range(0, MOST_WINDOWS, 2)]
            self.size *= 2

    def relative_width(self) -> float | None:
        """Half of the 95 % interval of the mean rate of the windows, over that mean; None with fewer than five."""
        count = len(self.windows)
        if count < FEWEST_WINDOWS:
            return None
        rates = [self.size / seconds for seconds in self.windows]
        return T_QUANTILES[count - FEWEST_WINDOWS] * stdev(rates) / math.sqrt(count) / mean(rates)

    def enough(self) -> bool:
        """Whether what `stop_after` asks for has been seen."""
        if self.seconds_enough is not None and self.seconds >= self.seconds_enough:
            return True
        if self.steps_enough is not None and self.steps >= self.steps_enough:
            return True
        if self.width_enough is None or self.open_steps:  # judged where a window has just ended
            return False
        width = self.relative_width()
        return width is not None and width <= self.width_enough
