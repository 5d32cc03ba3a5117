"""Trainings on the nodes of a cluster: who holds which cores and GPUs, and when. `place` makes a list schedule."""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Objective = Literal["makespan", "cost", "total_completion"]


@dataclass(frozen=True)
class Option:
    """One way to run a training."""

    point: str
    workers: int
    cores_per_worker: int
    gpus_per_worker: int
    seconds: float
    cost: float

    @property
    def cores(self) -> int:
        return self.workers * self.cores_per_worker

    @property
    def gpus(self) -> int:
        return self.workers * self.gpus_per_worker


@dataclass(frozen=True)
class Pool:
    """The cluster."""

    nodes: int
    cores_per_node: int
    gpus_per_node: int

    def holds(self, option: Option) -> bool:
        """Whether it can run at all."""
        return self.room([(self.cores_per_node, self.gpus_per_node)] * self.nodes, option) is not None

    @staticmethod
    def room(free: Sequence[tuple[int, int]], option: Option) -> list[int] | None:
        """Workers on each node with these free cores and GPUs, on as few nodes as possible; None: no room."""
        left, found = option.workers, [0] * len(free)
        fits = [cores // option.cores_per_worker for cores, _ in free]
        if option.gpus_per_worker:
            fits = [min(fit, gpus // option.gpus_per_worker) for fit, (_, gpus) in zip(fits, free, strict=True)]
        for node in sorted(range(len(free)), key=lambda node: -fits[node]):
            found[node] = min(left, fits[node])
            left -= found[node]
        return None if left else found


@dataclass(frozen=True)
class Placed:
    """A training of the plan."""

    job: str
    option: Option
    start: float  # seconds
    workers_on: tuple[int, ...]  # of each node

    @property
    def end(self) -> float:
        return self.start + self.option.seconds


@dataclass(frozen=True)
class Schedule:
    """A plan that can be run."""

    placed: tuple[Placed, ...]

    @property
    def makespan(self) -> float:
        return max(one.end for one in self.placed)

    @property
    def cost(self) -> float:
        return math.fsum(one.option.cost for one in self.placed)

    @property
    def total_completion(self) -> float:
        return math.fsum(one.end for one in self.placed)

    def value(self, objective: Objective) -> float:
        return float(getattr(self, objective))


class _Timeline:
    """Free cores and GPUs of each node from each moment at which they change on: int arrays (nodes, 2)."""

    def __init__(self, pool: Pool) -> None:
        self.moments = [0.0]
        self._free: list[NDArray[np.int64]] = [np.tile([pool.cores_per_node, pool.gpus_per_node], (pool.nodes, 1))]

    def least_free(self, start: float, end: float) -> NDArray[np.int64]:
        """Of each node between two times; `start` is one of the moments."""
        during = np.array(self._free[bisect_left(self.moments, start) : bisect_left(self.moments, end)])
        least: NDArray[np.int64] = during.min(axis=0)
        return least

    def hold(self, start: float, end: float, held: NDArray[np.int64]) -> None:
        """Take (nodes, 2) cores and GPUs between two times."""
        first, last = self._split(start), self._split(end)
        for i in range(first, last):
            self._free[i] = self._free[i] - held

    def _split(self, at: float) -> int:
        i = bisect_left(self.moments, at)
        if i == len(self.moments) or self.moments[i] != at:
            self.moments.insert(i, at)
            self._free.insert(i, self._free[i - 1])
        return i


def place(trainings: Iterable[tuple[str, Option]], pool: Pool) -> Schedule:
    """Each training in turn, as early as its workers find room; all must be able to run."""
    timeline = _Timeline(pool)
    placed: list[Placed] = []
    for job, option in trainings:
        for start in timeline.moments:
            free = timeline.least_free(start, start + option.seconds)
            where = pool.room([(int(cores), int(gpus)) for cores, gpus in free], option)
            if where is not None:
                held = np.outer(where, [option.cores_per_worker, option.gpus_per_worker])
                timeline.hold(start, start + option.seconds, held)
                placed.append(Placed(job, option, start, tuple(where)))
                break
    return Schedule(tuple(sorted(placed, key=lambda one: (one.start, one.job))))
