"""What is measured of one way to train at several worker counts, and how sure that is: what laws are fitted to.

Blocks come in full or in part: a launch that does not count leaves a gap. So the rates are read as log rate = level of
the worker count + level of the block + noise (scripts/scaling/comparing/two_way.py); what drifts from block to block is
in no law. What is left is pure error: no law can explain it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from statistics import fmean

import numpy as np

from scripts.scaling.comparing import two_way
from scripts.scaling.comparing.two_way import Difference, Rates
from scripts.scaling.laws.laws import Axis, Floats, Law

LEAST_VARIANCE = 1e-18  # of a log rate: clocks that tell no more say nothing of noise


@dataclass(frozen=True)
class Levels:
    """The two-way fit of a curve."""

    logs: Floats  # (k,) log images/s of each worker count in the mean block
    information: Floats  # (k, k) inverse of the covariance of `logs`, but for what they share
    weights: Floats  # (k, k) the same with what they share, which is free, as sure as each of them: positive definite
    variances: Floats  # (k,) of a launch's log rate about both levels, its pure error
    freedom: float  # degrees of freedom of these


@dataclass(frozen=True)
class Curve:
    """What is measured of one way to train at several worker counts."""

    rates: Rates[int]  # worker count -> block -> images/s
    global_batch: Mapping[int, int]  # worker count -> images of a step
    gradient_bytes: float | None = None
    nodes: Mapping[int, int] = field(default_factory=dict)  # worker count -> nodes; one where it is not known
    node_holds: int | None = None  # workers at most; None: not known

    @property
    def workers(self) -> list[int]:
        return sorted(self.rates)

    @property
    def blocks(self) -> list[int]:
        """Numbers of all blocks that have a launch."""
        return sorted({block for mine in self.rates.values() for block in mine})

    def nodes_at(self, workers: int) -> int:
        """Over how many nodes so many workers are spread, as far as is known."""
        filled = -(-workers // self.node_holds) if self.node_holds else 1
        return self.nodes.get(workers, max(filled, 1))

    @property
    def most_nodes(self) -> int:
        """That any count was measured on."""
        return max(map(self.nodes_at, self.workers))

    def axis(self, workers: Sequence[int]) -> Axis:
        """Worker counts with what a step is there; beyond those measured it grows as between them."""
        least, most = self.workers[0], self.workers[-1]
        growth = 0 if self.global_batch[most] == self.global_batch[least] else self.global_batch[least] / least
        batches = [self.global_batch.get(n, self.global_batch[least] + growth * (n - least)) for n in workers]
        nodes = np.array([self.nodes_at(n) for n in workers], float)
        return Axis(np.array(workers, float), np.array(batches, float), self.gradient_bytes, nodes)

    def only(self, workers: Sequence[int]) -> "Curve":
        """The curve of some of its worker counts."""
        return replace(self, rates={n: self.rates[n] for n in workers})

    @cached_property
    def left_out(self) -> list[Levels]:
        """The levels without each block, where they stay comparable; nothing where they do not."""
        found = []
        for block in self.blocks:
            rates = {n: {b: rate for b, rate in mine.items() if b != block} for n, mine in self.rates.items()}
            levels = replace(self, rates=rates).levels if all(rates.values()) else None
            if levels is None:
                return []
            found.append(levels)
        return found

    @property
    def known(self) -> Levels:
        """The levels of a curve that can be compared."""
        assert self.levels is not None, "only curves that can be compared are fitted"
        return self.levels

    def gain(self, workers: int) -> Difference:
        """Log of the measured rate over that at the least count."""
        return self._two_way.difference(workers, self.workers[0])

    def fit(self, law: Law, bounded: bool = True, levels: Levels | None = None) -> Floats:
        """Coefficients of a law: least squares on its relative errors, from all launches or from other `levels`."""
        some = levels or self.known
        return law.fit(self.axis(self.workers), np.exp(some.logs), some.weights, bounded)

    def log_speedup(self, law: Law, coefficients: Floats, workers: int) -> float:
        """Log of the rate at `workers` over that at the least count; infinite where coefficients make no sense."""
        low, high = law.rates(self.axis([self.workers[0], workers]), coefficients)
        return math.log(high / low) if low > 0 and high > 0 and math.isfinite(high) else math.inf

    @cached_property
    def levels(self) -> Levels | None:
        """Of each worker count; None where gaps leave some that no chain of shared blocks joins."""
        two = self._two_way
        if two.parts.any():
            return None
        level = dict(zip(two.points, two.levels.tolist(), strict=True))
        in_block: dict[int, list[float]] = {}
        for n, mine in self.rates.items():
            for block, rate in mine.items():
                in_block.setdefault(block, []).append(math.log(rate) - level[n])
        variances, freedoms = two.noise
        variances = np.maximum(np.nan_to_num(variances), LEAST_VARIANCE)
        from_mean = two.weights - two.weights.mean(axis=0)
        covariance = (from_mean * variances[two.point_of]) @ from_mean.T
        k = len(two.points)
        shared = np.trace(covariance) / (k * (k - 1))
        weights = np.linalg.inv(covariance + shared)
        return Levels(
            logs=two.levels + fmean(map(fmean, in_block.values())),
            information=weights - 1 / (shared * k**2),
            weights=weights,
            variances=variances,
            freedom=float(freedoms.min()),
        )

    @cached_property
    def _two_way(self) -> two_way.TwoWay[int]:
        return two_way.fit({n: self.rates[n] for n in self.workers})
