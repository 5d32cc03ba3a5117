"""Where a training's time goes: at every moment into exactly one phase, so that the phases add up to the clock's.

- data: in a DataLoader: making its iterator (its processes are started then) and waiting for the next batch.
- forward_backward: from a batch in hand to the start of the optimizer's step; with gradient accumulation without the
  waits between; also what else a script does there (copies to the device, augmentation, clipping, unscaling). Where no
  DataLoader is seen it starts with the first backward, and the forward before it is `other`.
- optimizer: in optimizers' steps without closures they are given, and waiting for CUDA at the edge of a window.
- evaluation: from the start of an iteration without gradients (or of the model in evaluation mode) until it ends.
- other: from a step's end to the next batch asked for, and the end of an iteration: schedulers, logging, checkpoints.

On CUDA they are the host's, which runs ahead of the device: only sums between edges of windows are the device's too.
"""

from __future__ import annotations

from time import perf_counter

NAMES = ("data", "forward_backward", "optimizer", "evaluation", "other")
DATA, FORWARD_BACKWARD, OPTIMIZER, EVALUATION, OTHER = range(len(NAMES))


class Phases:
    """The phase that a process is in, and the seconds spent in each.

    Fields:
        now: the phase.
        since: when it was entered, or the clock last read.
        spent: seconds of each since the process began.
        taken: as many as belong to steps that have ended, or to the time before the first.
    """

    def __init__(self, began: float) -> None:
        self.now = OTHER
        self.since = began
        self.spent = [0.0] * len(NAMES)
        self.taken = self.spent.copy()

    def switch(self, phase: int) -> float:
        """Enter `phase`; the time, in seconds of perf_counter."""
        time = perf_counter()
        self.spent[self.now] += time - self.since
        self.since = time
        self.now = phase
        return time

    def take(self) -> list[float]:
        """The seconds of each phase since they were last taken, until the last switch."""
        before, self.taken = self.taken, self.spent.copy()
        return [after - earlier for after, earlier in zip(self.taken, before)]
