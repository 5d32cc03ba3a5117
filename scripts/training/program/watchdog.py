"""Ends a launch that makes no step: one that never begins, hangs between steps, or does not end behind its last."""

import json
import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from scripts.training.program.events import Printed

EVERY = 0.5  # seconds between two looks


class Watchdog:
    """While it is entered, looks at what ranks of this node write, and ends the launch where they make no step.

    Args:
        watched: folder of the ranks' reports.
        printed: what rank 0 prints, where its lines are counted.
        join_seconds: longest time to the first step.
        step_seconds: longest time without a step behind it.
    """

    def __init__(self, watched: Path, printed: Printed, join_seconds: float, step_seconds: float) -> None:
        self.watched, self.printed = watched, printed
        self.join_seconds, self.step_seconds = join_seconds, step_seconds
        self.ended = ""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self.printed.read()

    def _look(self) -> None:
        steps, since = 0, time.monotonic()
        while not self._over.wait(EVERY):
            self.printed.read()
            now = self._steps()
            if now > steps:
                steps, since = now, time.monotonic()
            waited = time.monotonic() - since
            if waited > (self.step_seconds if steps else self.join_seconds):
                after = f"no step, and no end, within {self.step_seconds:g} s of the last"
                self.ended = after if steps else f"no step within {self.join_seconds:g} s"
                os.kill(os.getpid(), signal.SIGTERM)  # torch's elastic agent hears it and ends its ranks
                return

    def _steps(self) -> int:
        """What all ranks of this node have come to, by their reports, and the lines that were counted."""
        found = len(self.printed.found)
        for report in self.watched.glob("rank-*.json"):
            with suppress(OSError, ValueError, KeyError):  # of a rank that writes it anew
                found += int(json.loads(report.read_text(encoding="utf-8"))["steps"])
        return found
