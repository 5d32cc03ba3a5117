"""Ending a launch when enough has been seen: after the same step on every rank, so that none waits for another.

Rank 0 decides. It asks in the store of torch.distributed; the others look there now and then, and once asked wait for
their device and look at every step. When all have answered, rank 0 names a step that none has passed: ranks whose
gradients are reduced together are within a step of each other. Ranks without a process group decide for themselves.
"""

from __future__ import annotations

import sys
from time import perf_counter
from typing import Any

from .windows import Windows

LOOK_EVERY_STEPS = 32
LOOK_EVERY_SECONDS = 0.05
AHEAD = 2  # steps, of rank 0's announcement
ANSWER_SECONDS = 10.0  # a rank that makes no steps does not answer
ASKED, ANSWERS, LAST = "scalecard/asked", "scalecard/answers", "scalecard/last"


class Enough(SystemExit):
    """Raised in the script when enough has been seen; it ends as if the script had called sys.exit()."""

    def __init__(self) -> None:
        super().__init__(0)


class Store:
    """Counters that all ranks see: the store of the process group."""

    def __init__(self) -> None:
        distributed = sys.modules["torch.distributed"]
        self.rank: int = distributed.get_rank()
        self.world_size: int = distributed.get_world_size()
        store: Any = sys.modules["torch.distributed.distributed_c10d"]._get_default_store()
        try:
            self.store = store.clone()  # a connection of its own, where this torch and this store have it
        except Exception:
            self.store = store

    def add(self, name: str, amount: int = 0) -> int:
        return int(self.store.add(name, amount))


def process_group() -> bool:
    """Whether the script has made a process group of several ranks."""
    distributed = sys.modules.get("torch.distributed")
    return bool(
        distributed and distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1
    )


class Stopping:
    """When this rank is to stop.

    Fields:
        last: the step that is the last, counted from 0; None until it is known.
    """

    def __init__(self, windows: Windows) -> None:
        self.windows = windows
        self.last: int | None = None
        self.store: Store | None = None
        self.asked_at: float | None = None
        self.answered = False
        self.looked_at = 0.0
        self.looked_step = 0

    @property
    def waits_for_device(self) -> bool:
        """Whether each step must have been computed at its end, as the hosts of ranks may run ahead of each other."""
        return self.asked_at is not None

    def is_last(self, step: int) -> bool:
        """Whether the launch ends with `step`, which has just ended."""
        if self.last is None:
            self.last = self._agree(step)
        return self.last is not None and step >= self.last

    def _agree(self, step: int) -> int | None:
        if self.store is None:
            if not process_group():
                return step if self.windows.enough() else None
            self.store = Store()
        return self._lead(step) if self.store.rank == 0 else self._follow(step)

    def _lead(self, step: int) -> int | None:
        store = self.store
        assert store is not None
        if self.asked_at is None:
            if self.windows.enough():
                store.add(ASKED, 1)
                self.asked_at = perf_counter()
            return None
        late = perf_counter() - self.asked_at > ANSWER_SECONDS
        if store.add(ANSWERS) < store.world_size - 1 and not late:
            return None
        last = step + AHEAD
        store.add(LAST, last + 1)  # a counter is 0 before
        return last

    def _follow(self, step: int) -> int | None:
        store = self.store
        assert store is not None
        if self.asked_at is None:
            now = perf_counter()
            if step - self.looked_step >= LOOK_EVERY_STEPS or now - self.looked_at >= LOOK_EVERY_SECONDS:
                self.looked_at, self.looked_step = now, step
                if store.add(ASKED):
                    self.asked_at = now
            return None
        if not self.answered:  # a step after the question: the device has been waited for
            self.answered = True
            store.add(ANSWERS, 1)
        last = store.add(LAST)
        return last - 1 if last else None
