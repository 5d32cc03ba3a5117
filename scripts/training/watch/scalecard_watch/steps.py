"""The steps of a process, one row each, and when there are enough of them."""

from __future__ import annotations

import os
from collections import deque
from typing import Any

from .journal import Row
from .losses import StepLoss
from .phases import EVALUATION, OTHER, Phases
from .stopping import Enough, Stopping
from .windows import Windows

WARMUP_STEPS = 5
MOST_CAUGHT = 3  # then its process is ended


class Steps:
    """What has been counted.

    Fields:
        rows: steps that are not written yet.
        count: of all steps.
        startup: seconds from the start until a DataLoader is first iterated, or a first backward, step or probe.
        source: who tells the steps, `hooks` or `probe`; None before the first.
        stopped: `enough` once the launch is ended.
        caught: how many steps the script made after that, as it caught what ends it.
    """

    def __init__(self, phases: Phases, options: dict[str, Any], began: float) -> None:
        self.phases, self.options, self.began = phases, options, began
        self.startup: float | None = None
        self.source: str | None = None
        self.stopped: str | None = None
        self.caught = 0
        self.restarts = 0
        self.at_start = phases.taken
        self._clear()

    def _clear(self) -> None:
        stop_after = self.options.get("stop_after") or {}
        warmup_steps = stop_after.get("warmup_steps", self.options.get("warmup_steps", WARMUP_STEPS))
        self.windows = Windows(warmup_steps, stop_after)
        self.stopping = Stopping(self.windows) if stop_after else None
        self.rows: deque[tuple[Row, StepLoss]] = deque()
        self.count = self.images = self.skipped = 0
        self.last_end = self.began + (self.startup or 0.0)

    def begin(self) -> None:
        """The training begins, if it has not."""
        if self.startup is None:
            self.last_end = self.phases.switch(OTHER)
            self.startup = self.last_end - self.began
            self.phases.take()
            self.at_start = self.phases.taken

    def forget(self) -> None:
        """What was taken for steps was none: its time belongs to the first step that the probe tells."""
        self.phases.taken = self.at_start
        self.restarts += 1
        self._clear()

    def must_be_exact(self) -> bool:
        """Whether the device is to be waited for at the end of the step that ends now."""
        waits = self.stopping is not None and self.stopping.waits_for_device
        return waits or self.windows.is_edge(self.count)

    def end(self, source: str, images: int | None, loss: StepLoss, exact: bool) -> None:
        """A step has ended.

        Args:
            source: who says so.
            images: None where none is seen.
            loss: which may not be known yet.
            exact: the device has been waited for.

        Raises:
            Enough: it was the last, on every rank.
        """
        step, self.source = self.count, source
        end = self.phases.switch(OTHER)
        spent = self.phases.take()
        self.windows.add(step, end - self.last_end - spent[EVALUATION])
        self.rows.append(((end - self.began, images, spent), loss))
        self.last_end = end
        self.count += 1
        self.images += images or 0
        if self.stopping is not None and self.stopping.is_last(step):
            self.caught += self.stopped is not None
            self.stopped = "enough"
            if exact:
                self.windows.edges.append(step)
            if self.caught == MOST_CAUGHT:
                os._exit(0)  # which first writes what is left (record.py)
            raise Enough

    def seconds(self, phase: int) -> float:
        """Seconds spent in `phase` since the training began."""
        return self.phases.spent[phase] - self.at_start[phase]

    def facts(self) -> dict[str, Any]:
        width = self.windows.relative_width()
        return {
            "source": self.source,
            "steps": self.count,
            "images": self.images,
            "skipped_steps": self.skipped,
            "startup": self.startup,
            "tail": self.phases.since - self.last_end if self.count else 0.0,
            "warmup_steps": self.windows.warmup_steps,
            "steady": {"seconds": self.windows.seconds, "steps": self.windows.steps, "relative_width": width},
            "edges": self.windows.edges,
            "stopped": self.stopped,
            "caught": self.caught,
        }
