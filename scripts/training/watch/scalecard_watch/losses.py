"""The loss of each step: read at once on the CPU, elsewhere when the device is waited for anyway."""

from __future__ import annotations

import sys
from time import perf_counter
from typing import Any

PENDING_SECONDS = 5.0
MOST_PENDING = 1000


class StepLoss:
    """The weighted mean of the scalars of one step, some of which may not be known yet."""

    __slots__ = ("pending", "total", "weight")

    def __init__(self) -> None:
        self.total = self.weight = 0.0
        self.pending: list[tuple[Any, float]] = []

    @property
    def value(self) -> float | None:
        return self.total / self.weight if self.weight else None

    def add(self, value: float, weight: float) -> None:
        self.total += value * weight
        self.weight += weight


class Losses:
    """Those of the step that goes on, and of earlier ones that are not known yet."""

    def __init__(self) -> None:
        self.step = StepLoss()
        self.unknown: list[StepLoss] = []
        self.last_weight = 1
        self.resolved_at = perf_counter()

    def add(self, loss: Any, images: int) -> None:
        """`backward` is called on `loss`, a tensor of one element, for a batch of `images`; 0 for one seen before."""
        self.last_weight = weight = images or self.last_weight
        if loss.device.type == "cpu":
            self.step.add(loss.item(), weight)
        else:
            self.step.pending.append((loss.detach().clone(), weight))

    def take(self) -> StepLoss:
        """The step has ended."""
        step, self.step = self.step, StepLoss()
        if step.pending:
            self.unknown.append(step)
        return step

    def overdue(self) -> bool:
        """Whether so many are unknown, or for so long, that the device must be waited for."""
        late = len(self.unknown) >= MOST_PENDING or perf_counter() - self.resolved_at >= PENDING_SECONDS
        return late and bool(self.unknown)

    def resolve(self) -> None:
        """Read what the device has computed, all at once; it waits for that."""
        self.resolved_at = perf_counter()
        unknown, self.unknown = self.unknown, []
        pending = [value.float().reshape(()) for step in unknown for value, _ in step.pending]
        if not pending:
            return
        values = iter(sys.modules["torch"].stack(pending).tolist())
        for step in unknown:
            for _, weight in step.pending:
                step.add(next(values), weight)
            step.pending = []
