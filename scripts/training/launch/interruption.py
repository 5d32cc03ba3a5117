"""When a run saves itself, and when it saves and leaves: after the same step on every rank.

SIGTERM is how a cluster says that the time limit is near or that the job is preempted. Ranks hear it at different
moments, and one that left alone would leave the others waiting. The first to hear it, at the end of step s, therefore
tells all to leave after step s + 1. No rank can be further: step s + 1 cannot be averaged without the one that has
just told. What it costs is two looks into the ranks' store a step.
"""

import signal
import time
from typing import Any, Literal

from scripts.cli import log
from scripts.training.launch.ranks import Ranks

# sysexits.h: a failure that may pass. Snakemake runs the job again (`retries` of the profile); so does a person.
EXIT_RETRY = 75


class Interruption:
    """Args: `every` - least seconds between two checkpoints; None for none by the clock."""

    heard = False  # whether SIGTERM has come to this process

    def __init__(self, ranks: Ranks, every: float | None) -> None:
        self.ranks = ranks
        self.every = every
        self.saved = 0
        self.last = time.monotonic()
        self.warned = False
        signal.signal(signal.SIGTERM, self._hear)

    def _hear(self, *_: Any) -> None:
        self.warned = Interruption.heard = True

    def after(self, step: int) -> Literal["go on", "save", "leave"]:
        """What all ranks do at the end of `step` (steps count from 1 over the whole training)."""
        if self._agreed("leave", step, wanted=self.warned):
            log.info("rank %d: SIGTERM heard; saving after step %d and leaving", self.ranks.rank, step)
            return "leave"
        due = self.every is not None and self.ranks.rank == 0 and time.monotonic() - self.last >= self.every
        if self._agreed(f"save {self.saved}", step, wanted=due):
            self.saved += 1
            self.last = time.monotonic()
            return "save"
        return "go on"

    def _agreed(self, name: str, step: int, wanted: bool) -> bool:
        if not self.ranks.parallel:
            return wanted
        if wanted:
            self.ranks.tell(name, str(step + 1))
        told = self.ranks.told(name)
        return told is not None and step >= int(told)
