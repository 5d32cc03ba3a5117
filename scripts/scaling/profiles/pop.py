"""The efficiencies of a training step as the POP Centre of Excellence defines them.

Whole = product of its parts: global = parallel x computation scalability; parallel = load balance x communication;
communication = serialisation x transfer; hybrid parallel = parallel x thread.

Sources: POP, "List of Metrics" (co-design.pop-coe.eu/metrics/index.html), standard and multiplicative hybrid metrics,
and "POP Standard Metrics for Performance Analysis of Hybrid Parallel Applications" (pop-coe.eu), also for the line at
0.8; Wagner, Mohr, Gimenez and Labarta, "A Structured Approach to Performance Analysis", Tools for High Performance
Computing 2017, Springer 2019.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scripts.training.loop.step_profile import COMPUTING, StepProfile

LINE = 0.8  # POP calls what is above acceptable, and looks closer at what is below


@dataclass(frozen=True)
class Timeline:
    """What the steps of a point are made of. NaN is what cannot be told, and so is all that follows from it."""

    useful: NDArray[np.float64]  # (ranks, steps), seconds outside of the exchange between ranks
    step_seconds: float  # slowest rank
    meets_once: bool  # whether ranks wait for each other at the end of a step alone
    thread_efficiency: float  # of a rank's forward and backward, alone
    cores: int  # of all ranks
    images: int  # of a step

    @classmethod
    def of(cls, one: StepProfile, images: int) -> "Timeline":
        """As profiled. What a rank takes in and what its optimizer takes are outside of the exchange."""
        own = np.array([[sum(v for k, v in phases.items() if k not in COMPUTING)] for phases in one.rank_phases])
        if one.workers == 1:  # nobody to wait for
            useful = np.array([[one.step_seconds]])
        elif one.unreduced_steps is not None:
            useful = own + np.array(one.unreduced_steps)
        elif one.stage_seconds is not None:
            useful = own + np.array(one.stage_seconds)[:, None]
        else:
            useful = np.full_like(own, math.nan)
        threads = 1.0 if one.threads == 1 else math.nan
        if one.threads > 1 and one.alone_seconds and one.alone_one_thread_seconds:
            threads = one.alone_one_thread_seconds / (one.threads * one.alone_seconds)
        meets_once = one.workers == 1 or one.unreduced_steps is not None
        return cls(useful, one.step_seconds, meets_once, threads, one.cores, images)

    @property
    def mean(self) -> float:
        """Seconds that a rank computes in a step, mean of ranks."""
        return float(np.median(self.useful, axis=1).mean())

    @property
    def longest(self) -> float:
        """Seconds that the rank computes in a step that computes longest."""
        return float(np.median(self.useful, axis=1).max())

    @property
    def ideal(self) -> float:
        """Seconds of a step on an ideal network: as many as the rank needs that is the slowest of this very step."""
        return float(np.median(self.useful.max(axis=0))) if self.meets_once else math.nan

    @property
    def computation(self) -> float:
        """Core-seconds of computation for an image."""
        return self.cores * self.mean / self.images


# By column of PopRow, of a point and its baseline. Each by its own definition: that products hold is no definition.
EFFICIENCIES: dict[str, Callable[[Timeline, Timeline], float]] = {
    "global_efficiency": lambda one, base: base.computation / (one.cores * one.step_seconds / one.images),
    "parallel_efficiency": lambda one, _: one.mean / one.step_seconds,
    "load_balance": lambda one, _: one.mean / one.longest,
    "communication_efficiency": lambda one, _: one.longest / one.step_seconds,
    "serialisation": lambda one, _: one.longest / one.ideal,
    "transfer": lambda one, _: one.ideal / one.step_seconds,
    "computation_scalability": lambda one, base: base.computation / one.computation,
    "thread_efficiency": lambda one, _: one.thread_efficiency,
    "hybrid_parallel_efficiency": lambda one, _: one.thread_efficiency * one.mean / one.step_seconds,
}
# Why one is missing; those that it is made of, or that are made of it, are missing for the same reason.
UNTOLD = {
    "global_efficiency": "the baseline's own computation cannot be told from its exchange",
    "parallel_efficiency": "the exchange stands inside forward and backward, and no step goes without it",
    "serialisation": "ranks wait for each other inside a step, and no step was run on an ideal network",
    "thread_efficiency": "no rank was timed alone on one thread",
}


def efficiencies(one: Timeline, base: Timeline) -> dict[str, float]:
    """All of them, in order of the table; NaN where one cannot be told."""
    return {name: of(one, base) for name, of in EFFICIENCIES.items()}


def spoken(name: str) -> str:
    """An efficiency's column in words."""
    return name.replace("_", " ")
